"""This date and the following: a few at once, more of them bit by bit in a job.

A job takes the dates in their order, some of them in each transaction with how far it has come, so
that one that is interrupted goes on where it was. Meanwhile the series is not changed otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from plugins.events.series.acts import Act, act_of
from plugins.events.series.models import SeriesChange
from plugins.events.service import log_step
from portal.sdk import JobRun, ProjectRef, db, enqueue, find_projects, now

AT_ONCE = 30
"""So many dates are changed while somebody waits."""
SERIES_JOB = "events.change_series"
_BATCH = 10


@dataclass(frozen=True)
class _By:
    """Who asked for it, as the trail knows them."""

    id: int


def carry_out(
    *,
    actor: Any,
    project: ProjectRef,
    pattern: Occurrence,
    act: Act,
    dates: Sequence[Occurrence],
    at: datetime,
) -> int:
    """Do it to these dates, or to the first and leave the others to a job; return how many. The
    series is locked. Raises EventError."""
    here = dates if len(dates) <= AT_ONCE else dates[:1]
    for each in here:
        act.carry_out(actor=actor, project=project, pattern=pattern, each=each, at=at)
    if len(dates) > AT_ONCE:
        change = SeriesChange(
            project_id=project.id,
            series_id=pattern.series_id,
            occurrence_id=pattern.id,
            act=act.as_json(),
            targets=[each.id for each in dates[1:]],
            by=actor.id,
        )
        db.session.add(change)
        db.session.flush()
        enqueue(
            kind=SERIES_JOB,
            payload={"change": change.id},
            project_id=project.id,
            key=f"{SERIES_JOB}:{change.public_id}",
        )
    return len(dates)


def pass_on(run: JobRun) -> None:
    """Do to the dates that follow what was done to the first; the job of a change."""
    while (change := _locked(run.payload["change"])) is not None:
        project = find_projects([change.project_id])[change.project_id]
        pattern, act = db.session.get_one(Occurrence, change.occurrence_id), act_of(change.act)
        some = change.targets[change.done : change.done + _BATCH]
        for each in _dates(some):
            if not _done(act, change, project, pattern, each):
                change.passed_over += 1
        change.done += len(some)
        if change.done >= len(change.targets):
            change.finished_at = now()
        run.checkpoint(done=change.done, total=len(change.targets))


def stop(*, actor: Any, occurrence: Occurrence) -> None:
    """End a change that is under way; what is changed stays so. Nothing happens without one."""
    ended = db.session.execute(
        sa.update(SeriesChange)
        .where(SeriesChange.series_id == occurrence.series_id, SeriesChange.finished_at.is_(None))
        .values(finished_at=now())
        .execution_options(synchronize_session=False)
    )
    if getattr(ended, "rowcount", 0):
        log_step(actor=actor, occurrence=occurrence, step="stop")


def refuse_others(series_id: int, state: str) -> None:
    """Raise EventError CHANGING while a change of the series is under way; its row is locked."""
    going = sa.select(SeriesChange.id).where(
        SeriesChange.series_id == series_id, SeriesChange.finished_at.is_(None)
    )
    if db.session.scalar(going) is not None:
        raise EventError("CHANGING", state=state)


def _done(
    act: Act, change: SeriesChange, project: ProjectRef, pattern: Occurrence, each: Occurrence
) -> bool:
    at = now()
    if not act.fits(each, at):
        return False
    try:
        act.carry_out(actor=_By(change.by), project=project, pattern=pattern, each=each, at=at)
    except EventError:
        # Refused before anything was written; the others go on.
        return False
    return True


def _locked(number: int) -> SeriesChange | None:
    mine = sa.select(SeriesChange).where(
        SeriesChange.id == number, SeriesChange.finished_at.is_(None)
    )
    fresh = mine.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(fresh)


def _dates(ids: Sequence[int]) -> list[Occurrence]:
    mine = sa.select(Occurrence).where(Occurrence.id.in_(ids))
    found = db.session.scalars(mine.execution_options(populate_existing=True))
    return sorted(found, key=lambda each: (each.starts_at, each.id))
