"""What staff do on the pages, by program: members, claims, homes, rosters, roles, plugins."""

import io
from typing import Any

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.claims.service import submit_claim
from portal.extensions import db
from portal.files.pictures import Picture
from portal.jobs.models import JobRow
from portal.permissions.models import RoleGrant
from portal.projects.models import Project
from tests import factories

HEADER = "楼栋,房号,业主姓名,手机\n"


@pytest.fixture
def project(app: Any) -> Project:
    """The project."""
    return factories.make_project()


def actions() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


def test_members_are_found_seen_registered_and_corrected(call: Any, project: Project) -> None:
    staff = call(factories.make_staff("manager", project))
    at = f"/p/{project.slug}/staff/members"
    wish = {"phone": "13900000001", "name": "周玉", "adult": True}
    made = staff("POST", at, wish)
    assert made.status_code == 201, made.json
    assert made.json["phone"] == "139****0001"
    assert staff("POST", at, wish).status_code == 409
    assert staff("POST", at, {**wish, "phone": "12"}).json["errors"].keys() == {"phone"}
    member = f"{at}/{made.json['id']}"
    found = staff("GET", f"{at}?q=0001").json["items"]
    assert [each["name"] for each in found] == ["周玉"]
    renamed = staff("PATCH", member, {"name": "周郁", "reason": "as in the deed"})
    assert (renamed.json["name"], staff("PATCH", member, {"name": "周"}).status_code) == (
        "周郁",
        422,
    )
    assert staff("POST", f"{member}/phone", {"reason": "call back"}).json == {
        "phone": "+8613900000001"
    }
    other = factories.make_member(name="吴")
    phone = db.session.get_one(Account, other.account_id).phone
    assert staff("POST", f"{at}/add", {"phone": phone}).json["id"] == other.public_id
    assert staff("POST", f"{at}/add", {"phone": "13900000009"}).status_code == 404
    assert {"members.searched", "member.phone_shown", "member.corrected"} <= set(actions())


def test_claims_are_listed_and_decided(call: Any, project: Project) -> None:
    staff = call(factories.make_staff("manager", project))
    member = factories.make_member(name="林晓芸")
    account = db.session.get_one(Account, member.account_id)
    unit = factories.make_unit(project, building="2", number="1502")
    submit_claim(
        actor=account, member=member, project=project, building="2", entrance="", number="1502",
        role="owner", name="林晓芸", pictures=[Picture(b"x", 1, 1, "deed")],
    )  # fmt: skip
    db.session.commit()
    at = f"/p/{project.slug}/staff/claims"
    (queued,) = staff("GET", at).json["items"]
    shown = staff("GET", f"{at}/{queued['id']}").json
    assert (shown["unit_id"], shown["member_name"]) == (unit.public_id, "林晓芸")
    decide = f"{at}/{queued['id']}/decision"
    bad = staff("POST", decide, {"decision": "approve", "reason": "not_entitled"})
    assert bad.status_code == 422, bad.json
    done = staff("POST", decide, {"decision": "approve", "reason": "proof_good"})
    assert (done.status_code, done.json["state"]) == (200, "approved")
    late = staff("POST", decide, {"decision": "refuse", "reason": "not_entitled"})
    assert (late.status_code, late.json["state"]) == (409, "approved")
    assert [home["role"] for home in call(member)("GET", "/me/homes").json["items"]] == ["owner"]


def test_homes_are_added_and_people_put_right(call: Any, project: Project) -> None:
    staff = call(factories.make_staff("manager", project))
    at = f"/p/{project.slug}/staff/homes"
    wish = {"building": "3", "number": "0801", "area": "89.50", "handover_on": "2023-06-18"}
    made = staff("POST", at, wish)
    assert (made.status_code, made.json["area"]) == (201, 8950)
    assert staff("POST", at, wish).json["errors"].keys() == {"number"}
    assert staff("POST", at, {**wish, "area": "NaN"}).status_code == 422
    owner = factories.make_owner(project, name="林晓芸")
    (home,) = staff("GET", f"{at}?q=林晓芸").json["items"]
    (person,) = staff("GET", f"{at}/{home['id']}").json["people"]
    one = f"{at}/{home['id']}/people/{person['id']}"
    changed = staff("PATCH", one, {"role": "co_owner", "note": "as in the deed"})
    assert changed.json["people"][0]["role"] == "co_owner"
    ending = {
        "reason": "sale",
        "on": f"{clock.business_date(project.time_zone)}",
        "note": "contract seen",
    }
    assert staff("POST", f"{one}/end", {**ending, "reason": "moved_out"}).status_code == 422
    ended = staff("POST", f"{one}/end", ending)
    assert (ended.json["people"], ended.json["past"][0]["end_reason"]) == ([], "sale")
    assert call(owner)("GET", "/me/homes").json["items"] == []


def test_a_roster_is_looked_at_begun_and_cancelled(call: Any, project: Project) -> None:
    staff = call(factories.make_staff("manager", project))
    at = f"/p/{project.slug}/staff/roster"
    rows = HEADER + "2,1502,林晓芸,13900000001\n2,1503,陈立,12\n"

    def send(data: bytes, **form: str) -> Any:
        return staff(
            "POST",
            at,
            data={"file": (io.BytesIO(data), "roster.csv"), **form},
            content_type="multipart/form-data",
        )

    assert send(b"").json["errors"].keys() == {"file"}
    assert staff("POST", at, data={}, content_type="multipart/form-data").status_code == 422
    made = send(rows.encode(), makes_homes="true")
    assert made.status_code == 201, made.json
    one = f"{at}/{made.json['id']}"
    assert made.json["counts"]["refused"] == 1
    assert [fault["code"] for fault in staff("GET", f"{one}/faults").json["items"]] == ["bad_phone"]
    columns = {"mapping": {"building": "楼栋", "number": "房号", "name": "业主姓名"}}
    assert staff("PUT", f"{one}/columns", columns).json["missing"] == ["phone"]
    twice = {"mapping": {"building": "楼栋", "number": "楼栋"}}
    assert staff("PUT", f"{one}/columns", twice).status_code == 422
    assert staff("POST", f"{one}/start").status_code == 422
    columns["mapping"]["phone"] = "手机"
    assert staff("PUT", f"{one}/columns", columns).json["missing"] == []
    assert staff("POST", f"{one}/start").json["state"] == "running"
    moved = staff("POST", f"{one}/cancel")
    assert (moved.status_code, moved.json["state"]) == (409, "running")
    assert db.session.scalars(sa.select(JobRow.kind)).all() == ["roster.import"]
    assert [each["id"] for each in staff("GET", at).json["items"]] == [made.json["id"]]


def test_roles_tokens_and_the_trail(call: Any, project: Project) -> None:
    admin = call(factories.make_staff("administrator"))
    account = factories.make_account(email="wu@example.test")
    given = {"who": "wu@example.test", "role": "staff", "project": project.slug}
    made = admin("POST", "/centre/roles", given)
    assert made.status_code == 201, made.json
    assert admin("POST", "/centre/roles", given).json["type"] == "urn:portal:problem:held"
    assert len(admin("GET", f"/p/{project.slug}/staff/roles").json["items"]) == 1
    assert call(account)("GET", f"/p/{project.slug}/staff/members").status_code == 200
    assert admin("DELETE", f"/centre/roles/{made.json['id']}").status_code == 204
    assert call(account)("GET", f"/p/{project.slug}/staff/members").status_code == 403
    wish = {"name": "Kiosk", "scopes": ["members.view"], "project": project.slug}
    token = admin("POST", "/centre/tokens", wish)
    assert token.status_code == 201, token.json
    kiosk = call(token=token.json["token"])
    assert kiosk("GET", f"/p/{project.slug}/staff/members").status_code == 200
    trail = admin("GET", "/centre/audit?action=token.issued").json["items"]
    assert [entry["subject_id"] for entry in trail] == [token.json["id"]]
    assert admin("DELETE", f"/centre/tokens/{token.json['id']}").status_code == 204
    assert kiosk("GET", f"/p/{project.slug}/staff/members").status_code == 401
    assert admin("GET", "/centre/plugins").json.keys() == {"items", "quarantined"}
    assert (
        admin("PUT", f"/centre/plugins/none/projects/{project.slug}", {"on": True}).status_code
        == 404
    )


def test_nobody_gives_a_token_what_they_lack(call: Any, project: Project) -> None:
    account = factories.make_account()
    factories.add(RoleGrant(account_id=account.id, role="manager", project_id=None))
    from portal.tokens.service import TokenError, issue_service_token

    for scopes, code in (
        (["roles.edit"], "beyond_own"),
        ([], "no_scope"),
        (["x"], "unknown_scope"),
    ):
        with pytest.raises(TokenError) as caught:
            issue_service_token(actor=account, name="x", scopes=scopes, project_id=None)
        assert caught.value.code == code


def test_what_a_service_does_stands_under_its_name(call: Any, project: Project) -> None:
    kiosk = call(token=factories.make_service_token("members.edit", project=project))
    wish = {"phone": "13900000001", "name": "周玉", "adult": True}
    assert kiosk("POST", f"/p/{project.slug}/staff/members", wish).status_code == 201
    joined = sa.select(Account.display_name).join(AuditEntry, AuditEntry.actor_id == Account.id)
    assert db.session.scalars(joined.where(AuditEntry.action == "member.joined")).one() == "Kiosk"


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/me", 8),
        ("/me/homes", 8),
        ("/me/household", 8),
        ("/projects", 8),
        ("/p/binjiang/home", 8),
        ("/p/binjiang/staff/members", 8),
        ("/p/binjiang/staff/claims", 8),
        ("/p/binjiang/staff/homes", 8),
        ("/centre/audit", 8),
    ],
)
def test_lists_take_few_statements(
    call: Any, project: Project, query_count: Any, path: str, most: int
) -> None:
    account = factories.make_staff("administrator")
    member = factories.make_member(account=account)
    factories.make_ownership(member, factories.make_unit(project))
    for _ in range(4):
        factories.make_owner(project)
    caller = call(account)
    with query_count() as sent:
        assert caller("GET", path).status_code == 200
    assert len(sent) <= most, sent.texts
