"""What staff do with a series: make its dates, change one or this and the following, lead them on.

Whoever changes a series locks its row first, so that two never make the same date and none waits
for the other over seats.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from plugins.events import conditions
from plugins.events import service as single
from plugins.events.errors import EventError
from plugins.events.models import Event, LogEntry, Occurrence, Quota
from plugins.events.policy import standing
from plugins.events.series.copying import copy_date, copy_event, copy_parts, parts_of
from plugins.events.series.models import Series
from plugins.events.series.passing_on import TEXTS, draft_of, passed_on, texts_changed
from plugins.events.series.rules import Rule, days_of
from plugins.events.service import Draft
from plugins.events.states import EDITABLE, STEPS, State
from portal.sdk import ProjectRef, db


@dataclass(frozen=True)
class Planned:
    """A day of a rule. `state`: "new", "there" already, "past" by the time it would begin."""

    day: date
    starts_at: datetime
    state: str


def plan(pattern: Occurrence, rule: Rule, project: ProjectRef, at: datetime) -> list[Planned]:
    """Return what a rule would make of a date. Raises RuleError."""
    zone = ZoneInfo(project.time_zone)
    begins = pattern.starts_at.astimezone(zone).time()
    there = _days_there(pattern, zone)
    found = []
    for day in days_of(rule):
        starts = datetime.combine(day, begins, zone)
        state = "there" if day in there else "past" if starts <= at else "new"
        found.append(Planned(day, starts, state))
    return found


def make_dates(
    *,
    actor: Any,
    project: ProjectRef,
    pattern: Occurrence,
    rule: Rule,
    skipped: Collection[date],
    at: datetime,
) -> list[Occurrence]:
    """Make the dates of a rule that are not there yet, drafts with the terms of `pattern`, without
    the days that were skipped. Raises EventError ILLEGAL_STEP, RuleError."""
    series = _lock(pattern, project, rule)
    if pattern.state not in EDITABLE:
        raise EventError("ILLEGAL_STEP", state=pattern.state)
    zone = ZoneInfo(project.time_zone)
    planned = [each.day for each in plan(pattern, rule, project, at) if each.state == "new"]
    days = [day for day in planned if day not in skipped]
    series.rule = rule.as_json()
    left_out = {*series.skipped, *(day.isoformat() for day in planned if day in skipped)}
    series.skipped = sorted(left_out - {day.isoformat() for day in days})
    if not days:
        return []
    start, parts = _day(pattern, zone), parts_of(pattern)
    made = [
        copy_date(
            pattern,
            event=pattern.event,
            days=(day - start).days,
            zone=zone,
            series_id=series.id,
            series_day=day,
        )
        for day in days
    ]
    db.session.add_all(made)
    db.session.flush()
    for each, day in zip(made, days, strict=True):
        db.session.add_all(copy_parts(parts, each, days=(day - start).days, zone=zone))
        where = {"occurrence_id": each.id, "project_id": each.project_id}
        by = actor.id if actor else None
        db.session.add(LogEntry(**where, step="write", state=State.DRAFT, by=by))
    single.log_step(actor=actor, occurrence=pattern, step="repeat")
    db.session.flush()
    return made


def rewrite(
    *,
    actor: Any,
    project: ProjectRef,
    occurrence: Occurrence,
    draft: Draft,
    at: datetime,
    following: bool,
) -> int:
    """Change one date of a series, which differs from then on, or this and the following; return
    how many. Dates that differ, have begun or are over stay as they are. Raises EventError."""
    zone = ZoneInfo(project.time_zone)
    some = _these(occurrence, project, at, following=following)
    room = _capacities(some)
    before = draft_of(occurrence, room[occurrence.id])
    event = _texts_of(some, before, draft)
    changes = [(occurrence, draft)]
    for each in some[1:]:
        own = draft_of(each, room[each.id])
        changes.append((each, passed_on(before, draft, own, occurrence, zone)))
    for each, its in changes:
        single.rewrite(actor=actor, project=project, occurrence=each, draft=its, at=at, event=event)
    occurrence.differs = occurrence.differs or not following
    db.session.flush()
    return len(some)


def set_conditions(
    *,
    actor: Any,
    project: ProjectRef,
    occurrence: Occurrence,
    wanted: conditions.Conditions,
    at: datetime,
    following: bool,
) -> int:
    """Change the conditions of one date of a series, or of this and the following, each window as
    long before its date; return how many. Raises EventError."""
    some = _these(occurrence, project, at, following=following)
    zone = ZoneInfo(project.time_zone)
    for each in some:
        offset = _day(each, zone) - _day(occurrence, zone)
        windows = {
            tier: replace(terms, opens_at=_shifted(terms.opens_at, offset, zone))
            for tier, terms in wanted.windows.items()
        }
        its = replace(wanted, windows=windows)
        conditions.set_conditions(actor=actor, project=project, occurrence=each, wanted=its, at=at)
    occurrence.differs = occurrence.differs or not following
    db.session.flush()
    return len(some)


def take_step(
    *,
    actor: Any,
    project: ProjectRef,
    occurrence: Occurrence,
    step: str,
    at: datetime,
    reason: str = "",
) -> int:
    """Lead this date and the following on, those from which the step leads; return how many. What
    has begun stays; drafts are put away where the others are called off. Raises EventError."""
    if STEPS[step].reason and not reason:
        raise EventError("NO_REASON", state=occurrence.state)
    taken = 0
    for each in _following(occurrence, project):
        if each.starts_at <= at or (step in ("submit", "approve") and each.closes_at <= at):
            continue
        if each.state in STEPS[step].sources:
            single.take_step(
                actor=actor, project=project, occurrence=each, step=step, at=at, reason=reason
            )
        elif step == "cancel" and each.state == State.DRAFT:
            single.guard(each, (State.DRAFT,), {"state": State.ARCHIVED})
            single.log_step(actor=actor, occurrence=each, step="archive", reason=reason)
        else:
            continue
        taken += 1
    if not taken:
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    return taken


def _lock(pattern: Occurrence, project: ProjectRef, rule: Rule) -> Series:
    """Return the series of a date, made when there is none, its row locked."""
    if pattern.series_id is None:
        series = Series(project_id=project.id, rule=rule.as_json(), skipped=[])
        db.session.add(series)
        db.session.flush()
        day = _day(pattern, ZoneInfo(project.time_zone))
        done = db.session.execute(
            sa.update(Occurrence)
            .where(Occurrence.id == pattern.id, Occurrence.series_id.is_(None))
            .values(series_id=series.id, series_day=day)
            .execution_options(synchronize_session=False)
        )
        if not getattr(done, "rowcount", 0):
            # Somebody was quicker, and theirs is the series.
            db.session.delete(series)
        db.session.flush()
    found = _lock_row(pattern)
    db.session.refresh(pattern)
    return found


def _lock_row(occurrence: Occurrence) -> Series:
    its = sa.select(Occurrence.series_id).where(Occurrence.id == occurrence.id)
    mine = sa.select(Series).where(Series.id == its.scalar_subquery()).with_for_update()
    return db.session.scalars(mine.execution_options(populate_existing=True)).one()


def _following(occurrence: Occurrence, project: ProjectRef) -> list[Occurrence]:
    """Return a date and those of its series that begin later, the series locked."""
    _lock_row(occurrence)
    mine = sa.select(Occurrence).where(
        Occurrence.series_id == occurrence.series_id,
        Occurrence.project_id == project.id,
        sa.or_(Occurrence.starts_at > occurrence.starts_at, Occurrence.id == occurrence.id),
    )
    fresh = mine.order_by(Occurrence.starts_at, Occurrence.id)
    return list(db.session.scalars(fresh.execution_options(populate_existing=True)))


def _these(
    occurrence: Occurrence, project: ProjectRef, at: datetime, *, following: bool
) -> list[Occurrence]:
    found = _following(occurrence, project)
    if occurrence.state not in EDITABLE:
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    if not following:
        return [occurrence]
    others = [each for each in found if each.id != occurrence.id and not each.differs]
    return [
        occurrence,
        *(each for each in others if each.starts_at > at and standing(each, at) in EDITABLE),
    ]


def _capacities(some: list[Occurrence]) -> dict[int, int | None]:
    total = sa.select(Quota.occurrence_id, Quota.capacity).where(
        Quota.key == "total", Quota.occurrence_id.in_([each.id for each in some])
    )
    return {row[0]: row[1] for row in db.session.execute(total)}


def _texts_of(some: list[Occurrence], before: Draft, after: Draft) -> Event | None:
    """Return a new row for texts that other dates do not share; None: each keeps its own."""
    if not texts_changed(before, after):
        return None
    event = some[0].event
    sharing = sa.select(sa.func.count(Occurrence.id)).where(Occurrence.event_id == event.id)
    if len(some) == 1 and db.session.scalar(sharing) == 1:
        return None
    made = copy_event(event)
    for name in TEXTS:
        setattr(made, name, getattr(after, name))
    made.words = after.words()
    db.session.add(made)
    db.session.flush()
    return made


def _days_there(pattern: Occurrence, zone: ZoneInfo) -> set[date]:
    if pattern.series_id is None:
        return {_day(pattern, zone)}
    mine = sa.select(Occurrence.series_day).where(Occurrence.series_id == pattern.series_id)
    return {day for day in db.session.scalars(mine) if day is not None}


def _day(occurrence: Occurrence, zone: ZoneInfo) -> date:
    return occurrence.starts_at.astimezone(zone).date()


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _shifted(at: datetime, offset: timedelta, zone: ZoneInfo) -> datetime:
    return (_local(at, zone) + offset).replace(tzinfo=zone)
