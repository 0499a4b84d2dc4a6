"""Who works on which job: a runner has a job for the time of a lease, and says so again.

Whatever a runner writes about its job is guarded by its name, in the transaction of the job's
effect: a runner that was taken for dead finds its job gone, and its effect is rolled back.
"""

import logging
import secrets
import traceback
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.columns import storable
from portal.extensions import db
from portal.jobs.models import JobRow, JobState
from portal.jobs.registry import known
from portal.masking import masked

LEASE = timedelta(seconds=60)
LONGEST_LEASE = timedelta(hours=1)
FIRST_WAIT = 10.0
LONGEST_WAIT = 3600.0
MOST_CHARACTERS = 8000
_log = logging.getLogger("portal.jobs")
# Written out, not bound: only so PostgreSQL can tell that the partial index will do.
_OPEN = sa.text("job.state IN ('waiting', 'running')")


def due(kinds: Collection[str]) -> sa.Select[tuple[JobRow]]:
    """Select the jobs that a runner may take: due, or left by a runner whose lease ended.

    A lease that ends later than any can was written by a clock that was put back since.
    """
    now = clock.now()
    put_back = sa.and_(JobRow.state == JobState.RUNNING, JobRow.due_at > now + 2 * LONGEST_LEASE)
    return sa.select(JobRow).where(
        _OPEN, sa.or_(JobRow.due_at <= now, put_back), JobRow.kind.in_(kinds)
    )


def claim(owner: str, kinds: Collection[str], lease: timedelta) -> JobRow | None:
    """Take the job that has been due for longest, and commit; None when there is none."""
    while True:
        job = db.session.scalar(
            due(kinds)
            .order_by(JobRow.due_at, JobRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        if job is None:
            db.session.rollback()
            return None
        if job.state == JobState.RUNNING:
            _log.warning("job %s: the runner %s is gone", job.kind, job.lease_owner)
            if job.attempts >= known()[job.kind].max_attempts:
                _bury(job)
                continue
        job.state, job.lease_owner = JobState.RUNNING, owner
        job.attempts += 1
        job.started_at = clock.now()
        job.due_at = job.started_at + lease
        db.session.commit()
        db.session.expunge(job)
        return job


def _bury(job: JobRow) -> None:
    job.state, job.lease_owner, job.finished_at = JobState.FAILED, None, clock.now()
    job.error = "its runner ended in the middle, every time"
    job.reference = secrets.token_hex(8)
    db.session.commit()


def keep(job_id: int, owner: str, lease: timedelta, **values: Any) -> bool:
    """Renew a lease in the session's transaction; False when the job is no longer the owner's."""
    return _update(job_id, owner, due_at=clock.now() + lease, **values)


def settle(job_id: int, owner: str, state: JobState, **values: Any) -> bool:
    """End a run in the session's transaction; False when the job is no longer the owner's."""
    finished = None if state is JobState.WAITING else clock.now()
    return _update(job_id, owner, state=state, lease_owner=None, finished_at=finished, **values)


def settle_failure(job: JobRow, owner: str, error: BaseException, reference: str) -> None:
    """Note why an attempt failed, and when the next one is due; after the last there is none."""
    dead = job.attempts >= known()[job.kind].max_attempts
    settle(
        job.id,
        owner,
        JobState.FAILED if dead else JobState.WAITING,
        due_at=clock.now() + wait_after(job.attempts),
        error=storable(masked(" ".join(f"{type(error).__name__}: {error}".split())))[:300],
        traceback=storable(masked("".join(traceback.format_exception(error))))[-MOST_CHARACTERS:],
        reference=reference,
    )


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: twice as long each time, give or take a
    quarter, so that what failed together does not come back together."""
    seconds = min(FIRST_WAIT * 2.0 ** (attempts - 1), LONGEST_WAIT)
    return timedelta(seconds=seconds * (0.75 + secrets.randbelow(501) / 1000))


def renew(job_id: int, owner: str, until: datetime) -> None:
    """Renew a lease on a connection of its own, beside the handler's transaction."""
    with db.engine.begin() as connection:
        connection.execute(
            sa.update(JobRow.__table__)
            .where(JobRow.id == job_id, JobRow.lease_owner == owner)
            .values(due_at=until)
        )


def _update(job_id: int, owner: str, **values: Any) -> bool:
    changed = db.session.execute(
        sa.update(JobRow)
        .where(JobRow.id == job_id, JobRow.lease_owner == owner)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]
