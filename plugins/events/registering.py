"""Registering and cancelling: the seat, the points and the messages in one transaction."""

import secrets
from collections.abc import Callable, Collection
from datetime import datetime

import sqlalchemy as sa

from plugins.events import queries
from plugins.events.errors import EventError
from plugins.events.models import Occurrence, Quota, Registration, SeatRow
from plugins.events.party import Candidate, candidates, choose
from plugins.events.policy import Terms, cancelled_as, refusal
from plugins.events.seats import (
    lock_quotas,
    release_seats,
    release_share,
    take_seats,
    take_share,
)
from plugins.events.states import Seat
from portal.sdk import (
    MemberRef,
    PointsError,
    ProjectRef,
    capture_points,
    db,
    emit,
    gettext,
    hold_points,
    housemates,
    localized,
    notify,
    reverse_points,
    spend_points,
    void_points,
)

PRICE, DEPOSIT = "events.price", "events.deposit"
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GOING = (Seat.HELD, Seat.CONFIRMED)


def register(
    *,
    occurrence_id: int,
    member: MemberRef,
    project: ProjectRef,
    terms_seen: str,
    at: datetime,
    party: Collection[str] | None = None,
) -> Registration:
    """Register a party all or none, charge the price and hold the deposit; once, however often it
    is asked.

    `party`: keys of the household, see `housemates`; None is the member alone. `terms_seen`: what
    the page showed, see Terms.mark. Raises EventError.
    """
    quotas = lock_quotas(occurrence_id)
    mates = housemates(member)
    already = queries.seated(occurrence_id, member, mates)
    if already.mine is not None:
        return already.mine
    occurrence = db.session.get_one(Occurrence, occurrence_id, populate_existing=True)
    code = refusal(occurrence, quotas, 1, at)
    if code is not None:
        raise EventError(code, state=occurrence.state)
    if terms_seen != Terms.of(occurrence).mark():
        raise EventError("TERMS_CHANGED")
    among = candidates(occurrence, project, mates, already.keys)
    chosen = choose(among, [member.public_id] if party is None else party)
    take_share(occurrence, member.household_id, len(chosen))
    take_seats(quotas, len(chosen))
    made = _write(occurrence, member, chosen, at)
    _charge(made, occurrence, member, project)
    emit(
        kind="events.registered",
        project_id=project.id,
        subject=("events_registration", made.public_id),
        data={"occurrence": occurrence.public_id, "seats": made.seats},
    )
    _tell("events.confirmed", made, occurrence, member, project)
    return made


def cancel(
    *, registration_id: int, occurrence_id: int, project: ProjectRef, at: datetime
) -> Registration:
    """Cancel for the member: free until the deadline that was shown, else price and deposit stay.

    A second time it is as it was. Raises EventError OVER once the activity has begun.
    """
    quotas = lock_quotas(occurrence_id)
    occurrence = db.session.get_one(Occurrence, occurrence_id, populate_existing=True)
    found = db.session.get_one(Registration, registration_id, populate_existing=True)
    if found.state not in _GOING:
        return found
    target = cancelled_as(found, occurrence, at)
    if target is None:
        raise EventError("OVER", state=occurrence.state)
    end_registration(found, quotas, target, at)
    emit(
        kind="events.cancelled",
        project_id=project.id,
        subject=("events_registration", found.public_id),
        data={"occurrence": occurrence.public_id, "state": str(target)},
    )
    return found


def end_registration(found: Registration, quotas: list[Quota], target: Seat, at: datetime) -> None:
    """Give the seats back; return the points or keep them, by `target`. The quotas are locked."""
    found.state, found.ended_at = target, at
    db.session.execute(
        sa.update(SeatRow)
        .where(SeatRow.registration_id == found.id, SeatRow.state.in_(_GOING))
        .values(state=target)
    )
    db.session.flush()
    release_seats(quotas, found.seats)
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


def new_ticket(choose: Callable[[str], str] = secrets.choice) -> str:
    """Return a code for the door: no letter in it looks like another."""
    return "".join(choose(_LETTERS) for _ in range(12))


def _write(
    occurrence: Occurrence, member: MemberRef, chosen: list[Candidate], at: datetime
) -> Registration:
    made = Registration(
        occurrence_id=occurrence.id,
        project_id=occurrence.project_id,
        member_id=member.id,
        household_id=member.household_id,
        state=Seat.CONFIRMED,
        seats=len(chosen),
        ticket=new_ticket(),
        cancel_until=occurrence.cancel_until,
        charged=occurrence.price * len(chosen),
        deposit=occurrence.deposit * len(chosen),
        created_at=at,
    )
    db.session.add(made)
    db.session.flush()
    for each in chosen:
        db.session.add(
            SeatRow(
                registration_id=made.id,
                occurrence_id=occurrence.id,
                project_id=occurrence.project_id,
                member_id=each.mate.member_id,
                person=None if each.mate.member_id else each.mate.key,
                name=each.mate.name,
                state=Seat.CONFIRMED,
            )
        )
        # One by one: the party keeps its order.
        db.session.flush()
    return made


def _charge(
    made: Registration, occurrence: Occurrence, member: MemberRef, project: ProjectRef
) -> None:
    facts = {"registration": made.public_id, "occurrence": occurrence.public_id}
    title = localized(occurrence.event.title)
    try:
        if made.charged:
            made.charge_id = spend_points(
                member=member,
                amount=made.charged,
                key=f"events:price:{made.public_id}",
                source=PRICE,
                project=project,
                facts=facts,
                note=gettext("Registered for “%(title)s”", title=title),
            ).id
        if made.deposit:
            made.hold_id = hold_points(
                member=member,
                amount=made.deposit,
                key=f"events:deposit:{made.public_id}",
                source=DEPOSIT,
                project=project,
                facts=facts,
                note=gettext("Deposit for “%(title)s”", title=title),
            ).id
    except PointsError as error:
        code = "NOT_ENOUGH_POINTS" if error.code == "not_enough" else "POINTS_REFUSED"
        raise EventError(code) from error
    db.session.flush()


def _tell(
    kind: str,
    made: Registration,
    occurrence: Occurrence,
    member: MemberRef,
    project: ProjectRef,
) -> None:
    notify(
        members=[member],
        kind=kind,
        cause=f"{kind}:{made.public_id}",
        project=project,
        values={"title": dict(occurrence.event.title), "starts": occurrence.starts_at},
        url=f"/p/{project.slug}/events/tickets/{made.public_id}",
    )
