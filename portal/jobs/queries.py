"""Reading the queue: what waits, what runs, what is given up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from portal import clock
from portal.extensions import db
from portal.jobs.leasing import due
from portal.jobs.models import JobRow, JobState
from portal.jobs.registry import known
from portal.pagination import Page, page_of

MOST_KINDS = 20
LATE = timedelta(minutes=10)
"""A job that has been due for so long says that no runner works."""


COUNTED = (JobState.FAILED, JobState.RUNNING, JobState.WAITING)
"""The states that are looked after; how many were done in two weeks nobody needs to know."""


@dataclass(frozen=True)
class JobFilter:
    """Which jobs to list; `kind` is part of a kind's name, in any case."""

    state: str = ""
    kind: str = ""

    def args(self, **changes: str | None) -> dict[str, str]:
        """Return the conditions as arguments of an address, with changes."""
        given = {"state": self.state, "q": self.kind, **changes}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Standing:
    """How many jobs are in each counted state, and since when the oldest due one waits."""

    counts: Mapping[str, int]
    oldest_due: datetime | None

    @property
    def late(self) -> bool:
        """Tell whether what is due has waited so long that no runner can be at work."""
        return self.oldest_due is not None and self.oldest_due < clock.now() - LATE


def standing() -> Standing:
    """Count the jobs that somebody may have to look after; two statements."""
    rows = db.session.execute(
        sa.select(JobRow.state, sa.func.count())
        .where(JobRow.state.in_(COUNTED))
        .group_by(JobRow.state)
    )
    return Standing({row.state: row[1] for row in rows}, oldest_due())


def oldest_due() -> datetime | None:
    """Return since when the job that has been due for longest waits, or its runner is gone.

    Of the kinds known here: what an uninstalled plugin left says nothing about the runners.
    """
    found = due(known()).order_by(JobRow.due_at, JobRow.id).limit(1)
    return db.session.scalar(found.with_only_columns(JobRow.due_at))


def is_late() -> bool:
    """Tell whether what is due has waited so long that no runner can be at work."""
    oldest = oldest_due()
    return oldest is not None and oldest < clock.now() - LATE


def jobs_page(wanted: JobFilter) -> Page[JobRow]:
    """Return a page of the jobs that `wanted` chooses, the newest first."""
    return page_of(jobs_of(wanted), JobRow.created_at, JobRow.id, descending=True)


def jobs_of(wanted: JobFilter) -> sa.Select[tuple[JobRow]]:
    """Select the jobs that `wanted` chooses."""
    statement = sa.select(JobRow)
    if wanted.state:
        statement = statement.where(JobRow.state == wanted.state)
    if wanted.kind:
        statement = statement.where(JobRow.kind.icontains(wanted.kind, autoescape=True))
    return statement


def find_job(public_id: str) -> JobRow | None:
    """Return one job."""
    return db.session.scalar(sa.select(JobRow).where(JobRow.public_id == public_id))


def dead_kinds() -> list[tuple[str, int]]:
    """Return the kinds with dead letters and how many each has, the most first."""
    number = sa.func.count()
    rows = db.session.execute(
        sa.select(JobRow.kind, number)
        .where(JobRow.state == JobState.FAILED)
        .group_by(JobRow.kind)
        .order_by(number.desc(), JobRow.kind)
        .limit(MOST_KINDS)
    )
    return [(row.kind, row[1]) for row in rows]


def dead_letters(kind: str, limit: int) -> list[JobRow]:
    """Return jobs of one kind that were given up, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(JobRow)
            .where(JobRow.state == JobState.FAILED, JobRow.kind == kind)
            .order_by(JobRow.created_at, JobRow.id)
            .limit(limit)
        )
    )
