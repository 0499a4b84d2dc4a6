"""Clearing away jobs that ended."""

from datetime import datetime, time, timedelta

import sqlalchemy as sa

from portal import clock
from portal.jobs.models import JobRow, JobState
from portal.jobs.purging import purge
from portal.jobs.registry import JobRun, job

KEPT = timedelta(days=14)
"""Longer than the longest period: the row of a slot is the mark that it ran."""
DEAD_LETTERS_KEPT = timedelta(days=90)


@job("jobs.prune", at=time(3, 10), long=True)
def prune_jobs(run: JobRun) -> None:
    """Delete jobs that ended long ago; dead letters are kept for longer."""
    for condition in prunable(clock.now()):
        purge(run, JobRow, condition)


def prunable(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return what to delete as conditions, each of which the index on state and time serves."""
    return tuple(
        sa.and_(
            JobRow.state == state,
            JobRow.created_at < now - kept,
            JobRow.finished_at < now - kept,
        )
        for state, kept in (
            (JobState.DONE, KEPT),
            (JobState.SKIPPED, KEPT),
            (JobState.CANCELLED, KEPT),
            (JobState.FAILED, DEAD_LETTERS_KEPT),
        )
    )
