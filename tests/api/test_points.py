"""Points by program: one's own, the staff's, and those of services."""

from typing import Any

import pytest
import sqlalchemy as sa

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import Household
from portal.points.kinds import NEVER
from portal.points.terms import Why
from portal.projects.models import Project
from portal.tokens.service import issue_service_token
from tests import factories
from tests.points.helpers import damage, earn, figures, hold, spend
from tests.points.test_household import SOON, together


@pytest.fixture
def project(app: Any) -> Project:
    """The project."""
    return factories.make_project()


def service_token(project: Project | None, *scopes: str) -> str:
    """Make the token of a service."""
    _row, token = issue_service_token(
        actor=None, name="Shop", scopes=scopes, project_id=project.id if project else None
    )
    db.session.commit()
    return token


def test_an_owner_reads_figures_lines_and_months(call: Any) -> None:
    member = factories.make_member()
    assert call(member)("GET", "/me/points").json == {"items": []}
    first = earn(member, 5_500, why=Why("survey.answered", "s-1", rule="3.2", rule_version=4))
    spent = spend(member, 1_500)
    hold(member, 1_000)
    me = call(member)
    (found,) = me("GET", "/me/points").json["items"]
    assert (found["available"], found["held"], found["owed"]) == (3_000, 1_000, 0)
    lines = me("GET", "/me/points/lines").json
    assert [line["available"] for line in lines["items"]] == [-1_000, -1_500, 5_500]
    assert [line["available_after"] for line in lines["items"]] == [3_000, 4_000, 5_500]
    assert lines["items"][2]["rule_version"] == 4
    used = me("GET", "/me/points/lines?show=used&limit=1").json["items"]
    assert [line["id"] for line in used] == [spent.public_id]
    detail = me("GET", f"/me/points/lines/{spent.public_id}").json
    assert [each["opened_by"] for each in detail["used"]] == [first.public_id]
    (lot,) = me("GET", f"/me/points/lines/{first.public_id}").json["opened"]
    assert lot["original"] + sum(use["change"] for use in lot["uses"]) == lot["remaining"]
    month = lines["items"][0]["booked_on"][:7]
    stated = me("GET", f"/me/points/months/{month}").json
    assert (stated["opening"], stated["gained"], stated["used"]) == (0, 5_500, 1_500)
    assert (stated["closing"], stated["is_open"], stated["is_sealed"]) == (4_000, True, False)
    for bad in ("2001-01", "x", "2026-99"):
        assert me("GET", f"/me/points/months/{bad}").status_code == 404
    assert me("GET", "/me/points/lines?month=2026-99").status_code == 422
    assert me("GET", "/me/points/lines?currency=gold").status_code == 422


def test_points_are_given_once_for_a_key(call: Any) -> None:
    household = factories.add(Household())
    giver, receiver = (factories.make_member(household=household) for _ in range(2))
    earn(giver, 5_000, expires_on=NEVER)
    me, wish = call(giver), {"receiver": receiver.public_id, "amount": 1_500}
    answers = [
        me("POST", "/me/points/transfers", wish, headers={"Idempotency-Key": "k" * 22})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json["id"] == answers[1].json["id"]
    assert (figures(giver)[0], figures(receiver)[0]) == (3_500, 1_500)
    refused = me("POST", "/me/points/transfers", {**wish, "amount": 9_000})
    assert (refused.status_code, refused.json["type"]) == (422, "urn:portal:problem:not_enough")
    stranger = factories.make_member()
    refused = me("POST", "/me/points/transfers", {**wish, "receiver": stranger.public_id})
    assert refused.json["errors"].keys() == {"receiver"}
    for amount in (0, -1, 1.5, "1", 10**13):
        assert me("POST", "/me/points/transfers", {**wish, "amount": amount}).status_code == 422
    assert damage() == []


def test_staff_read_adjust_and_take_back(call: Any, project: Project) -> None:
    member = factories.make_owner(project)
    staff = call(factories.make_staff("manager", project))
    at = f"/p/{project.slug}/staff/members/{member.public_id}/points"
    wish = {"kind": "award", "amount": 2_000, "reason": "Helped at the fair"}
    made = staff("POST", f"{at}/adjustments", wish)
    assert made.status_code == 201, made.json
    assert made.json["proposal"] is None
    line = made.json["line"]
    assert "Helped at the fair" in " ".join(line["reasons"])
    assert staff("GET", at).json["items"][0]["available"] == 2_000
    assert [each["id"] for each in staff("GET", f"{at}/lines").json["items"]] == [line["id"]]
    back = staff("POST", f"{at}/lines/{line['id']}/reversal", {"reason": "Twice"})
    assert (back.status_code, back.json["line"]["takes_back"]) == (201, line["id"])
    again = staff("POST", f"{at}/lines/{line['id']}/reversal", {"reason": "Twice"})
    assert again.json["type"] == "urn:portal:problem:reversed_already"
    assert staff("POST", f"{at}/adjustments", {**wish, "reason": ""}).status_code == 422
    other = factories.make_member()
    elsewhere = f"/p/{project.slug}/staff/members/{other.public_id}/points"
    assert staff("GET", elsewhere).status_code == 404
    assert call(member)("GET", at).status_code == 403


def test_much_at_once_waits_for_a_second_person(call: Any, project: Project) -> None:
    member = factories.make_owner(project)
    maker, other = (call(factories.make_staff("manager", project)) for _ in range(2))
    at = f"/p/{project.slug}/staff/members/{member.public_id}/points/adjustments"
    queue = f"/p/{project.slug}/staff/points/proposals"
    wish = {"kind": "award", "amount": 900_000, "reason": "A year as building leader"}
    first, second = (maker("POST", at, wish).json["proposal"] for _ in range(2))
    assert (first["state"], figures(member)[0]) == ("proposed", 0)
    assert {each["id"] for each in other("GET", queue).json["items"]} == {
        first["id"], second["id"],
    }  # fmt: skip
    yes, no = {"decision": "approve"}, {"decision": "refuse"}
    own = maker("POST", f"{queue}/{first['id']}/decision", yes)
    assert (own.status_code, own.json["type"]) == (409, "urn:portal:problem:own_proposal")
    done = other("POST", f"{queue}/{first['id']}/decision", yes)
    assert (done.status_code, done.json["state"]) == (200, "approved")
    again = other("POST", f"{queue}/{first['id']}/decision", yes)
    assert (again.status_code, again.json["state"]) == (409, "approved")
    wordless = other("POST", f"{queue}/{second['id']}/decision", no)
    assert (wordless.status_code, wordless.json["errors"].keys()) == (422, {"note"})
    refused = other("POST", f"{queue}/{second['id']}/decision", {**no, "note": "Once is enough"})
    assert refused.json["state"] == "refused"
    assert figures(member)[0] == 900_000
    assert [each["id"] for each in other("GET", f"{queue}?state=refused").json["items"]] == [
        second["id"]
    ]


def test_a_large_line_is_taken_back_by_two(call: Any, project: Project) -> None:
    member = factories.make_owner(project)
    earned = earn(member, 900_000, why=Why("test", project_id=project.id))
    first, second = (call(factories.make_staff("manager", project)) for _ in range(2))
    base = f"/p/{project.slug}/staff"
    at = f"{base}/members/{member.public_id}/points/lines/{earned.public_id}/reversal"
    made = first("POST", at, {"reason": "Counted twice"})
    assert (made.status_code, made.json["line"]) == (201, None)
    proposal = made.json["proposal"]
    assert (proposal["kind"], proposal["amount"]) == ("deduct", 900_000)
    assert (proposal["takes_back"], figures(member)[0]) == (earned.public_id, 900_000)
    again = first("POST", at, {"reason": "Counted twice"})
    assert again.json["type"] == "urn:portal:problem:proposed_already"
    decision = f"{base}/points/proposals/{proposal['id']}/decision"
    assert first("POST", decision, {"decision": "approve"}).status_code == 409
    done = second("POST", decision, {"decision": "approve"})
    assert (done.status_code, done.json["state"]) == (200, "approved")
    assert figures(member)[0] == 0
    refused = call(token=service_token(project, "points.adjust"))("POST", at, {"reason": "Mine"})
    assert refused.status_code in (403, 422)
    assert damage() == []


def test_a_service_posts_once_for_a_key(call: Any, project: Project) -> None:
    member = factories.make_owner(project)
    shop = call(token=service_token(project, "points.post"))
    at = f"/p/{project.slug}/staff/points/postings"
    wish = {"member": member.public_id, "kind": "earn", "amount": 700, "key": "order:17",
            "source": "shop.order", "source_key": "17"}  # fmt: skip
    first, second = shop("POST", at, wish), shop("POST", at, wish)
    assert (first.status_code, first.json["is_new"], second.json["is_new"]) == (201, 1, 0)
    assert first.json["id"] == second.json["id"]
    recorded = sa.select(sa.func.count()).where(AuditEntry.action == "points.posted")
    assert db.session.scalar(recorded) == 1
    other = shop("POST", at, {**wish, "amount": 800})
    assert (other.status_code, other.json["type"]) == (422, "urn:portal:problem:key_used")
    used = shop("POST", at, {**wish, "kind": "spend", "amount": 300, "key": "order:18"})
    assert used.status_code == 201
    assert figures(member)[0] == 400
    poor = shop("POST", at, {**wish, "kind": "spend", "amount": 500, "key": "order:19"})
    assert poor.json["type"] == "urn:portal:problem:not_enough"
    assert damage() == []


@pytest.mark.parametrize(
    "bad",
    [{"amount": 0}, {"amount": 10**12 + 1}, {"key": ""}, {"key": "a b"}, {"source": "manual"},
     {"source": "x" * 70}, {"currency": "gold"}, {"kind": "award"}, {"more": 1},
     {"kind": "spend", "currency": "qualifying"}, {"expires_on": "2001-01-01"}],
)  # fmt: skip
def test_what_a_service_sends_is_checked(call: Any, project: Project, bad: dict[str, Any]) -> None:
    member = factories.make_owner(project)
    shop = call(token=service_token(project, "points.post"))
    wish = {"member": member.public_id, "kind": "earn", "amount": 700, "key": "k",
            "source": "shop.order", **bad}  # fmt: skip
    answer = shop("POST", f"/p/{project.slug}/staff/points/postings", wish)
    assert answer.status_code == 422, answer.json


def test_only_services_with_the_right_post_and_only_in_their_project(
    call: Any, project: Project
) -> None:
    member, other = factories.make_owner(project), factories.make_project(slug="other")
    at = f"/p/{project.slug}/staff/points/postings"
    wish = {"member": member.public_id, "kind": "earn", "amount": 7, "key": "k", "source": "a.b"}
    assert call(factories.make_staff("administrator"))("POST", at, wish).status_code == 403
    assert call(token=service_token(project, "points.view"))("POST", at, wish).status_code == 403
    assert call(token=service_token(other, "points.post"))("POST", at, wish).status_code == 401
    anywhere = call(token=service_token(None, "points.post"))
    assert anywhere("POST", at, wish).status_code == 201
    stranger = {**wish, "member": factories.make_member().public_id, "key": "l"}
    assert anywhere("POST", at, stranger).status_code == 404


def test_a_program_of_either_reads_what_they_have_together(call: Any) -> None:
    household = factories.add(Household())
    two = [factories.make_member(household=household) for _ in range(2)]
    given = together(two[0], 2_500)
    earn(two[0], 1_000)
    for member in two:
        me = call(member)
        (found,) = me("GET", "/me/points?of=household").json["items"]
        assert (found["available"], found["expires_on"]) == (2_500, f"{SOON}")
        (line,) = me("GET", "/me/points/lines?of=household").json["items"]
        assert line["id"] == given.public_id
        assert me("GET", f"/me/points/lines/{given.public_id}").status_code == 404
        detail = me("GET", f"/me/points/lines/{given.public_id}?of=household").json
        assert detail["opened"][0]["remaining"] == 2_500
        month = me("GET", f"/me/points/months/{line['booked_on'][:7]}?of=household").json
        assert month["closing"] == 2_500
        assert me("GET", "/me/points?of=else").status_code == 422
    stranger = call(factories.make_member())
    assert stranger("GET", f"/me/points/lines/{given.public_id}?of=household").status_code == 404
