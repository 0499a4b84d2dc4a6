"""Partners' programs tell of spending; the rules give points."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.facts.models import Fact
from portal.members.models import Member
from portal.projects.models import Project
from tests import factories
from tests.api.test_points import service_token
from tests.earning.helpers import TODAY, available, publish, rule


@pytest.fixture
def project(app: Flask) -> Project:
    """Return a project."""
    return factories.make_project()


@pytest.fixture
def wish(project: Project) -> dict[str, Any]:
    """Return a body about a member, on whose spending a rule acts."""
    per_yuan = {"kind": "per_amount", "divisor": "1", "points": "1", "rounding": "floor"}
    people = {"field": "people", "op": "at_least", "value": 2}
    publish(
        rule("spend", "spend.recorded", amount=per_yuan),
        rule("table", "spend.recorded", when=people),
    )
    member = factories.make_owner(project)
    return {
        "source": "spend.recorded", "key": "till-3/0017", "member": member.card_number,
        "business_date": TODAY.isoformat(), "amount": 12_850, "category": "food",
        "facts": {"people": 1},
    }  # fmt: skip


def test_spending_is_told_once_for_a_key(call: Any, project: Project, wish: Any) -> None:
    till = call(token=service_token(project, "facts.record"))
    at = f"/p/{project.slug}/facts"
    first, again = till("POST", at, wish), till("POST", at, wish)
    assert (first.status_code, again.status_code) == (201, 201), first.json
    assert (first.json["is_new"], again.json["is_new"]) == (1, 0)
    assert first.json["rules"] == again.json["rules"]
    given = {each["rule"]: (each["outcome"], each["amount"]) for each in first.json["rules"]}
    assert given == {"spend": ("posted", 128_000), "table": ("refused", 0)}
    fact = db.session.scalars(sa.select(Fact).where(Fact.source == "spend.recorded")).one()
    assert available(db.session.get_one(Member, fact.member_id)) == 128_000
    audits = sa.select(sa.func.count()).where(AuditEntry.action == "earning.fact_told")
    assert db.session.scalar(audits) == 1
    other = till("POST", at, {**wish, "amount": 1})
    assert (other.status_code, other.json["type"]) == (422, "urn:portal:problem:key_used")


@pytest.mark.parametrize(
    "bad",
    [{"source": "member.joined"}, {"key": ""}, {"key": "x" * 40}, {"amount": -1}, {"amount": 1.5},
     {"amount": 10**15}, {"business_date": "2999-01-01"}, {"facts": {"nth": 1}},
     {"facts": {"month": 3}}, {"facts": {"people": "two"}}, {"facts": {"people": 10**12}},
     {"category": "x" * 41}, {"more": 1}],
)  # fmt: skip
def test_what_cannot_be_is_refused(call: Any, project: Project, wish: Any, bad: Any) -> None:
    till = call(token=service_token(project, "facts.record"))
    answer = till("POST", f"/p/{project.slug}/facts", {**wish, **bad})
    assert answer.status_code == 422, answer.json


def test_only_services_with_the_right_and_only_about_members_here(
    call: Any, project: Project, wish: Any
) -> None:
    at, other = f"/p/{project.slug}/facts", factories.make_project(slug="other")
    assert call(factories.make_staff("administrator"))("POST", at, wish).status_code == 403
    assert call(token=service_token(project, "points.view"))("POST", at, wish).status_code == 403
    assert call(token=service_token(other, "facts.record"))("POST", at, wish).status_code == 401
    till = call(token=service_token(project, "facts.record"))
    for stranger in (factories.make_member().public_id, "00000000", "x" * 22):
        assert till("POST", at, {**wish, "member": stranger}).status_code == 404
