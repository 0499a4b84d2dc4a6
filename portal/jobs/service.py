"""Asking for work: in the caller's transaction, so that it is asked for only if that commits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal import clock
from portal.columns import new_public_id
from portal.extensions import db
from portal.jobs import waking
from portal.jobs.models import JobRow, JobState
from portal.jobs.registry import known
from portal.jobs.statements import insert_new


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
    at = clock.now()
    row = {
        "public_id": new_public_id(),
        "kind": kind,
        "key": key,
        "project_id": project_id,
        "plugin": found.plugin,
        "payload": dict(payload or {}),
        "state": JobState.WAITING,
        "due_at": run_at or at,
        "attempts": 0,
        "done": 0,
        "error": "",
        "traceback": "",
        "reference": "",
        "created_at": at,
    }
    insert_new(JobRow, [row])
    waking.after_commit(db.session())
