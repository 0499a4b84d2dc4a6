"""Scans that a phone kept while it was offline come in: what fits counts, the rest is told.

Each scan has a key of the phone's own and keeps its own time. What is sent again is answered as it
was the first time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.events.door import let_in, take_back
from plugins.events.door_models import Scan
from plugins.events.errors import EventError
from plugins.events.models import Occurrence, SeatRow
from plugins.events.rosters import AtDoor, by_tickets
from plugins.events.seats import lock_quotas
from plugins.events.states import Seat
from portal.sdk import Page, db, page_of, record

IN, OUT = "IN", "OUT"
DONE = (IN, OUT)
"""The outcomes that are no conflict."""


@dataclass(frozen=True)
class Brought:
    """A scan as a phone kept it. `seat`: the public id of one person's seat, "" for the whole party
    of a ticket that was not on the phone's list; `out`: it takes back that somebody came in."""

    key: str
    ticket: str
    seat: str
    scanned_at: datetime
    out: bool = False


def merge(
    *, actor: Any, occurrence: Occurrence, scans: Sequence[Brought], at: datetime
) -> list[Scan]:
    """Write down scans, in the order of their own times, and let in whom they let in.

    Return the scans as kept, also those that had been sent before; `outcome` is IN, OUT or the
    code of why not: a conflict for people to settle. `at`: no scan is later than its arrival.
    """
    lock_quotas(occurrence.id)
    db.session.refresh(occurrence)
    wanted = {each.key: each for each in scans}
    mine = sa.select(Scan).where(Scan.occurrence_id == occurrence.id, Scan.key.in_(wanted))
    kept = {each.key: each for each in db.session.scalars(mine)}
    new = sorted(
        (each for key, each in wanted.items() if key not in kept), key=lambda each: each.scanned_at
    )
    if not new:
        return list(kept.values())
    parties = by_tickets(occurrence.project_id, {each.ticket for each in new})
    made = [_bring_in(actor, occurrence, each, parties.get(each.ticket), at) for each in new]
    db.session.add_all(made)
    db.session.flush()
    record(
        actor=actor,
        action="events.scans_merged",
        subject=("events_occurrence", occurrence.public_id),
        project_id=occurrence.project_id,
        facts={"scans": len(made), "conflicts": sum(each.outcome not in DONE for each in made)},
    )
    return [*kept.values(), *made]


def _bring_in(
    actor: Any, occurrence: Occurrence, scan: Brought, found: AtDoor | None, at: datetime
) -> Scan:
    when = min(scan.scanned_at, at)
    seats = [each for each in (found.seats if found else ()) if scan.seat in ("", each.public_id)]
    return Scan(
        occurrence_id=occurrence.id,
        project_id=occurrence.project_id,
        key=scan.key,
        ticket=scan.ticket,
        seat_id=seats[0].id if scan.seat and seats else None,
        scanned_at=when,
        outcome=_outcome(actor, occurrence, scan, found, seats, when),
        by=actor.id,
    )


def _outcome(
    actor: Any,
    occurrence: Occurrence,
    scan: Brought,
    found: AtDoor | None,
    seats: Sequence[SeatRow],
    when: datetime,
) -> str:
    if found is None or not seats:
        return "UNKNOWN_TICKET"
    ids = [each.public_id for each in seats]
    party = found.registration
    try:
        if scan.out:
            take_back(registration=party, occurrence=occurrence, seats=ids)
            return OUT
        let_in(actor=actor, registration=party, occurrence=occurrence, seats=ids, at=when)
        return IN
    except EventError as error:
        if error.code == "ALREADY_IN":
            _came_earlier(seats, when)
        return error.code


def _came_earlier(seats: Sequence[SeatRow], when: datetime) -> None:
    """Two doors let the same persons in: they came when the first did."""
    earlier = sa.update(SeatRow).where(
        SeatRow.id.in_([each.id for each in seats]),
        SeatRow.state == Seat.ATTENDED,
        SeatRow.checked_in_at > when,
    )
    db.session.execute(earlier.values(checked_in_at=when))


def report(occurrence: Occurrence, *, conflicts: bool) -> Page[Any]:
    """Return a page of (scan, name or None) of an activity, the newest first."""
    statement = (
        sa.select(Scan, SeatRow.name)
        .outerjoin(SeatRow, SeatRow.id == Scan.seat_id)
        .where(Scan.occurrence_id == occurrence.id)
    )
    if conflicts:
        statement = statement.where(Scan.outcome.not_in(DONE))
    return page_of(statement, Scan.scanned_at, Scan.id, descending=True)
