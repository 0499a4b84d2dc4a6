"""The clocks of a case: started, paused, judged once; and what its queue is sorted by.

Whoever calls holds the case's lock, and `at` was read after it.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from plugins.complaints.models import Case, Clock, DayRule
from plugins.complaints.working import Calendar, hours
from portal.sdk import ProjectRef, db, plugin_settings

FIRST_REPLY, UPDATE, RESOLUTION = "first_reply", "update", "resolution"


def calendar_of(project: ProjectRef) -> Calendar:
    """Return the working calendar of a project: its hours, and its city's own days."""
    settings = plugin_settings("complaints", project)
    rows = db.session.scalars(sa.select(DayRule).where(DayRule.project_id == project.id))
    return Calendar(
        time_zone=project.time_zone,
        periods=hours(
            settings["opens"], settings["closes"], settings["break_from"], settings["break_until"]
        ),
        own_days={row.day: (row.working, row.note) for row in rows},
    )


def start(case: Case, kind: str, minutes: int, at: datetime, calendar: Calendar) -> Clock:
    """Start a clock of business minutes; an unended one of its kind must not be there."""
    turn = db.session.scalar(
        sa.select(sa.func.max(Clock.turn)).where(Clock.case_id == case.id, Clock.kind == kind)
    )
    found = calendar.deadline(at, minutes)
    made = Clock(
        case_id=case.id,
        project_id=case.project_id,
        kind=kind,
        turn=(turn or 0) + 1,
        budget=minutes,
        started_at=at,
        runs_from=at,
        due_at=found.due_at,
        provisional=found.provisional,
        calendar=found.mark,
        lines=list(found.lines),
        created_at=at,
    )
    db.session.add(made)
    refresh_due(case)
    return made


def open_clocks(case: Case) -> Sequence[Clock]:
    """Return the clocks that are not ended, judged or not."""
    mine = sa.select(Clock).where(Clock.case_id == case.id, Clock.ended_at.is_(None))
    return db.session.scalars(mine.order_by(Clock.id)).all()


def end(case: Case, kind: str, at: datetime, *, judged: bool = True) -> Clock | None:
    """End the open clock of a kind and return it when it was late and nobody had noticed yet.

    What came exactly at the deadline is in time. A paused one is judged by when it was paused.
    """
    for clock in open_clocks(case):
        if clock.kind != kind:
            continue
        late = False
        if judged and clock.breached_at is None:
            late = (clock.paused_at or at) > clock.due_at
            if late:
                clock.breached_at = clock.due_at
            else:
                clock.met_at = clock.paused_at or at
        clock.ended_at, clock.running = at, False
        refresh_due(case)
        return clock if late else None
    return None


def pause(case: Case, at: datetime, calendar: Calendar) -> Clock | None:
    """Stop the clock of the resolution while the owner has to answer; tell as `end` does."""
    for clock in open_clocks(case):
        if clock.kind != RESOLUTION or clock.paused_at is not None:
            continue
        clock.paused_at, clock.running = at, False
        clock.used += calendar.minutes_between(clock.runs_from, at)
        refresh_due(case)
        if clock.breached_at is None and at > clock.due_at:
            clock.breached_at = clock.due_at
            return clock
    return None


def resume(case: Case, at: datetime, calendar: Calendar) -> None:
    """Let the clock of the resolution run on with the time that is left, one minute at least."""
    for clock in open_clocks(case):
        if clock.kind != RESOLUTION or clock.paused_at is None:
            continue
        clock.lines = [*clock.lines, _pause_line(clock.paused_at, at)]
        clock.paused_at, clock.runs_from = None, at
        if clock.breached_at is None:
            clock.running = True
            found = calendar.deadline(at, max(clock.budget - clock.used, 1))
            clock.due_at, clock.provisional = found.due_at, found.provisional
            clock.calendar = found.mark
            clock.lines = [*clock.lines, *found.lines]
    refresh_due(case)


def recompute(clock: Clock, calendar: Calendar) -> bool:
    """Give a running clock the deadline of a changed calendar; tell whether it changed.

    What was judged, paused or ended stays as it was.
    """
    if not clock.running or calendar.mark(clock.runs_from, clock.due_at) == clock.calendar:
        return False
    _reckon(clock, calendar)
    return True


def extend(case: Case, minutes: int, at: datetime, calendar: Calendar) -> Clock | None:
    """Give the clock of the resolution more business minutes; None when it was missed or ended."""
    for clock in open_clocks(case):
        late = clock.running and at > clock.due_at
        if clock.kind == RESOLUTION and clock.breached_at is None and not late:
            clock.budget += minutes
            if clock.running:
                _reckon(clock, calendar)
            refresh_due(case)
            return clock
    return None


def _reckon(clock: Clock, calendar: Calendar) -> None:
    found = calendar.deadline(clock.runs_from, max(clock.budget - clock.used, 1))
    # The part before the last pause was told with the calendar of its time.
    pauses = [at for at, line in enumerate(clock.lines) if line["why"] == "paused"]
    before = clock.lines[: pauses[-1] + 1] if pauses else []
    clock.lines = [*before, *found.lines]
    clock.due_at, clock.provisional, clock.calendar = found.due_at, found.provisional, found.mark


def refresh_due(case: Case) -> None:
    """Write the next deadline of the open clocks on the case."""
    db.session.flush()
    case.due_at = db.session.scalar(
        sa.select(sa.func.min(Clock.due_at)).where(
            Clock.case_id == case.id, Clock.ended_at.is_(None), Clock.paused_at.is_(None)
        )
    )


def _pause_line(since: datetime, until: datetime) -> dict[str, str]:
    return {
        "day": since.isoformat(),
        "until_day": until.isoformat(),
        "why": "paused",
        "note": "",
    }
