"""What jobs do with many registrations: call off, settle, tell; a few at a time, each once."""

from collections.abc import Callable

import sqlalchemy as sa

from plugins.events.booking import DEPOSIT, end_registration, lead
from plugins.events.ladder.marking import penalize, void
from plugins.events.ladder.models import Cause, Penalty, Voided
from plugins.events.models import Occurrence, Registration, SeatRow
from plugins.events.seats import lock_quotas
from plugins.events.states import AT_THE_DOOR, EXPECTED, LIVE, Seat, State
from plugins.events.telling import tell
from portal.sdk import (
    JobRun,
    MemberRef,
    ProjectRef,
    capture_points,
    db,
    find_members,
    find_projects,
    now,
    record_fact,
    void_points,
)

_BATCH = 20


def call_off(run: JobRun) -> None:
    """End every registration of an activity that was called off, and return what was charged."""
    occurrence, project = _subject(run)
    lock_quotas(occurrence.id)
    void(Penalty.occurrence_id == occurrence.id, reason=Voided.CALLED_OFF, at=now())
    while True:
        lock_quotas(occurrence.id)
        # Who was let in before the rain came gets everything back, too.
        some = _some(occurrence, Registration.state.in_(LIVE))
        if not some:
            return
        members = find_members([each.member_id for each in some])
        for each in some:
            end_registration(each, Seat.CANCELLED_BY_CLUB, now())
            member = members[each.member_id]
            tell("events.called_off", each, occurrence, member, project, reason=occurrence.reason)
        run.checkpoint(done=run.done + len(some))


def end_queue(run: JobRun) -> None:
    """End the waiting list of an activity that has begun: nobody waits or is offered any more; who
    entered a draw that never was is not drawn."""
    occurrence, project = _subject(run)
    ends = {
        Seat.WAITING: Seat.NOT_REACHED,
        Seat.HELD: Seat.EXPIRED,
        Seat.PENDING: Seat.REJECTED,
        Seat.ENTERED: Seat.NOT_DRAWN,
    }
    told = {
        Seat.WAITING: "events.not_reached",
        Seat.HELD: "events.offer_expired",
        Seat.PENDING: "events.not_decided",
        Seat.ENTERED: "events.not_drawn",
    }
    while True:
        lock_quotas(occurrence.id)
        some = _some(occurrence, Registration.state.in_(ends))
        if not some:
            return
        members = find_members([each.member_id for each in some])
        for each in some:
            was = Seat(each.state)
            end_registration(each, ends[was], now())
            tell(told[was], each, occurrence, members[each.member_id], project)
        run.checkpoint(done=run.done + len(some))


def settle(run: JobRun) -> None:
    """Close the accounts of an activity: who came gets the deposit and the fact, who did not come
    loses the deposit."""
    occurrence, project = _subject(run)
    while True:
        lock_quotas(occurrence.id)
        due = Registration.state.in_(AT_THE_DOOR), Registration.settled_at.is_(None)
        some = _some(occurrence, *due)
        if not some:
            return
        members = find_members([each.member_id for each in some])
        for each in some:
            _settle_one(each, occurrence, members[each.member_id], project)
        run.checkpoint(done=run.done + len(some))


def _settle_one(
    each: Registration, occurrence: Occurrence, member: MemberRef, project: ProjectRef
) -> None:
    if each.state == Seat.CONFIRMED:
        lead(each, Seat.NO_SHOW)
    seats = sa.and_(SeatRow.registration_id == each.id, SeatRow.state == Seat.CONFIRMED)
    # Of a party of which somebody came, the others stayed away.
    db.session.execute(sa.update(SeatRow).where(seats).values(state=Seat.NO_SHOW))
    if each.hold_id is not None:
        if each.state == Seat.NO_SHOW:
            capture_points(hold_id=each.hold_id, source=DEPOSIT)
        else:
            void_points(hold_id=each.hold_id, source=DEPOSIT)
    if each.state == Seat.ATTENDED:
        record_fact(
            source="events.attended",
            key=f"{occurrence.public_id}:{member.public_id}",
            member=member,
            project=project,
            category=occurrence.event.category,
            subject=f"events:{occurrence.public_id}",
            facts={"seats": _came(each)},
        )
    if each.state == Seat.NO_SHOW:
        penalize(each, occurrence, project, Cause.NO_SHOW, now())
    each.settled_at = now()
    db.session.flush()


def _came(each: Registration) -> int:
    came = sa.select(sa.func.count(SeatRow.id)).where(
        SeatRow.registration_id == each.id, SeatRow.state == Seat.ATTENDED
    )
    return db.session.scalar(came) or 0


def tell_move(run: JobRun) -> None:
    """Tell who is registered or waits of the new time or place."""
    occurrence, _project = _subject(run)
    where = dict(occurrence.event.place)
    _tell_all(run, "events.moved", starts=occurrence.starts_at, place=where)


def tell_postponed(run: JobRun) -> None:
    """Tell who is registered or waits that the date is open."""
    _tell_all(run, "events.postponed", reason=_subject(run)[0].reason)


def _tell_all(run: JobRun, kind: str, **values: object) -> None:
    occurrence, project = _subject(run)
    # What came later tells of itself.
    if occurrence.sequence != run.payload["sequence"] and occurrence.state == State.CANCELLED:
        return
    after, cause = run.payload.get("after", 0), run.payload["sequence"]
    while some := _some(occurrence, Registration.state.in_(EXPECTED), Registration.id > after):
        members = find_members([each.member_id for each in some])
        for each in some:
            tell(kind, each, occurrence, members[each.member_id], project, cause=cause, **values)
        after = some[-1].id
        run.checkpoint(done=run.done + len(some), payload={**run.payload, "after": after})


def _some(occurrence: Occurrence, *conditions: sa.ColumnElement[bool]) -> list[Registration]:
    mine = sa.select(Registration).where(Registration.occurrence_id == occurrence.id, *conditions)
    fresh = mine.order_by(Registration.id).limit(_BATCH)
    return list(db.session.scalars(fresh.execution_options(populate_existing=True)))


def _subject(run: JobRun) -> tuple[Occurrence, ProjectRef]:
    occurrence = db.session.get_one(Occurrence, run.payload["occurrence"])
    return occurrence, find_projects([occurrence.project_id])[occurrence.project_id]


JOBS: dict[str, Callable[[JobRun], None]] = {
    "events.call_off": call_off,
    "events.end_queue": end_queue,
    "events.settle": settle,
    "events.tell_move": tell_move,
    "events.tell_postponed": tell_postponed,
}
