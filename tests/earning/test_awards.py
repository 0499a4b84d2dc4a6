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
from portal.points.models import Proposal
from portal.projects.models import Project
from portal.tiers.jobs import evaluate_member, moves_tiers
from tests.earning.helpers import TODAY, available, publish, rule, tell
from tests.factories import (
    make_follower,
    make_member,
    make_project,
    make_staff,
    make_token,
    sign_in,
)
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


def test_what_is_too_much_for_one_person_waits_for_a_second(
    client: FlaskClient, project: Project
) -> None:
    """The limit is of a day, with what was given by hand; approving does what the rules say."""
    limits = [{"per": "member", "period": "day", "times": 1}]
    publish(rule("deed", "manual.award", points="300"),
            rule("once", "manual.award", points="90", to=["redeemable", "qualifying"],
                 limits=limits))  # fmt: skip
    member = make_follower(project)
    maker, other = make_staff("manager", project), make_staff("manager", project)
    sign_in(client, maker)
    assert "fact=" in award(client, project, member, category="").location
    assert available(member) == 390_000
    assert "fact=" not in award(client, project, member, category="").location
    assert available(member) == 390_000
    proposal = db.session.scalars(sa.select(Proposal)).one()
    assert (proposal.amount, proposal.fact["source"]) == (300_000, "manual.award")
    address = f"/p/{project.slug}/staff/points/proposals/{proposal.public_id}"
    assert client.post(address, data={"decision": "approve"}).status_code == 409
    sign_in(client, other)
    assert "No category" in client.get(address, headers=EN).text
    assert client.post(address, data={"decision": "approve"}).status_code == 303
    assert available(member) == 690_000
    assert available(member, "qualifying") == 90_000
    fact = db.session.scalars(sa.select(Fact).where(Fact.key.startswith("proposal:"))).one()
    assert fact.project_id == project.id


def test_an_agreed_award_gives_what_was_proposed_or_nothing(
    client: FlaskClient, project: Project
) -> None:
    publish(rule("deed", "manual.award", points="600"))
    member = make_follower(project)
    sign_in(client, make_staff("manager", project))
    award(client, project, member, category="")
    proposal = db.session.scalars(sa.select(Proposal)).one()
    publish(rule("deed", "manual.award", points="700"))
    sign_in(client, make_staff("manager", project))
    address = f"/p/{project.slug}/staff/points/proposals/{proposal.public_id}"
    answer = client.post(address, data={"decision": "approve"}, headers=EN)
    assert answer.status_code == 409
    assert "The rules give another number of points" in answer.text
    assert available(member) == 0
    assert db.session.query(Fact).count() == 0
    refusal = {"decision": "refuse", "note": "Record it anew"}
    assert client.post(address, data=refusal).status_code == 303


def test_programs_record_awards_and_read_what_a_proposal_is_for(
    client: FlaskClient, project: Project
) -> None:
    asked = {"field": "category", "op": "is", "value": "help"}
    publish(rule("deed", "manual.award", points="300", when=asked))
    member = make_follower(project)
    maker, other = make_staff("manager", project), make_staff("manager", project)
    call, colleague = (_caller(client, each) for each in (maker, other))
    base = f"/api/v1/p/{project.slug}/staff"
    at = f"{base}/members/{member.public_id}/points/awards"
    assert [each["category"] for each in call("GET", at).json["items"]] == ["help"]
    wish = {"category": "help", "on": TODAY.isoformat(), "note": "Carried chairs"}
    for wrong, field in (({"category": "sing"}, "category"), ({"on": "2099-01-01"}, "on"),
                         ({"note": ""}, "note")):  # fmt: skip
        refused = call("POST", at, {**wish, **wrong})
        assert refused.status_code == 422, refused.json
        assert list(refused.json["errors"]) == [field]
    done = call("POST", at, wish).json
    assert (done["proposal"], done["fact"]["rules"][0]["amount"]) == (None, 300_000)
    proposal = call("POST", at, wish).json["proposal"]
    assert available(member) == 300_000
    deed = {"source": "manual.award", "category": "help", "on": TODAY.isoformat()}
    assert proposal["deed"].items() >= deed.items()
    listed = colleague("GET", f"{base}/points/proposals").json["items"]
    assert [each["deed"]["category"] for each in listed] == ["help"]
    decision = f"{base}/points/proposals/{proposal['id']}/decision"
    assert call("POST", decision, {"decision": "approve"}).status_code == 409
    assert colleague("POST", decision, {"decision": "approve"}).status_code == 200
    assert available(member) == 600_000


def _caller(client: FlaskClient, account: Any) -> Any:
    token = {"Authorization": f"Bearer {make_token(account)}", "Accept-Language": "en"}

    def call(method: str, path: str, body: Any = None) -> Any:
        return client.open(path, method=method, headers=token, json=body)

    return call
