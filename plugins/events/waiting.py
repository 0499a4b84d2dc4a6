"""The waiting list: parties wait all or none, free seats are offered to them in their order.

A seat that comes free is offered in the same transaction, with the quotas locked, so that no
neighbour who happens to look at the page is quicker than those who wait.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.events.booking import end_registration, lead
from plugins.events.counting import counted, never_fits, no_room
from plugins.events.errors import EventError
from plugins.events.models import Occurrence, Quota, Registration
from plugins.events.policy import offer_ends, standing
from plugins.events.seats import lock_quotas, take_seats
from plugins.events.states import IN_ORDER, QueueRule, Seat, State
from plugins.events.telling import tell
from portal.sdk import ProjectRef, db, emit, find_members, plugin_settings, record

_AT_ONCE = 50


def in_queue(occurrence: Occurrence) -> tuple[sa.ColumnElement[bool], ...]:
    """Return what says that a registration waits for this activity."""
    return Registration.occurrence_id == occurrence.id, Registration.state == Seat.WAITING


def parties_waiting(occurrence: Occurrence) -> int:
    """Return how many parties wait."""
    waiting = sa.select(sa.func.count(Registration.id)).where(*in_queue(occurrence))
    return db.session.scalar(waiting) or 0


def serve(occurrence: Occurrence, quotas: list[Quota], project: ProjectRef, at: datetime) -> int:
    """End the offers whose time is over and offer what is free; return how many were offered.

    The quotas are locked. At most 50 of each: the clock's job comes back for the others.
    """
    for each in db.session.scalars(
        sa.select(Registration)
        .where(
            Registration.occurrence_id == occurrence.id,
            Registration.state == Seat.HELD,
            Registration.offer_until <= at,
        )
        .order_by(Registration.offer_until, Registration.id)
        .limit(_AT_ONCE)
        .execution_options(populate_existing=True)
    ).all():
        end_registration(each, Seat.EXPIRED, at)
        _tell("events.offer_expired", each, occurrence, project)
    if standing(occurrence, at) not in (State.OPEN, State.CLOSED):
        return 0
    for offered in range(_AT_ONCE):
        found = _next(occurrence)
        if found is None:
            return offered
        _offer(found, occurrence, quotas, project, at)
    return _AT_ONCE


def move_to_front(*, actor: Any, registration: Registration, reason: str) -> None:
    """Put a party before all others that wait. Raises EventError: NO_REASON, ILLEGAL_STEP."""
    lock_quotas(registration.occurrence_id)
    db.session.refresh(registration)
    if not reason:
        raise EventError("NO_REASON")
    if registration.state != Seat.WAITING:
        raise EventError("NOT_WAITING")
    occurrence = db.session.get_one(Occurrence, registration.occurrence_id)
    first = db.session.scalar(
        sa.select(Registration.queued_at)
        .where(*in_queue(occurrence))
        .order_by(Registration.queued_at, Registration.id)
        .limit(1)
    )
    registration.queued_at = (first or registration.created_at) - timedelta(milliseconds=1)
    record(
        actor=actor,
        action="events.moved_to_front",
        subject=("events_registration", registration.public_id),
        project_id=registration.project_id,
        reason=reason,
    )


def _next(occurrence: Occurrence) -> Registration | None:
    # Who could never be seated blocks nobody.
    waiting = sa.select(Registration, no_room()).where(*in_queue(occurrence), ~never_fits())
    if occurrence.queue_rule not in IN_ORDER:
        waiting = waiting.where(~no_room())
    found = _first(waiting)
    if found is None or not found[1]:
        return found and found[0]
    if occurrence.queue_rule != QueueRule.HOLD:
        return None
    # What the first party needs is kept for it; who fits into the rest comes before it is full.
    beyond = waiting.where(~no_room(counted(found[0])), Registration.id != found[0].id)
    found = _first(beyond)
    return found and found[0]


def _first(waiting: sa.Select[Any]) -> Any:
    in_order = waiting.order_by(Registration.queued_at, Registration.id).limit(1)
    return db.session.execute(in_order.execution_options(populate_existing=True)).first()


def _offer(
    found: Registration,
    occurrence: Occurrence,
    quotas: list[Quota],
    project: ProjectRef,
    at: datetime,
) -> None:
    take_seats(quotas, counted(found), held=True)
    hours = plugin_settings("events", project)["offer_hours"]
    found.offer_until = offer_ends(occurrence, at, hours)
    lead(found, Seat.HELD)
    emit(
        kind="events.offered",
        project_id=project.id,
        subject=("events_registration", found.public_id),
        data={"occurrence": occurrence.public_id, "seats": found.seats},
    )
    _tell("events.offered", found, occurrence, project, until=found.offer_until)


def _tell(
    kind: str, found: Registration, occurrence: Occurrence, project: ProjectRef, **values: object
) -> None:
    member = find_members([found.member_id])[found.member_id]
    tell(kind, found, occurrence, member, project, **values)
