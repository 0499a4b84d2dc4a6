"""Marks: made once for a registration, voided for good. Callers have locked the quotas."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.events.booking import lead
from plugins.events.errors import EventError
from plugins.events.ladder import queries
from plugins.events.ladder.models import (
    Cause,
    Mark,
    Penalty,
    Pledge,
    Policy,
    Voided,
    Waiver,
)
from plugins.events.ladder.rules import end_of, last_day, on_time, weight_of
from plugins.events.models import LogEntry, Occurrence, Registration
from plugins.events.seats import lock_quotas
from plugins.events.service import log_step
from plugins.events.states import Seat, State
from plugins.events.telling import tell
from portal.sdk import ProjectRef, db, find_members, record

WAIVABLE = (State.OPEN, State.CLOSED, State.RUNNING, State.ENDED, State.SETTLED, State.POSTPONED)


def penalize(
    found: Registration, occurrence: Occurrence, project: ProjectRef, cause: Cause, at: datetime
) -> Penalty | None:
    """Make the mark of a registration by the version that was shown when registering, and tell the
    member; None where none is due or one was made already, even if it is void by now."""
    pledge, policy = _judged_by(found)
    if pledge is None or policy is None:
        return None
    weight = weight_of(policy, cause)
    waited = found.queued_at is not None
    if cause == Cause.LATE and waited:
        weight *= on_time(policy, occurrence.starts_at, pledge.seated_at)
    if not weight:
        return None
    since = _day(occurrence.starts_at if cause == Cause.NO_SHOW else at, project)
    made = Penalty(
        project_id=project.id,
        member_id=found.member_id,
        occurrence_id=occurrence.id,
        registration_id=found.id,
        policy_id=policy.id,
        cause=cause,
        weight=weight,
        since=since,
        expires_at=_expiry(project, since, policy.days),
        settled_by=_settled_by(occurrence),
        marked_by=pledge.marked_by,
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:
        return None
    member = find_members([found.member_id])[found.member_id]
    tell("events.penalty", found, occurrence, member, project, until=made.expires_at)
    return made


def _judged_by(found: Registration) -> tuple[Pledge | None, Policy | None]:
    """Return pledge and policy, None where a mark was made or the activity is waived."""
    made = sa.exists().where(Penalty.registration_id == Pledge.registration_id)
    waived = sa.exists().where(Waiver.occurrence_id == found.occurrence_id)
    row = db.session.execute(
        sa.select(Pledge, Policy)
        .join(Policy, Policy.id == Pledge.policy_id)
        .where(Pledge.registration_id == found.id, ~made, ~waived)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return (row[0], row[1]) if row else (None, None)


def _expiry(project: ProjectRef, since: date, days: int) -> datetime:
    spans = [(each.first, each.last) for each in queries.pauses(project.id, since)]
    return end_of(last_day(since, days, spans), project.time_zone)


def _settled_by(occurrence: Occurrence) -> int | None:
    mine = sa.select(LogEntry.by).filter_by(occurrence_id=occurrence.id, step="settle")
    return db.session.scalar(mine.order_by(LogEntry.at.desc(), LogEntry.id.desc()).limit(1))


def _day(at: datetime, project: ProjectRef) -> date:
    return at.astimezone(ZoneInfo(project.time_zone)).date()


def run_down_anew(*, project: ProjectRef, at: datetime) -> None:
    """Write down anew until when the marks of a project count, after its pauses changed."""
    live = sa.select(Penalty, Policy.days).join(Policy, Policy.id == Penalty.policy_id)
    live = live.where(
        Penalty.project_id == project.id, Penalty.state == Mark.LIVE, Penalty.expires_at > at
    )
    rows = db.session.execute(live).all()
    first = min((row[0].since for row in rows), default=None)
    if first is None:
        return
    spans = [(each.first, each.last) for each in queries.pauses(project.id, first)]
    for mark, days in rows:
        mark.expires_at = end_of(last_day(mark.since, days, spans), project.time_zone)
    db.session.flush()


def void(
    *conditions: sa.ColumnElement[bool],
    reason: Voided,
    at: datetime,
    actor: Any = None,
    why: str = "",
) -> int:
    """Let marks count no more, each once; return how many."""
    values = {
        "state": Mark.VOID,
        "voided_for": reason,
        "voided_at": at,
        "voided_by": actor.id if actor else None,
        "voided_why": why,
    }
    done = db.session.execute(
        sa.update(Penalty)
        .where(Penalty.state == Mark.LIVE, *conditions)
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )
    return int(getattr(done, "rowcount", 0))


def waive(*, actor: Any, occurrence: Occurrence, reason: str, at: datetime) -> int:
    """Mark nobody of an activity: marks are voided, none is made later; return how many were.

    Raises EventError: NO_REASON, ALREADY_WAIVED, ILLEGAL_STEP.
    """
    if not reason:
        raise EventError("NO_REASON", state=occurrence.state)
    lock_quotas(occurrence.id)
    db.session.refresh(occurrence)
    if occurrence.state not in WAIVABLE:
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    values = {"project_id": occurrence.project_id, "reason": reason, "by": actor.id, "at": at}
    try:
        with db.session.begin_nested():
            db.session.add(Waiver(occurrence_id=occurrence.id, **values))
    except IntegrityError as error:
        raise EventError("ALREADY_WAIVED", state=occurrence.state) from error
    mine = Penalty.occurrence_id == occurrence.id
    many = void(mine, reason=Voided.WEATHER, at=at, actor=actor, why=reason)
    log_step(actor=actor, occurrence=occurrence, step="waive", reason=reason)
    return many


def excuse(*, actor: Any, mark: Penalty, occurrence: Occurrence, reason: str, at: datetime) -> None:
    """Excuse who was marked: the mark is void, a registration that was settled as absent says so.

    Raises EventError: NO_REASON, NOT_LIVE.
    """
    if not reason:
        raise EventError("NO_REASON", state=occurrence.state)
    lock_quotas(occurrence.id)
    this = Penalty.id == mark.id
    if not void(this, reason=Voided.EXCUSED, at=at, actor=actor, why=reason):
        raise EventError("NOT_LIVE", state=occurrence.state)
    found = db.session.get_one(Registration, mark.registration_id, populate_existing=True)
    if found.state == Seat.NO_SHOW:
        lead(found, Seat.EXCUSED)
    record(
        actor=actor,
        action="events.penalty_excused",
        subject=("events_ladder_penalty", mark.public_id),
        project_id=mark.project_id,
        reason=reason,
    )
