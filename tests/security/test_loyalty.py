"""Points, rules and tiers under attack: odd figures, one's own points, two people who are one."""

import json
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.accounts.models import Account
from portal.earning import drafting, publishing
from portal.earning.trying import read_fen, try_fact
from portal.extensions import db
from portal.points.amounts import read_points
from portal.points.errors import PointsError
from portal.points.models import Proposal
from portal.points.proposals import decide
from portal.points.terms import Why
from portal.projects.models import Project
from portal.tiers import evaluate, standard
from portal.tiers.inputs import read_value
from portal.tiers.kinds import MetricKind
from portal.tiers.terms import Metric
from portal.tokens.service import issue_service_token
from tests import factories
from tests.api.conftest import call
from tests.earning.helpers import available, fact, publish, rule, tell
from tests.points.helpers import damage, earn, figures
from tests.tiers import helpers as tiers

__all__ = ["call"]
EN = {"Accept-Language": "en"}
HUGE = ("1e999999", "-1e999999", "1e9999999999", "1e99999", "sNaN", "Infinity")


@pytest.fixture
def project(client: FlaskClient) -> Project:
    """The project."""
    return factories.make_project()


def token_by(maker: Account, project: Project, *scopes: str) -> str:
    """Let an administrator issue the token of a service."""
    _row, token = issue_service_token(
        actor=maker, name="Helper", scopes=scopes, project_id=project.id
    )
    db.session.commit()
    return token


@pytest.mark.parametrize("text", HUGE)
def test_figures_that_no_number_holds_are_none(text: str) -> None:
    assert read_points(text) is None
    assert read_value(Metric("spend", MetricKind.SPEND), text) is None
    with pytest.raises(ValueError, match=r".+"):
        read_fen(text)


@pytest.mark.parametrize("points", HUGE[:3])
def test_huge_points_in_forms_are_refused(
    client: FlaskClient, project: Project, points: str
) -> None:
    member = factories.make_owner(project)
    factories.sign_in(client, factories.make_staff("administrator"))
    page = f"/p/{project.slug}/staff/members/{member.public_id}/points/adjust"
    wish = {"kind": "award", "points": points, "reason": "fair"}
    assert client.post(page, data=wish, headers=EN).status_code == 422
    assert figures(member)[0] == 0


@pytest.mark.parametrize(
    "odd",
    [
        {"valid_from": "9999-12-31"},
        {"valid_from": "9999-12-31", "act": ""},
        {"expiry_rounding": "calendar", "expiry_day": "99999999999-1"},
        {"cost": "1e999999"},
        {"alone_limit": "1e999999"},
    ],
)
def test_odd_rules_of_points_are_refused(client: FlaskClient, odd: dict[str, str]) -> None:
    earn(factories.make_member(), 1)
    factories.sign_in(client, factories.make_staff("administrator"))
    wish = {
        "name_zh_Hans_CN": "积分",
        "name_zh_Hant": "積分",
        "name_en": "Points",
        "spend_order": "expiry_first",
        "expiry_months": "12",
        "expiry_rounding": "day",
        "decay_parts": "1",
        "reinstate_days": "0",
        "negative_policy": "forbid",
        "negative_limit": "0",
        "transfer_limit": "5000",
        "alone_limit": "500",
        "cost": "50",
        "valid_from": "2027-01-01",
        "reason": "new year",
        "act": "preview",
    }
    page = "/centre/points/rules/redeemable"
    assert client.post(page, data=wish, headers=EN).status_code == 200
    assert client.post(page, data=wish | odd, headers=EN).status_code == 422


def test_staff_who_are_members_adjust_nothing_of_their_own(
    client: FlaskClient, call: Any, project: Project
) -> None:
    staff = factories.make_staff("manager", project)
    member = factories.make_owner(project, account=staff)
    earned = earn(member, 1_000, why=Why("test", project_id=project.id))
    factories.sign_in(client, staff)
    page = f"/p/{project.slug}/staff/members/{member.public_id}/points"
    for kind in ("award", "deduct"):
        for points in ("1", "9000"):
            wish = {"kind": kind, "points": points, "reason": "fair"}
            answer = client.post(f"{page}/adjust", data=wish, headers=EN)
            assert (answer.status_code, "points of their own" in answer.text) == (422, True)
    back = client.post(f"{page}/{earned.public_id}/back", data={"reason": "fair"}, headers=EN)
    assert back.status_code == 422
    wish = {"kind": "award", "amount": 1, "reason": "fair"}
    refused = call(staff)("POST", f"{page.removesuffix('/points')}/points/adjustments", wish)
    assert refused.json["type"] == "urn:portal:problem:own_points"
    assert (figures(member)[0], damage()) == (1_000, [])


def test_nobody_agrees_to_points_of_their_own(call: Any, project: Project) -> None:
    maker, staff = (factories.make_staff("manager", project) for _ in range(2))
    member = factories.make_owner(project, account=staff)
    at = f"/p/{project.slug}/staff"
    wish = {"kind": "award", "amount": 9_000_000, "reason": "a friend"}
    made = call(maker)("POST", f"{at}/members/{member.public_id}/points/adjustments", wish)
    decision = f"{at}/points/proposals/{made.json['proposal']['id']}/decision"
    refused = call(staff)("POST", decision, {"decision": "approve"})
    assert (refused.status_code, refused.json["type"]) == (409, "urn:portal:problem:own_points")
    proposal = db.session.scalars(sa.select(Proposal)).one()
    with pytest.raises(PointsError, match="own_points"):
        decide(actor=staff, proposal=proposal, member=member, approve=False, note="no")
    assert figures(member)[0] == 0


def test_a_service_is_no_second_person(call: Any, project: Project) -> None:
    maker = factories.make_staff("administrator")
    member = factories.make_owner(project)
    at = f"/p/{project.slug}/staff"
    adjust = f"{at}/members/{member.public_id}/points/adjustments"
    wish = {"kind": "award", "amount": 9_000_000, "reason": "a friend"}
    service = call(token=token_by(maker, project, "points.adjust", "points.approve"))
    assert service("POST", adjust, wish).status_code == 403
    made = call(maker)("POST", adjust, wish).json["proposal"]
    decision = f"{at}/points/proposals/{made['id']}/decision"
    assert service("POST", decision, {"decision": "approve"}).status_code == 403
    assert figures(member)[0] == 0


def test_a_service_confirms_no_erasure(call: Any) -> None:
    maker = factories.make_staff("administrator")
    _row, token = issue_service_token(
        actor=maker, name="Helper", scopes=["privacy.manage"], project_id=None
    )
    db.session.commit()
    assert call(token=token)("POST", "/centre/privacy/x/confirm").status_code == 403
    assert call(maker)("POST", "/centre/privacy/x/confirm").status_code == 404


def test_who_wrote_rules_while_they_were_corrected_does_not_agree(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The approver's own change, committed just before the lock, counts."""
    writer, other = (factories.make_staff("administrator") for _ in range(2))
    draft = drafting.start_draft(actor=writer)
    locked = drafting.lock

    def change_first(book: Any) -> None:
        book.maker_ids = [*book.maker_ids, other.id]
        db.session.flush()
        locked(book)

    drafting.save_rule(actor=writer, draft=draft, definition=rule())
    proposal = publishing.propose(
        actor=writer, draft=draft, begins_on=date(2026, 1, 1), note="late", correction=True
    )
    monkeypatch.setattr(publishing, "lock", change_first)
    with pytest.raises(drafting.BookError, match="own_correction"):
        publishing.publish(actor=other, draft=draft, seen=proposal.created_at.isoformat())


@pytest.mark.parametrize("name", ["target", "level", "rank", "member_id", "valid_until"])
def test_no_figure_of_a_scheme_has_a_name_of_ours(app: Any, name: str) -> None:
    form = json.loads(
        json.dumps(standard.FORM)
        .replace('"key": "units"', f'"key": "{name}"')
        .replace('"metric": "units"', f'"metric": "{name}"')
    )
    owner = factories.make_owner(factories.make_project())
    tiers.install(form)
    tiers.night(evaluate.today())
    assert tiers.state(owner).tier == "silver"


@pytest.mark.parametrize("figure", ["1/0", "3/2", "1e99999999", "-1e99999999", "nan", "9" * 60])
def test_odd_figures_of_facts_earn_nothing(app: Any, figure: str) -> None:
    bands = [{"from": "0", "below": None, "points": "5"}]
    amount = {"kind": "bands", "of": "days_late", "bands": bands}
    publish(
        rule("late", "fee.paid", amount=amount),
        rule(
            "safe",
            "member.joined",
            pending={"until": "contract.paid", "same": "member", "percent": 30},
        ),
    )
    member = factories.make_member()
    tell(member)
    (tried,) = try_fact(new=fact(member, "fee.paid", facts={"days_late": figure}))
    assert (tried.amount, tried.reason.why != "") == (0, True)
    assert tell(member, "contract.paid", facts={"percent": figure}).is_new
    tell(member, "contract.paid", facts={"percent": 30})
    assert available(member) == 100_000


def test_what_a_draft_still_needs_is_said_in_the_readers_language(client: FlaskClient) -> None:
    tiers.install()
    factories.sign_in(client, factories.make_staff("administrator"))
    draft, chinese = "/centre/tiers/club/draft", {"Accept-Language": "zh-CN"}
    client.post(draft)
    wish = {"revision": "1", "act": "metric", "key": "units"}
    answer = client.post(f"{draft}/remove", data=wish, headers=chinese, follow_redirects=True)
    assert "与草案的其他部分不符（tiers.1.reach" in answer.text
    assert "no metric" not in answer.text
