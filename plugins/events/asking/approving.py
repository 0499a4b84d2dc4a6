"""The club's answer to who asked for a place: yes, no with a reason, or the waiting list.

Everybody passes the gate of the quotas, so that of two clerks one decides and the other reads it.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.events.booking import end_registration, lead
from plugins.events.counting import could_fit, counted
from plugins.events.errors import EventError
from plugins.events.ladder.queries import standing_of
from plugins.events.models import Occurrence, Quota, Registration
from plugins.events.policy import Terms, refusal, standing
from plugins.events.registering import confirm_party
from plugins.events.seats import lock_quotas, take_seats
from plugins.events.states import BEFORE_BEGIN, IN_ORDER, QueueRule, Seat
from plugins.events.telling import tell
from plugins.events.waiting import parties_waiting, serve
from portal.sdk import (
    MemberRef,
    ProjectRef,
    business_date,
    db,
    find_members,
    gettext,
    record,
)

_MOST = 50
DONE = {"approve": Seat.CONFIRMED, "reject": Seat.REJECTED, "queue": Seat.WAITING}
"""What staff may do, and where it leads."""


def decide(
    *,
    actor: Any,
    occurrence_id: int,
    project: ProjectRef,
    parties: Collection[str],
    act: str,
    at: datetime,
    reason: str = "",
) -> dict[str, EventError | None]:
    """Answer parties, by the public ids of their registrations, in the order in which they asked;
    return for each None or why not: of one that is refused nothing stays, and it still waits.

    `act`: a key of DONE. `reason`: read by who is rejected. Raises EventError: NO_REASON, NOBODY.
    """
    if act == "reject" and not reason:
        raise EventError("NO_REASON")
    lock_quotas(occurrence_id)
    occurrence = db.session.get_one(Occurrence, occurrence_id, populate_existing=True)
    asked = sa.select(Registration).where(
        Registration.occurrence_id == occurrence_id,
        Registration.public_id.in_(list(parties)[:_MOST]),
    )
    in_order = asked.order_by(Registration.created_at, Registration.id)
    found = db.session.scalars(in_order.execution_options(populate_existing=True)).all()
    if not found:
        raise EventError("NOBODY")
    members = find_members([each.member_id for each in found])
    outcome: dict[str, EventError | None] = {}
    for each in found:
        public_id, member = each.public_id, members[each.member_id]
        try:
            with db.session.begin_nested():
                if each.state != DONE[act]:
                    _answer(actor, each, occurrence, project, member, act, at, reason)
            outcome[public_id] = None
        except EventError as error:
            outcome[public_id] = error
            if error.code == "NOT_ENOUGH_POINTS":
                day = business_date(project.time_zone)
                tell("events.points_missing", each, occurrence, member, project, cause=day)
    return outcome


def _answer(
    actor: Any,
    found: Registration,
    occurrence: Occurrence,
    project: ProjectRef,
    member: MemberRef,
    act: str,
    at: datetime,
    reason: str,
) -> None:
    if found.state != Seat.PENDING:
        raise EventError("NOT_PENDING", state=occurrence.state)
    quotas = lock_quotas(occurrence.id)
    if act != "reject" and standing(occurrence, at) not in BEFORE_BEGIN:
        raise EventError(refusal(occurrence, quotas, 1, at) or "OVER", state=occurrence.state)
    found.decided_by = actor.id
    if act == "approve":
        _approve(found, occurrence, project, member, quotas, at)
    elif act == "queue":
        _put_in_queue(found, occurrence, project, member, quotas, at)
    else:
        found.decided_why = reason
        end_registration(found, Seat.REJECTED, at)
        tell("events.rejected", found, occurrence, member, project, reason=reason)
    record(
        actor=actor,
        action=f"events.request_{act}",
        subject=("events_registration", found.public_id),
        project_id=project.id,
        facts={"persons": found.seats},
        reason=reason or None,
    )


def _approve(
    found: Registration,
    occurrence: Occurrence,
    project: ProjectRef,
    member: MemberRef,
    quotas: list[Quota],
    at: datetime,
) -> None:
    if standing_of(project.id, member.id, at).queue_only:
        said = gettext("By their marks this member may only be put on the waiting list.")
        raise EventError("WAITING_LIST_ONLY", state=occurrence.state, said=said)
    # What is free goes to who waits for it first.
    serve(occurrence, quotas, project, at)
    if occurrence.queue_rule in IN_ORDER and parties_waiting(occurrence):
        raise EventError("QUEUE_FIRST", state=occurrence.state)
    take_seats(lock_quotas(occurrence.id), counted(found))
    lead(found, Seat.CONFIRMED)
    confirm_party(found, occurrence, member, project, Terms.read(found.asked_under))


def _put_in_queue(
    found: Registration,
    occurrence: Occurrence,
    project: ProjectRef,
    member: MemberRef,
    quotas: list[Quota],
    at: datetime,
) -> None:
    if occurrence.queue_rule == QueueRule.NONE:
        raise EventError("NO_QUEUE", state=occurrence.state)
    could_fit(quotas, counted(found))
    found.queued_at = at
    lead(found, Seat.WAITING)
    tell("events.put_in_queue", found, occurrence, member, project)
    serve(occurrence, quotas, project, at)
