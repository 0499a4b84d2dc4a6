"""What deadlines do: late clocks raise a case, pauses and proposals run out."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from plugins.complaints import clocks
from plugins.complaints.casework import database_now, lock, take
from plugins.complaints.models import Case, Clock
from plugins.complaints.states import CLOSED, By, Level, State, above, chain
from plugins.complaints.subscribing.service import spread
from plugins.complaints.telling import tell
from portal.sdk import ProjectRef, db, emit, plugin_settings


def levels_of(project: ProjectRef) -> tuple[Level, ...]:
    """Return the levels that the project has."""
    return chain(plugin_settings("complaints", project)["levels"])


def late(case: Case, project: ProjectRef, clock: Clock, at: datetime) -> None:
    """Note a breach that is written on the clock, and raise the case a level for it."""
    higher = above(case.level, levels_of(project))
    facts = {"clock": clock.kind, "turn": clock.turn, "due": clock.due_at.isoformat()}
    take(case, "breach", by=By.CLOCK, at=at, level=higher, facts=facts)
    if higher is not None:
        risen(case, project)


def risen(case: Case, project: ProjectRef) -> None:
    """Tell that a case is another level's now."""
    case.assignee_id, case.assignee = None, ""
    tell(case, project, "escalated")
    emit(
        kind="complaints.escalated",
        project_id=project.id,
        subject=("complaints_case", case.public_id),
        data={"level": int(case.level)},
    )


def ring(*, case_id: int, clock_id: int, project: ProjectRef) -> bool:
    """Judge a clock whose time may be up; tell whether it was breached, which happens once."""
    case = lock(case_id)
    at = database_now()
    clock = db.session.get_one(Clock, clock_id, populate_existing=True)
    if not clock.running or at <= clock.due_at:
        return False
    clock.breached_at, clock.running = clock.due_at, False
    late(case, project, clock, at)
    return True


def owner_answered(
    case: Case, project: ProjectRef, at: datetime, *, by: By, account_id: int | None = None
) -> None:
    """End the wait for the owner: the clocks run on. The case is locked."""
    take(case, "answer", by=by, at=at, account_id=account_id)
    if case.paused_at is not None:
        case.pause_seconds += int((at - case.paused_at).total_seconds())
    case.paused_at, case.waits_until = None, None
    run_on(case, project, at)


def run_on(case: Case, project: ProjectRef, at: datetime) -> None:
    """Let the resolution's clock run on, and wait for the next report of progress."""
    calendar = clocks.calendar_of(project)
    clocks.resume(case, at, calendar)
    hours = plugin_settings("complaints", project)["update_hours"]
    clocks.end(case, clocks.UPDATE, at, judged=False)
    clocks.start(case, clocks.UPDATE, hours * 60, at, calendar)


def run_out(*, case_id: int, project: ProjectRef) -> bool:
    """End what the owner had time for: a pause is over, a proposal has lapsed. Tell whether."""
    case = lock(case_id)
    at = database_now()
    if case.waits_until is None or at < case.waits_until:
        return False
    if case.state == State.WAITING_OWNER:
        owner_answered(case, project, at, by=By.CLOCK)
    elif case.state == State.PROPOSED:
        take(case, "lapse", by=By.CLOCK, at=at)
        days = plugin_settings("complaints", project)["reopen_days"]
        close(case, project, at)
        case.waits_until = at + timedelta(days=days)
        tell(case, project, "lapsed", until=case.waits_until)
    else:
        case.waits_until = None
    return True


def close(case: Case, project: ProjectRef, at: datetime) -> None:
    """End the clocks of a case that is over, however it ended; the case is locked."""
    case.closed_at, case.waits_until, case.paused_at = at, None, None
    judged = case.state in CLOSED
    for kind in (clocks.FIRST_REPLY, clocks.UPDATE, clocks.RESOLUTION):
        clocks.end(case, kind, at, judged=judged and kind == clocks.RESOLUTION)
    clocks.refresh_due(case)
    spread(case)
    emit(
        kind="complaints.closed",
        project_id=project.id,
        subject=("complaints_case", case.public_id),
        data={"state": str(case.state)},
    )


def ringing(projects: Collection[int], at: datetime, limit: int) -> list[tuple[int, int, int]]:
    """Return (case, clock, project) of clocks of these projects whose time is up."""
    mine = sa.select(Clock.case_id, Clock.id, Clock.project_id).where(
        Clock.running.is_(True), Clock.due_at < at, Clock.project_id.in_(projects)
    )
    rows = db.session.execute(mine.order_by(Clock.due_at, Clock.id).limit(limit))
    return [(row[0], row[1], row[2]) for row in rows]


def running_out(projects: Collection[int], at: datetime, limit: int) -> list[tuple[int, int]]:
    """Return (case, project) of cases of these projects whose owner had time until now."""
    mine = sa.select(Case.id, Case.project_id).where(
        Case.state.in_((State.WAITING_OWNER, State.PROPOSED)),
        Case.waits_until <= at,
        Case.project_id.in_(projects),
    )
    rows = db.session.execute(mine.order_by(Case.waits_until, Case.id).limit(limit))
    return [(row[0], row[1]) for row in rows]
