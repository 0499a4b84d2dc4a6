"""Phones that were offline: what they scanned comes in once, at its own time, or is told."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events import merging
from plugins.events.door_models import Scan
from plugins.events.merging import Brought
from plugins.events.models import SeatRow
from plugins.events.states import QueueRule, Seat, State
from portal import clock
from portal.audit.models import AuditEntry
from portal.earning.models import Fact
from portal.extensions import db
from tests import factories
from tests.plugins.events.test_door import desk, let_in, seats_of, soon, staff
from tests.plugins.events.test_households import come, family
from tests.plugins.events.test_races import at_once
from tests.plugins.events.test_registering import join, leave, run_jobs
from tests.plugins.events.test_waiting import people, wait

__all__ = ["family", "people", "staff"]
HALF_AN_HOUR = timedelta(minutes=30)


def scan_of(found, seat=None, *, ago=HALF_AN_HOUR, key=None, out=False):
    """Return a scan that a phone made of a person of a party, or of a ticket it did not know."""
    at = clock.now() - ago
    name = key or f"scan-of-{found.ticket}-{seat.public_id if seat else 'party'}"
    return Brought(name, found.ticket, seat.public_id if seat else "", at, out)


def bring(place, occurrence, *scans):
    """Bring scans in; return the outcome of each."""
    kept = merging.merge(actor=place.writer, occurrence=occurrence, scans=scans, at=clock.now())
    db.session.commit()
    told = {each.key: each.outcome for each in kept}
    return [told[each.key] for each in scans]


def test_scans_come_in_at_their_own_time_and_once(place, family, make_activity):
    occurrence = soon(make_activity)
    found = come(place, occurrence, place.member, *family[1:])
    first, second, third = seats_of(found)
    scans = [scan_of(found, first), scan_of(found, second, ago=-HALF_AN_HOUR)]
    assert bring(place, occurrence, *scans) == ["IN", "IN"]
    assert bring(place, occurrence, *scans, scan_of(found, third)) == ["IN"] * 3
    came = seats_of(found)
    assert {each.state for each in came} == {Seat.ATTENDED}
    assert came[0].checked_in_at == scans[0].scanned_at
    # A phone's clock that is fast counts as the moment of arrival.
    assert came[1].checked_in_at <= clock.now()
    assert db.session.scalar(sa.select(sa.func.count(Scan.id))) == 3
    trail = sa.select(AuditEntry.action).where(AuditEntry.action == "events.scans_merged")
    assert len(db.session.scalars(trail).all()) == 2


def test_what_does_not_fit_is_told_with_its_code(place, people, make_activity):
    occurrence = soon(make_activity, capacity=3, queue_rule=QueueRule.SKIP)
    inside, gone, late = (
        join(place, occurrence, factories.make_owner(place.project)) for _ in range(3)
    )
    waiting = wait(place, occurrence, people(2))
    elsewhere = join(place, make_activity())
    let_in(place, occurrence, inside)
    leave(place, gone)
    seat = seats_of(inside)[0]
    was = scan_of(inside, seat, ago=HALF_AN_HOUR)
    outcomes = bring(
        place,
        occurrence,
        was,
        scan_of(gone, seats_of(gone)[0]),
        scan_of(waiting),
        scan_of(elsewhere),
        scan_of(late, ago=timedelta(hours=9)),
        Brought("of-nobody-whatsoever", "AAAABBBBCCCC", "", clock.now()),
        # A seat of another party under this ticket.
        scan_of(late, seat, key="with-a-seat-of-others"),
    )
    assert outcomes == [
        "ALREADY_IN", "TICKET_CANCELLED", "NOT_CONFIRMED", "OTHER_ACTIVITY", "TOO_EARLY",
        "UNKNOWN_TICKET", "UNKNOWN_TICKET",
    ]  # fmt: skip
    # Two doors: they came when the first let them in.
    assert seats_of(inside)[0].checked_in_at == was.scanned_at
    back = scan_of(inside, seat, key="a-click-taken-back", out=True)
    again = scan_of(inside, seat, key="taken-back-once-more", ago=timedelta(), out=True)
    assert bring(place, occurrence, again, back) == ["NOT_IN", "OUT"]
    assert bring(place, occurrence, scan_of(inside, key="not-on-the-phones-list")) == ["IN"]
    occurrence.state = State.SETTLED
    db.session.commit()
    assert bring(place, occurrence, scan_of(late, seats_of(late)[0])) == ["SETTLED"]


def test_two_phones_send_at_once_and_the_award_is_given_once(app, place, make_activity):
    occurrence = soon(make_activity)
    found = join(place, occurrence)
    seat = seats_of(found)[0]
    scans = [scan_of(found, seat), scan_of(found, seat, key="the-other-door-s-scan")]
    actor, number = place.writer, occurrence.id
    activity = type(occurrence)

    def send():
        there = db.session.get_one(activity, number)
        merging.merge(actor=actor, occurrence=there, scans=scans, at=clock.now())

    db.session.refresh(actor)
    db.session.expunge(actor)
    db.session.rollback()
    assert at_once(app, [send] * 4) == {"done": 4}
    assert sorted(db.session.scalars(sa.select(Scan.outcome))) == ["ALREADY_IN", "IN"]
    occurrence = db.session.get_one(activity, number)
    occurrence.state = State.ENDED
    db.session.commit()
    client = factories.sign_in(app.test_client(), place.reviewer)
    assert client.post(f"{desk(occurrence)}/step", data={"step": "settle"}).status_code == 303
    run_jobs(app)
    send()
    db.session.commit()
    facts = sa.select(sa.func.count(Fact.id)).where(Fact.source == "events.attended")
    assert db.session.scalar(facts) == 1


def test_the_list_is_for_who_knows_the_pin(staff, place, make_activity):
    occurrence = soon(make_activity)
    going, gone = (join(place, occurrence, factories.make_owner(place.project)) for _ in range(2))
    leave(place, gone)
    page = f"{desk(occurrence)}/door"
    assert staff.post(f"{page}/list", data={"pin": "123456"}).json["code"] == "NO_PIN"
    for weak in ("12345", "111111", "１２３４５６", "12345a", "1" * 13):
        assert staff.post(f"{page}/pin", data={"pin": weak}).status_code == 422
    assert staff.post(f"{page}/pin", data={"pin": ""}).status_code == 303
    assert staff.post(f"{page}/pin", data={"pin": "274951"}).status_code == 303
    assert "274951" in staff.get(f"{page}/phones").text
    wrong = staff.post(f"{page}/list", data={"pin": "274952"})
    assert (wrong.status_code, wrong.json["code"]) == (422, "WRONG_PIN")
    taken = [staff.post(f"{page}/list", data={"pin": "274951", **again}).json for again in AGAIN]
    parties = {each["ticket"]: each for each in taken[1]["parties"]}
    assert [each["name"] for each in parties[going.ticket]["seats"]] == [seats_of(going)[0].name]
    assert parties[gone.ticket] == {
        "ticket": gone.ticket, "code": "TICKET_CANCELLED", "seats": [],
    }  # fmt: skip
    acts = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert (acts.count("events.door_list_taken"), acts.count("events.door_pin_set")) == (1, 2)


AGAIN = ({}, {"again": "1"})


def test_a_phone_sends_over_its_page(staff, place, make_activity, query_count):
    occurrence = soon(make_activity)
    found = join(place, occurrence)
    seat = seats_of(found)[0]
    at = clock.now().isoformat()
    good = {"key": "k" * 20, "ticket": found.ticket, "seat": seat.public_id, "at": at}
    page = f"{desk(occurrence)}/door"
    for bad in (
        None, [], {}, {"scans": []}, {"scans": "x"}, {"scans": [good] * 51}, {"scans": [3]},
        *({"scans": [{**good, name: value}]} for name, value in BAD),
    ):  # fmt: skip
        answer = staff.post(f"{page}/scans", json=bad)
        assert (answer.status_code, answer.json["code"]) == (422, "UNREADABLE"), bad
    first = staff.post(f"{page}/scans", json={"scans": [good]})
    assert first.json == {"scans": [{"key": good["key"], "outcome": "IN"}]}
    again = staff.post(f"{page}/scans", json={"scans": [good, {**good, "key": "n" * 20}]})
    assert [each["outcome"] for each in again.json["scans"]] == ["IN", "ALREADY_IN"]
    assert "已全部入场" in staff.get(f"{page}/phones").text
    name = db.session.scalar(sa.select(SeatRow.name))
    with query_count() as sent:
        assert name in staff.get(f"{page}/phones?state=all").text
    assert len(sent) <= 8
    phone = staff.get(f"{page}/phone").text
    # The phone keeps this page: nobody's name is in it.
    assert name not in phone
    assert "data-words=" in phone
    manifest = staff.get(f"{page}/phone.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    assert manifest.json["start_url"] == f"{page}/phone"
    worker = staff.get("/p/binjiang/staff/events/door-worker.js")
    assert worker.mimetype == "text/javascript"


BAD = (
    ("key", "short"), ("key", 3), ("ticket", "' OR 1"), ("ticket", None), ("seat", "x" * 23),
    ("at", "yesterday"), ("at", "0001-01-01T00:00:00+14:00"), ("at", None),
)  # fmt: skip


@pytest.mark.parametrize("path", ["phone", "phones", "phone.webmanifest"])
def test_the_phones_are_the_staffs(client, place, make_activity, path):
    page = f"{desk(soon(make_activity))}/door"
    owner = factories.sign_in(client, place.member)
    assert owner.get(f"{page}/{path}").status_code == 403
    assert owner.post(f"{page}/scans", json={}).status_code == 403
    assert owner.post(f"{page}/list").status_code == 403
