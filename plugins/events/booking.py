"""A registration's rows and points: written, charged, ended. Callers have locked the quotas."""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from plugins.events.counting import Seats, write_down
from plugins.events.errors import EventError
from plugins.events.ladder.pledging import pledge
from plugins.events.models import Occurrence, Registration, SeatRow, Window
from plugins.events.party import Candidate
from plugins.events.policy import Terms
from plugins.events.seats import release_seats, release_share
from plugins.events.states import LIVE, SEATED, Seat
from portal.sdk import (
    MemberRef,
    PointsError,
    ProjectRef,
    capture_points,
    db,
    gettext,
    hold_points,
    localized,
    reverse_points,
    spend_points,
    void_points,
)

PRICE, DEPOSIT = "events.price", "events.deposit"
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def write_party(
    occurrence: Occurrence,
    member: MemberRef,
    chosen: Sequence[Candidate],
    state: Seat,
    at: datetime,
    *,
    counts: Seats,
    window: Window | None = None,
) -> Registration:
    """Write down a party with a seat for each, confirmed or waiting, and what the quotas count."""
    made = Registration(
        occurrence_id=occurrence.id,
        project_id=occurrence.project_id,
        member_id=member.id,
        household_id=member.household_id,
        state=state,
        seats=len(chosen),
        ticket=new_ticket(),
        cancel_until=occurrence.cancel_until,
        queued_at=at if state == Seat.WAITING else None,
        created_at=at,
        tier=window.tier if window else "",
    )
    db.session.add(made)
    db.session.flush()
    write_down(made, counts)
    pledge(made, at)
    write_seats(made, chosen, state)
    return made


def write_seats(made: Registration, chosen: Sequence[Candidate], state: Seat) -> None:
    """Write down a seat of a party for each person."""
    for each in chosen:
        db.session.add(
            SeatRow(
                registration_id=made.id,
                occurrence_id=made.occurrence_id,
                project_id=made.project_id,
                member_id=each.mate.member_id,
                person=None if each.mate.member_id or each.guest else each.mate.key,
                guest=each.guest,
                age=each.age if each.guest else None,
                name=each.mate.name,
                state=state,
            )
        )
        # One by one: the party keeps its order.
        db.session.flush()


def lead(found: Registration, state: Seat) -> None:
    """Lead a registration to another state, and those of its seats that stood where it did."""
    was, found.state = found.state, state
    db.session.flush()
    db.session.execute(
        sa.update(SeatRow)
        .where(SeatRow.registration_id == found.id, SeatRow.state == was)
        .values(state=state)
    )


def end_registration(found: Registration, target: Seat, at: datetime) -> None:
    """Give the seats back; return the points or keep them, by `target`."""
    was, found.state, found.ended_at = found.state, target, at
    db.session.flush()
    live = sa.and_(SeatRow.registration_id == found.id, SeatRow.state.in_(LIVE))
    db.session.execute(sa.update(SeatRow).where(live).values(state=target))
    if was in SEATED:
        release_seats(found.id, held=was == Seat.HELD)
    release_share(found.occurrence_id, found.household_id, found.seats)
    if target == Seat.CANCELLED_LATE:
        if found.hold_id is not None:
            capture_points(hold_id=found.hold_id, source=DEPOSIT)
        return
    give_back(found)


def give_back(found: Registration) -> None:
    """Return the price and the deposit of a registration, once."""
    if found.charge_id is not None and found.refunded < found.charged:
        key = f"events:refund:{found.public_id}"
        reverse_points(posting_id=found.charge_id, key=key, source=PRICE)
        found.refunded = found.charged
    if found.hold_id is not None:
        void_points(hold_id=found.hold_id, source=DEPOSIT)


def charge(
    found: Registration,
    occurrence: Occurrence,
    member: MemberRef,
    project: ProjectRef,
    terms: Terms,
    *,
    again: str = "",
) -> None:
    """Take the price and set the deposit aside, for each seat; `again`: what tells a later charge
    of the same registration from the first. Raises EventError."""
    found.charged = terms.price * found.seats
    found.deposit = terms.deposit * found.seats
    facts = {"registration": found.public_id, "occurrence": occurrence.public_id}
    title = localized(occurrence.event.title)
    try:
        if found.charged:
            found.charge_id = spend_points(
                member=member,
                amount=found.charged,
                key=f"events:price:{found.public_id}{again}",
                source=PRICE,
                project=project,
                facts=facts,
                note=gettext("Registered for “%(title)s”", title=title),
            ).id
        if found.deposit:
            found.hold_id = hold_points(
                member=member,
                amount=found.deposit,
                key=f"events:deposit:{found.public_id}{again}",
                source=DEPOSIT,
                project=project,
                facts=facts,
                note=gettext("Deposit for “%(title)s”", title=title),
            ).id
    except PointsError as error:
        code = "NOT_ENOUGH_POINTS" if error.code == "not_enough" else "POINTS_REFUSED"
        raise EventError(code) from error
    db.session.flush()


def new_ticket(choose: Callable[[str], str] = secrets.choice) -> str:
    """Return a code for the door: no letter in it looks like another."""
    return "".join(choose(_LETTERS) for _ in range(12))
