"""What staff record by hand, and what tiers hear of facts without points."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.audit.models import AuditEntry
from portal.earning.awards import award_categories
from portal.earning.service import withdraw_facts
from portal.extensions import db
from portal.facts.models import Fact
from portal.idempotency.keys import new_key
from portal.members.models import Member
from portal.outbox.models import DomainEventRow
from portal.outbox.registry import DomainEvent
from portal.projects.models import Project
from portal.tiers.jobs import evaluate_member, moves_tiers
from tests.earning.helpers import TODAY, available, publish, rule, tell
from tests.factories import make_follower, make_member, make_project, make_staff, sign_in
from tests.tiers.helpers import form as scheme_form
from tests.tiers.helpers import install, state, tier

EN = {"Accept-Language": "en"}


@pytest.fixture
def project(app: Flask) -> Project:
    """A project, and rules on what staff record: for help, and for help on a second occasion."""
    when = {"field": "category", "op": "in", "value": ["help", "visit"]}
    again = {"all": [{"field": "category", "op": "is", "value": "help"},
                     {"field": "nth", "op": "at_least", "value": 2}]}  # fmt: skip
    publish(
        rule("deed", "manual.award", points="30", when=when),
        rule("again", "manual.award", points="5", when=again),
    )
    return make_project()


def award(client: FlaskClient, project: Project, member: Member, **values: Any) -> Any:
    """Send the form; return the answer."""
    sent = {
        "idempotency_key": new_key(), "category": "help", "on": TODAY.isoformat(),
        "note": "Carried chairs", **values,
    }  # fmt: skip
    address = f"/p/{project.slug}/staff/members/{member.public_id}/points/award"
    return client.post(address, data=sent, headers=EN)


def test_staff_record_and_see_at_once_what_each_rule_gave(
    client: FlaskClient, project: Project
) -> None:
    member = make_follower(project)
    sign_in(client, make_staff("staff", project))
    page = client.get(f"/p/{project.slug}/staff/members/{member.public_id}/points/why")
    assert 'value="help"' in page.text
    assert 'value="visit"' in page.text
    key = new_key()
    done = award(client, project, member, idempotency_key=key)
    assert done.status_code == 303
    award(client, project, member, idempotency_key=key)
    shown = client.get(done.location, headers=EN).text.partition("what each rule made of it")[2]
    assert "Given by this rule." in shown
    assert "Which time for the member (1: the first): at least 2" in shown
    assert available(member) == 30_000
    noted = sa.select(AuditEntry.reason).where(AuditEntry.action == "earning.fact_recorded")
    assert db.session.scalars(noted).all() == ["Carried chairs"]


@pytest.mark.parametrize(
    "bad", [{"category": "gold"}, {"category": ""}, {"on": "2999-01-01"}, {"on": "1999-01-01"},
            {"on": "x"}, {"note": " "}, {"note": "x" * 5000}]
)  # fmt: skip
def test_what_cannot_be_recorded_is_said(
    client: FlaskClient, project: Project, bad: dict[str, str]
) -> None:
    member = make_follower(project)
    sign_in(client, make_staff("staff", project))
    assert award(client, project, member, **bad).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Fact)) == 0


def test_only_who_may_and_nobody_for_themselves(client: FlaskClient, project: Project) -> None:
    member, staff = make_follower(project), make_staff("staff", project)
    sign_in(client, make_staff("concierge", project))
    assert award(client, project, member).status_code == 403
    sign_in(client, staff)
    assert award(client, project, make_member()).status_code == 404
    own = make_follower(project, account=staff)
    assert award(client, project, own).status_code == 422


def test_without_a_rule_there_is_no_form(client: FlaskClient) -> None:
    project = make_project()
    member = make_follower(project)
    sign_in(client, make_staff("staff", project))
    page = client.get(f"/p/{project.slug}/staff/members/{member.public_id}/points/why", headers=EN)
    assert "No published rule acts on what staff record." in page.text


def test_rules_without_a_category_offer_none(app: Flask) -> None:
    publish(rule("any", "manual.award"))
    assert award_categories() == [""]


def test_tiers_hear_of_facts_without_points(app: Flask) -> None:
    visits = {"key": "visits", "kind": "facts", "sources": ["manual.award"]}
    reach = {"metric": "visits", "at_least": 1}
    install(scheme_form(tier("base"), tier("guest", reach), metrics=[visits]))
    member = make_member()
    tell(member, "member.signed_in")
    assert told() == []
    tell(member, "manual.award", subject="deed:1")
    evaluate(told()[0])
    assert state(member).tier == "guest"
    withdraw_facts(actor=None, subject="deed:1", on=TODAY)
    db.session.commit()
    assert [event.subject[1] for event in told()] == [member.public_id] * 2


def told() -> list[DomainEvent]:
    """Return what tiers were told of facts."""
    rows = db.session.scalars(
        sa.select(DomainEventRow).where(DomainEventRow.kind == "facts.changed")
    )
    return [
        DomainEvent(
            row.id, row.kind, row.project_id, (row.subject_kind, row.subject_key), row.data,
            row.created_at,
        )
        for row in rows
    ]  # fmt: skip


def evaluate(event: DomainEvent) -> None:
    """Let tiers hear of an event."""
    assert moves_tiers(event)
    evaluate_member(event)
    db.session.commit()
