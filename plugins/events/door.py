"""The door: who comes in, each of a party by one code; a mistake is undone and leaves a trace."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.events.errors import EventError
from plugins.events.models import Occurrence, Registration, SeatRow
from plugins.events.seats import lock_quotas
from plugins.events.states import AT_THE_DOOR, BEFORE_SEATS, Seat, State
from portal.sdk import db, record

OPENS_BEFORE = timedelta(hours=3)
_OUTSIDE = (Seat.CONFIRMED, Seat.NO_SHOW, Seat.EXCUSED)
_CLOSED = {
    State.CANCELLED: "CANCELLED",
    State.POSTPONED: "POSTPONED",
    State.SETTLED: "SETTLED",
    State.ARCHIVED: "SETTLED",
}
_OPEN = (State.SCHEDULED, State.OPEN, State.CLOSED, State.RUNNING, State.ENDED)


def refusal_at_door(occurrence: Occurrence, found: Registration, at: datetime) -> str | None:
    """Return the code of why a ticket does not open this door now, or None."""
    if found.occurrence_id != occurrence.id:
        return "OTHER_ACTIVITY"
    if occurrence.state not in _OPEN:
        return _CLOSED.get(State(occurrence.state), "OVER")
    if found.state in (*BEFORE_SEATS, Seat.HELD):
        return "NOT_CONFIRMED"
    if found.state not in AT_THE_DOOR:
        return "TICKET_CANCELLED"
    return "TOO_EARLY" if at < occurrence.starts_at - OPENS_BEFORE else None


def check_in(
    *,
    actor: Any,
    registration: Registration,
    occurrence: Occurrence,
    seats: Collection[str],
    at: datetime,
) -> int:
    """Let persons of a party in, by the public ids of their seats; return how many came in.

    Raises EventError: a code of `refusal_at_door`, NOBODY, or ALREADY_IN when all of them are in.
    """
    _lock(registration, occurrence)
    number = let_in(
        actor=actor, registration=registration, occurrence=occurrence, seats=seats, at=at
    )
    _record(actor, registration, "events.checked_in", number)
    return number


def let_in(
    *,
    actor: Any,
    registration: Registration,
    occurrence: Occurrence,
    seats: Collection[str],
    at: datetime,
) -> int:
    """Do what `check_in` does for callers who have locked the quotas and write the trail."""
    code = refusal_at_door(occurrence, registration, at)
    if code is not None:
        raise EventError(code, state=occurrence.state)
    if not seats:
        raise EventError("NOBODY")
    came = {"state": Seat.ATTENDED, "checked_in_at": at, "checked_in_by": actor.id}
    number = _change(registration, seats, _OUTSIDE, came)
    if not number:
        raise EventError("ALREADY_IN", state=occurrence.state)
    registration.state = Seat.ATTENDED
    return number


def undo(
    *, actor: Any, registration: Registration, occurrence: Occurrence, seats: Collection[str]
) -> int:
    """Take back that persons came in; return how many. Raises EventError NOT_IN when none was in,
    and SETTLED once the attendance is."""
    _lock(registration, occurrence)
    number = take_back(registration=registration, occurrence=occurrence, seats=seats)
    _record(actor, registration, "events.check_in_undone", number)
    return number


def take_back(*, registration: Registration, occurrence: Occurrence, seats: Collection[str]) -> int:
    """Do what `undo` does for callers who have locked the quotas and write the trail."""
    if occurrence.state not in _OPEN:
        raise EventError(_CLOSED.get(State(occurrence.state), "OVER"), state=occurrence.state)
    back = {"state": Seat.CONFIRMED, "checked_in_at": None, "checked_in_by": None}
    number = _change(registration, seats, (Seat.ATTENDED,), back)
    if not number:
        raise EventError("NOT_IN", state=occurrence.state)
    still = sa.select(SeatRow.id).where(
        SeatRow.registration_id == registration.id, SeatRow.state == Seat.ATTENDED
    )
    if db.session.scalar(still.limit(1)) is None:
        registration.state = Seat.CONFIRMED
    return number


def _lock(registration: Registration, occurrence: Occurrence) -> None:
    lock_quotas(occurrence.id)
    db.session.refresh(occurrence)
    db.session.refresh(registration)


def _change(
    registration: Registration,
    seats: Collection[str],
    states: tuple[Seat, ...],
    values: dict[str, Any],
) -> int:
    done = db.session.execute(
        sa.update(SeatRow)
        .where(
            SeatRow.registration_id == registration.id,
            SeatRow.public_id.in_(list(seats)[:50]),
            SeatRow.state.in_(states),
        )
        .values(values)
    )
    return int(getattr(done, "rowcount", 0))


def _record(actor: Any, registration: Registration, action: str, number: int) -> None:
    record(
        actor=actor,
        action=action,
        subject=("events_registration", registration.public_id),
        project_id=registration.project_id,
        facts={"persons": number},
    )
