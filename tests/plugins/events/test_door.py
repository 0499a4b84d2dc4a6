"""The door: one code for a family, each alone, precise refusals, undo with a trace."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events import door
from plugins.events.errors import EventError
from plugins.events.models import Registration, SeatRow
from plugins.events.showing import plain_ticket
from plugins.events.states import QueueRule, Seat, State
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.sdk import points_balance
from tests import factories
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_households import come, family
from tests.plugins.events.test_registering import join, leave, run_jobs
from tests.plugins.events.test_waiting import people, wait

__all__ = ["family", "people"]
SOON = timedelta(hours=1)


@pytest.fixture
def staff(app, place):
    return factories.sign_in(app.test_client(), place.writer)


def soon(make_activity, **values):
    """Return an activity that begins within the hour."""
    starts = clock.now() + SOON
    return make_activity(starts_at=starts, closes_at=starts, **values)


def desk(occurrence):
    return f"/p/binjiang/staff/events/{occurrence.public_id}"


def seats_of(found):
    rows = sa.select(SeatRow).where(SeatRow.registration_id == found.id).order_by(SeatRow.id)
    return db.session.scalars(rows.execution_options(populate_existing=True)).all()


def let_in(place, occurrence, found, seats=None, at=None):
    number = door.check_in(
        actor=place.writer,
        registration=found,
        occurrence=occurrence,
        seats=[each.public_id for each in seats or seats_of(found)],
        at=at or clock.now(),
    )
    db.session.commit()
    return number


def refused(*args, **values):
    with pytest.raises(EventError) as found:
        let_in(*args, **values)
    db.session.rollback()
    return found.value.code


def test_a_ticket_is_read_as_typed_and_as_a_camera_reads_it():
    assert plain_ticket("abcd-2345 wxyz") == "ABCD2345WXYZ"
    assert plain_ticket("https://x.example/p/a/staff/events/door?code=ABCD2345WXYZ") == (
        "ABCD2345WXYZ"
    )
    assert plain_ticket("林晓芸") == plain_ticket("ABC") == ""


def test_a_family_comes_in_by_one_code_each_alone(staff, place, family, make_activity):
    occurrence = soon(make_activity)
    _spouse, child, father = family
    found = come(place, occurrence, place.member, child, father)
    page = f"{desk(occurrence)}/door"
    scanned = staff.get(f"/p/binjiang/staff/events/door?code={found.ticket}")
    assert scanned.location.endswith(f"{page}?q={found.ticket}")
    assert "陈小满" in staff.get(scanned.location).text
    assert "0 / 3" in staff.get(page).text
    act = f"{desk(occurrence)}/registrations/{found.public_id}/check-in"
    first, second, _third = seats_of(found)
    assert staff.post(act).status_code == 422
    some = {"seat": [first.public_id, second.public_id]}
    assert staff.post(act, data=some).status_code == 303
    assert "2 / 3" in staff.get(page).text
    again = staff.post(act, data=some)
    assert again.status_code == 409
    assert "已全部入场" in again.text
    assert staff.post(act, data={**some, "act": "undo"}).status_code == 303
    assert [each.state for each in seats_of(found)] == [Seat.CONFIRMED] * 3
    assert db.session.get_one(Registration, found.id).state == Seat.CONFIRMED
    assert staff.post(act, data={**some, "act": "undo"}).status_code == 409
    acts = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert acts.count("events.checked_in") == acts.count("events.check_in_undone") == 1
    assert "小满" in staff.get(f"{page}?q=小满").text
    assert "没有这个名字" in staff.get(f"{page}?q=小明").text
    assert "没有这张票" in staff.get(f"{page}?q=AAAA-BBBB-CCCC").text
    assert staff.get("/p/binjiang/staff/events/door?code=AAAABBBBCCCC").status_code == 404
    stranger = seats_of(join(place, make_activity(), factories.make_owner(place.project)))[0]
    assert staff.post(act, data={"seat": [stranger.public_id]}).status_code == 409


def test_every_refusal_has_its_own_code(place, people, make_activity):
    occurrence, other = soon(make_activity, capacity=2, queue_rule=QueueRule.SKIP), make_activity()
    first, second = (join(place, occurrence, factories.make_owner(place.project)) for _ in range(2))
    waiting = wait(place, occurrence, people(2))
    assert refused(place, occurrence, waiting) == "NOT_CONFIRMED"
    early = occurrence.starts_at - door.OPENS_BEFORE - timedelta(seconds=1)
    assert refused(place, occurrence, first, at=early) == "TOO_EARLY"
    elsewhere = join(place, other)
    assert refused(place, occurrence, elsewhere) == "OTHER_ACTIVITY"
    assert refused(place, other, elsewhere) == "TOO_EARLY"
    leave(place, second)
    assert refused(place, occurrence, second) == "TICKET_CANCELLED"
    assert let_in(place, occurrence, first) == 1
    assert refused(place, occurrence, first) == "ALREADY_IN"
    for state, code in ((State.CANCELLED, "CANCELLED"), (State.SETTLED, "SETTLED")):
        occurrence.state = state
        db.session.commit()
        assert refused(place, occurrence, first) == code


def test_who_was_let_in_keeps_the_deposit_and_the_others_stayed_away(
    app, staff, place, family, make_activity
):
    give_points(place.member, 20)
    occurrence = soon(make_activity, deposit=10_000)
    found = come(place, occurrence, place.member, family[2])
    let_in(place, occurrence, found, seats_of(found)[:1])
    occurrence.state = State.ENDED
    db.session.commit()
    assert staff.post(f"{desk(occurrence)}/step", data={"step": "settle"}).status_code == 303
    run_jobs(app)
    assert [each.state for each in seats_of(found)] == [Seat.ATTENDED, Seat.NO_SHOW]
    assert points_balance(place.owner).available == 20_000


def test_calling_off_under_way_pays_back_who_is_in(app, staff, place, make_activity):
    give_points(place.member, 20)
    occurrence = soon(make_activity, price=10_000)
    let_in(place, occurrence, join(place, occurrence))
    occurrence.state = State.RUNNING
    db.session.commit()
    off = {"step": "cancel", "reason": "台风"}
    assert staff.post(f"{desk(occurrence)}/step", data=off).status_code == 303
    run_jobs(app)
    assert points_balance(place.owner).available == 20_000
    assert db.session.scalars(sa.select(SeatRow.state)).all() == [Seat.CANCELLED_BY_CLUB]


def test_the_door_is_the_staffs(client, place, make_activity):
    owner, occurrence = factories.sign_in(client, place.member), soon(make_activity)
    found = join(place, occurrence)
    assert owner.get(f"/p/binjiang/staff/events/door?code={found.ticket}").status_code == 403
    assert owner.get(f"{desk(occurrence)}/door").status_code == 403
    ticket = owner.get(f"/p/binjiang/events/tickets/{found.public_id}")
    assert "data:image/svg+xml" in ticket.text
