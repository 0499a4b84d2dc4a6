"""Limits that grow with trust, and deadlines that the group extends."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.complaints import handling, limits, posting
from plugins.complaints.casework import acting_at, database_now
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Act, Clock, LogEntry
from plugins.complaints.states import ActKind, Ring
from portal.extensions import db
from portal.plugin_host.refs import member_ref
from tests import factories
from tests.plugins.complaints.conftest import sound


@pytest.fixture
def limited(monkeypatch):
    """The limits as they are."""
    monkeypatch.setattr(limits, "TIMES", (1, 2, 6))


def say(place, case, number, at):
    with acting_at(at):
        for _ in range(number):
            posting.reply(
                case_id=case.id,
                member=member_ref(place.neighbour),
                project=place.ref,
                body="我家也是",
            )
    db.session.commit()


def test_a_newcomer_writes_five_replies_an_hour_a_known_member_ten(limited, place, make_case):
    case, at = make_case(), database_now()
    say(place, case, 5, at - timedelta(days=3))
    with pytest.raises(CaseError, match="TOO_MANY"):
        say(place, case, 1, at - timedelta(days=3))
    db.session.rollback()
    say(place, case, 10, at)
    with pytest.raises(CaseError, match="TOO_MANY"):
        say(place, case, 1, at)
    db.session.rollback()
    bad = {"project_id": place.project.id, "member_id": place.neighbour.id, "kind": ActKind.WARN}
    factories.add(Act(**bad, reason="abuse"))
    say(place, case, 1, at + timedelta(hours=2))
    with pytest.raises(CaseError, match="TOO_MANY"):
        say(place, case, 5, at + timedelta(hours=2))
    db.session.rollback()
    for _ in range(6):
        posting.reply(case_id=case.id, member=place.owner, project=place.ref, body="还在响")
    sound(case)


def test_complaints_for_the_staff_alone_are_never_limited(limited, place, make_case):
    for _ in range(3):
        make_case()
    with pytest.raises(CaseError, match="TOO_MANY"):
        make_case()
    db.session.rollback()
    for _ in range(3):
        make_case(ring=Ring.PRIVATE)


def test_the_group_extends_a_deadline_that_is_not_missed(app, client, place, make_case):
    case = make_case()
    page = f"/p/binjiang/staff/complaints/{case.public_id}/extend"
    clerk = factories.sign_in(app.test_client(), place.clerk)
    assert clerk.get(page).status_code == 403
    centre = factories.sign_in(client, place.centre)
    clock = sa.select(Clock).where(Clock.kind == "resolution")
    before = db.session.scalars(clock).one().due_at
    data = {"version": 1, "hours": 16, "body": "等待进口配件"}
    assert centre.post(page, data={**data, "hours": 501}).status_code == 422
    assert centre.post(page, data={**data, "body": ""}).status_code == 422
    assert centre.post(page, data=data).status_code == 303
    assert centre.post(page, data=data).status_code == 409
    found = db.session.scalars(clock).one()
    assert found.due_at > before
    assert sum(line.get("minutes", 0) for line in found.lines) == found.budget
    entry = db.session.scalars(sa.select(LogEntry).where(LogEntry.step == "extend")).one()
    assert entry.facts["hours"] == 16
    owner = factories.sign_in(app.test_client(), place.member)
    assert "等待进口配件" in owner.get(f"/p/binjiang/complaints/{case.public_id}").text
    sound(case)
    with acting_at(found.due_at + timedelta(minutes=1)), pytest.raises(CaseError, match="NO_CLOCK"):
        handling.extend(
            actor=place.centre,
            case_id=case.id,
            project=place.ref,
            hours=8,
            reason="再等等",
            version=2,
        )
    db.session.rollback()
