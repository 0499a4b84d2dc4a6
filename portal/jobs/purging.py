"""Deleting what is past its time, a batch at a time, so that no lock is held for long."""

from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.jobs.registry import JobRun

BATCH = 1000


def purge(run: JobRun, model: Any, *conditions: sa.ColumnElement[bool], batch: int = BATCH) -> int:
    """Delete the rows that fulfil every condition, committing each batch; return how many."""
    purged = 0
    while deleted := delete_batch(model, *conditions, batch=batch):
        purged += deleted
        run.checkpoint(done=run.done + deleted)
    return purged


def delete_batch(model: Any, *conditions: sa.ColumnElement[bool], batch: int = BATCH) -> int:
    """Delete at most `batch` such rows in the session's transaction; return how many."""
    ids = list(db.session.scalars(sa.select(model.id).where(*conditions).limit(batch)))
    if not ids:
        return 0
    gone = db.session.execute(
        sa.delete(model)
        .where(model.id.in_(ids), *conditions)
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
