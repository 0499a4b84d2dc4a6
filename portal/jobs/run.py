"""One attempt at one job: the effect and "done" are one transaction."""

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import g, has_app_context
from sqlalchemy.orm import Session

from portal import clock
from portal.columns import storable
from portal.extensions import db
from portal.jobs import leasing
from portal.jobs.models import JobRow, JobState
from portal.jobs.registry import TryAgainError, known
from portal.masking import masked

_log = logging.getLogger("portal.jobs")


class SkippedError(Exception):
    """A handler says that there is nothing to do (any more); the text says why."""


class LeaseLostError(BaseException):
    """Another runner has the job, or it was cancelled: nothing may be written. Not an Exception,
    so that no handler takes it for a failure of its own."""


class HandedOverError(BaseException):
    """The process is asked to end: the rest of the job is for another runner."""


class Run:
    """A job as its handler sees it, see portal.jobs.registry.JobRun."""

    def __init__(
        self, job: JobRow, owner: str, lease: timedelta, stopping: Callable[[], bool]
    ) -> None:
        self.job, self.owner, self.lease, self.stopping = job, owner, lease, stopping
        self.payload: Mapping[str, Any] = job.payload
        self.done = job.done
        self.last_sign = time.monotonic()
        self.may_commit = False

    @property
    def id(self) -> int:
        """The job's id."""
        return self.job.id

    @property
    def project_id(self) -> int | None:
        """The project that it is for."""
        return self.job.project_id

    @property
    def is_last_attempt(self) -> bool:
        """Whether the job is given up if this attempt fails."""
        return self.job.attempts >= known()[self.job.kind].max_attempts

    def checkpoint(
        self,
        *,
        done: int | None = None,
        total: int | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> None:
        """Commit what was written so far, with the progress, and keep the job for longer.

        Raises LeaseLostError when the job is no longer ours, HandedOverError when the process is
        asked to end.
        """
        values: dict[str, Any] = {}
        if done is not None:
            values["done"] = done
            if done > self.done:
                # It gets on: what went wrong before does not count any more.
                values["attempts"] = 1
        if total is not None:
            values["total"] = total
        if payload is not None:
            values["payload"] = dict(payload)
        if not leasing.keep(self.id, self.owner, self.lease, **values):
            raise LeaseLostError
        self.commit()
        self.job.attempts = values.get("attempts", self.job.attempts)
        self.done = self.done if done is None else done
        self.payload = self.payload if payload is None else payload
        self.last_sign = time.monotonic()
        if self.stopping():
            raise HandedOverError

    def commit(self) -> None:
        """Commit for the runner: the handler's own commits are refused."""
        self.may_commit = True
        try:
            db.session.commit()
        finally:
            self.may_commit = False


@sa.event.listens_for(db.session, "before_commit")
def _only_the_runner_commits(session: Session) -> None:
    run: Run | None = g.get("job_run") if has_app_context() else None
    if run is not None and not run.may_commit and not session.in_nested_transaction():
        raise RuntimeError("a job's handler does not commit: see run.checkpoint()")


def work(run: Run) -> JobState | None:
    """Make one attempt, in an application context of its own; return how it ended, None when the
    job was lost to another runner."""
    g.request_id = secrets.token_hex(8)
    try:
        with _handling(run):
            known()[run.job.kind].handler(run)
            if not leasing.settle(run.id, run.owner, JobState.DONE):
                raise LeaseLostError
            run.commit()
    except LeaseLostError:
        db.session.rollback()
        _log.warning("job %s (%d) was lost to another runner, or cancelled", run.job.kind, run.id)
        return None
    except HandedOverError:
        db.session.rollback()
        attempts = max(run.job.attempts - 1, 0)
        leasing.settle(run.id, run.owner, JobState.WAITING, attempts=attempts, due_at=clock.now())
        ended = JobState.WAITING
    except SkippedError as reason:
        db.session.rollback()
        leasing.settle(
            run.id, run.owner, JobState.SKIPPED, error=storable(masked(str(reason)))[:300]
        )
        ended = JobState.SKIPPED
    except (Exception, SystemExit) as error:
        db.session.rollback()
        if isinstance(error, TryAgainError):
            why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            _log.warning("job %s (%d) failed: %s", run.job.kind, run.id, why)
        else:
            _log.error("job %s (%d) failed", run.job.kind, run.id, exc_info=error)
        leasing.settle_failure(run.job, run.owner, error, g.request_id)
        ended = JobState.FAILED
    else:
        return JobState.DONE
    db.session.commit()
    return ended


@contextmanager
def _handling(run: Run) -> Iterator[None]:
    g.job_run = run
    try:
        yield
    finally:
        g.pop("job_run", None)
