"""What staff do with a series: make its dates, change one or this and the following, lead them on.

Whoever changes a series locks its row first, so that two never make the same date and none waits
for the other over seats.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from plugins.events import conditions
from plugins.events import service as single
from plugins.events.errors import EventError
from plugins.events.models import Event, LogEntry, Occurrence, Quota
from plugins.events.series.acts import Act, Rewrite, SetConditions, TakeStep, day_of
from plugins.events.series.changing import carry_out, refuse_others
from plugins.events.series.copying import copy_date, copy_event, copy_parts, parts_of
from plugins.events.series.models import Series
from plugins.events.series.passing_on import TEXTS, draft_of, texts_changed
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
    start, parts = day_of(pattern, zone), parts_of(pattern)
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
    how many (see changing.py). Dates that differ, have begun or are over stay as they are. Raises
    EventError."""
    some = _following(occurrence, project)
    before = draft_of(occurrence, _capacity(occurrence))
    some = _these(some, Rewrite(before, draft, None), at, following=following)
    event = _texts_of(some, before, draft)
    act = Rewrite(before, draft, event.id if event else None)
    return _change(actor, project, act, some, at, following=following)


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
    act = SetConditions(wanted)
    some = _these(_following(occurrence, project), act, at, following=following)
    return _change(actor, project, act, some, at, following=following)


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
    act = TakeStep(step, reason)
    some = [each for each in _following(occurrence, project) if act.fits(each, at)]
    if not some:
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    return carry_out(actor=actor, project=project, pattern=occurrence, act=act, dates=some, at=at)


def _change(
    actor: Any,
    project: ProjectRef,
    act: Act,
    some: list[Occurrence],
    at: datetime,
    *,
    following: bool,
) -> int:
    first = some[0]
    many = carry_out(actor=actor, project=project, pattern=first, act=act, dates=some, at=at)
    first.differs = first.differs or not following
    db.session.flush()
    return many


def _lock(pattern: Occurrence, project: ProjectRef, rule: Rule) -> Series:
    """Return the series of a date, made when there is none, its row locked."""
    if pattern.series_id is None:
        series = Series(project_id=project.id, rule=rule.as_json(), skipped=[])
        db.session.add(series)
        db.session.flush()
        day = day_of(pattern, ZoneInfo(project.time_zone))
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
    found = db.session.scalars(mine.execution_options(populate_existing=True)).one()
    refuse_others(found.id, occurrence.state)
    return found


def _following(occurrence: Occurrence, project: ProjectRef) -> list[Occurrence]:
    """Return a date and those of its series that begin later, the series locked."""
    _lock_row(occurrence)
    mine = sa.select(Occurrence).where(
        Occurrence.series_id == occurrence.series_id,
        Occurrence.project_id == project.id,
        sa.or_(Occurrence.starts_at > occurrence.starts_at, Occurrence.id == occurrence.id),
    )
    # The first is the one at hand, whatever begins at the same time.
    fresh = mine.order_by(Occurrence.starts_at, Occurrence.id != occurrence.id, Occurrence.id)
    return list(db.session.scalars(fresh.execution_options(populate_existing=True)))


def _these(found: list[Occurrence], act: Act, at: datetime, *, following: bool) -> list[Occurrence]:
    first = found[0]
    if first.state not in EDITABLE:
        raise EventError("ILLEGAL_STEP", state=first.state)
    return [first, *(each for each in found[1:] if following and act.fits(each, at))]


def _capacity(occurrence: Occurrence) -> int | None:
    total = Quota.key == "total", Quota.occurrence_id == occurrence.id
    return db.session.scalar(sa.select(Quota.capacity).where(*total))


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
        return {day_of(pattern, zone)}
    mine = sa.select(Occurrence.series_day).where(Occurrence.series_id == pattern.series_id)
    return {day for day in db.session.scalars(mine) if day is not None}
