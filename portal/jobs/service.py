"""Asking for work: in the caller's transaction, so that it is asked for only if that commits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.columns import new_public_id
from portal.database.statements import insert_new
from portal.extensions import db
from portal.jobs import waking
from portal.jobs.models import JobRow, JobState
from portal.jobs.registry import Job, known


def enqueue(
    *,
    kind: str,
    payload: Mapping[str, Any] | None = None,
    project_id: int | None = None,
    key: str | None = None,
    run_at: datetime | None = None,
) -> None:
    """Ask for a job when the caller's transaction commits; with a `key` that was used, for nothing.

    `payload`: ids and numbers, no personal data: staff may read it. `run_at`: aware UTC, not
    before then. Raises ValueError for a kind that nobody handles.
    """
    found = known().get(kind)
    if found is None:
        raise ValueError(f"no handler is registered for the job {kind!r}")
    insert_new(
        JobRow,
        [
            new_row(
                found, payload=payload or {}, project_id=project_id, key=key,
                due_at=run_at or clock.now(),
            )
        ],
    )  # fmt: skip
    waking.after_commit(db.session())


def enqueue_many(
    *,
    kind: str,
    wanted: Sequence[Mapping[str, Any]],
    project_id: int | None = None,
    run_at: datetime | None = None,
) -> None:
    """Ask for a job for each payload in `wanted`, which gives its `key` too."""
    found = known()[kind]
    rows = [
        new_row(
            found, payload={k: v for k, v in each.items() if k != "key"}, project_id=project_id,
            key=each["key"], due_at=run_at or clock.now(),
        )
        for each in wanted
    ]  # fmt: skip
    insert_new(JobRow, rows)
    waking.after_commit(db.session())


def new_row(
    job: Job, *, payload: Mapping[str, Any], project_id: int | None, key: str | None,
    due_at: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Return the row of a job that waits."""
    return {
        "public_id": new_public_id(),
        "kind": job.kind,
        "key": key,
        "project_id": project_id,
        "plugin": job.plugin,
        "payload": dict(payload),
        "state": JobState.WAITING,
        "due_at": due_at,
        "attempts": 0,
        "done": 0,
        "error": "",
        "traceback": "",
        "reference": "",
        "created_at": clock.now(),
    }


def retry(*, job: JobRow) -> None:
    """Let a dead letter, or a cancelled job, be tried again from where it stands.

    Raises JobStateError.
    """
    _move(
        job,
        (JobState.FAILED, JobState.CANCELLED),
        state=JobState.WAITING,
        due_at=clock.now(),
        attempts=0,
        finished_at=None,
    )
    waking.after_commit(db.session())


def cancel(*, job: JobRow) -> None:
    """Give a job up. One that runs cannot commit any more: its runner has lost it.

    Raises JobStateError.
    """
    _move(
        job,
        (JobState.WAITING, JobState.RUNNING, JobState.FAILED),
        state=JobState.CANCELLED,
        lease_owner=None,
        finished_at=clock.now(),
    )


class JobStateError(Exception):
    """The job is not in a state from which this can be done; `state` is where it stands."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


def _move(job: JobRow, among: tuple[JobState, ...], **values: Any) -> None:
    changed = db.session.execute(
        sa.update(JobRow)
        .where(JobRow.id == job.id, JobRow.state.in_(among))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(job)
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise JobStateError(job.state)
