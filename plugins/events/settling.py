"""What jobs do with many registrations: call off, settle, tell; a few at a time, each once."""

from collections.abc import Callable

import sqlalchemy as sa

from plugins.events.models import Occurrence, Registration, SeatRow
from plugins.events.registering import DEPOSIT, end_registration
from plugins.events.seats import lock_quotas
from plugins.events.states import LIVE, Seat, State
from portal.sdk import (
    JobRun,
    MemberRef,
    ProjectRef,
    capture_points,
    db,
    find_members,
    find_projects,
    notify,
    now,
    record_fact,
    void_points,
)

_BATCH = 20
_GOING = (Seat.HELD, Seat.CONFIRMED)


def call_off(run: JobRun) -> None:
    """End every registration of an activity that was called off, and return what was charged."""
    occurrence, project = _subject(run)
    while True:
        quotas = lock_quotas(occurrence.id)
        some = _some(occurrence, Registration.state.in_(_GOING))
        if not some:
            return
        members = find_members([each.member_id for each in some])
        for each in some:
            end_registration(each, quotas, Seat.CANCELLED_BY_CLUB, now())
            _tell("events.called_off", each, occurrence, members[each.member_id], project)
        run.checkpoint(done=run.done + len(some))


def settle(run: JobRun) -> None:
    """Close the accounts of an activity: who came gets the deposit and the fact, who did not come
    loses the deposit."""
    occurrence, project = _subject(run)
    while True:
        lock_quotas(occurrence.id)
        some = _some(occurrence, Registration.state.in_(LIVE), Registration.settled_at.is_(None))
        if not some:
            return
        members = find_members([each.member_id for each in some])
        for each in some:
            _settle_one(each, occurrence, members[each.member_id], project)
        run.checkpoint(done=run.done + len(some))


def _settle_one(
    each: Registration, occurrence: Occurrence, member: MemberRef, project: ProjectRef
) -> None:
    if each.state in _GOING:
        was, each.state = each.state, Seat.NO_SHOW
        db.session.execute(
            sa.update(SeatRow)
            .where(SeatRow.registration_id == each.id, SeatRow.state == was)
            .values(state=Seat.NO_SHOW)
        )
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
            facts={"seats": each.seats},
        )
    each.settled_at = now()
    db.session.flush()


def tell_move(run: JobRun) -> None:
    """Tell who is registered of the new time or place."""
    _tell_all(run, "events.moved")


def tell_postponed(run: JobRun) -> None:
    """Tell who is registered that the date is open."""
    _tell_all(run, "events.postponed")


def _tell_all(run: JobRun, kind: str) -> None:
    occurrence, project = _subject(run)
    # What came later tells of itself.
    if occurrence.sequence != run.payload["sequence"] and occurrence.state == State.CANCELLED:
        return
    after = run.payload.get("after", 0)
    while some := _some(occurrence, Registration.state.in_(_GOING), Registration.id > after):
        members = find_members([each.member_id for each in some])
        for each in some:
            cause = f":{run.payload['sequence']}"
            _tell(kind, each, occurrence, members[each.member_id], project, cause)
        after = some[-1].id
        run.checkpoint(done=run.done + len(some), payload={**run.payload, "after": after})


def _some(occurrence: Occurrence, *conditions: sa.ColumnElement[bool]) -> list[Registration]:
    mine = sa.select(Registration).where(Registration.occurrence_id == occurrence.id, *conditions)
    fresh = mine.order_by(Registration.id).limit(_BATCH)
    return list(db.session.scalars(fresh.execution_options(populate_existing=True)))


def _subject(run: JobRun) -> tuple[Occurrence, ProjectRef]:
    occurrence = db.session.get_one(Occurrence, run.payload["occurrence"])
    return occurrence, find_projects([occurrence.project_id])[occurrence.project_id]


def _tell(
    kind: str,
    each: Registration,
    occurrence: Occurrence,
    member: MemberRef,
    project: ProjectRef,
    cause: str = "",
) -> None:
    values = {"title": dict(occurrence.event.title), "starts": occurrence.starts_at}
    if kind in ("events.called_off", "events.postponed"):
        values = {"title": dict(occurrence.event.title), "reason": occurrence.reason}
    if kind == "events.moved":
        values["place"] = dict(occurrence.event.place)
    notify(
        members=[member],
        kind=kind,
        cause=f"{kind}:{each.public_id}{cause}",
        project=project,
        values=values,
        url=f"/p/{project.slug}/events/tickets/{each.public_id}",
    )


JOBS: dict[str, Callable[[JobRun], None]] = {
    "events.call_off": call_off,
    "events.settle": settle,
    "events.tell_move": tell_move,
    "events.tell_postponed": tell_postponed,
}
