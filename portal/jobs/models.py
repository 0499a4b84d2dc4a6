"""Work that is done after the request: the queue is a table of the portal's own database."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import Identified, UtcDateTime, foreign_key, one_of
from portal.extensions import db


class JobState(StrEnum):
    """Where a job stands. `failed` is a dead letter: staff read it, and try again or cancel."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATES = (JobState.WAITING, JobState.RUNNING)
_OPEN = sa.text("state IN ('waiting', 'running')")


class JobRow(Identified, db.Model):
    """One piece of work. `due_at`: when a runner may take it, which is the end of the lease while
    one has it; `key`: what it is done for, so that it is asked for once."""

    __tablename__ = "job"
    __table_args__ = (
        one_of("state", JobState),
        sa.CheckConstraint(
            "(state = 'running') = (lease_owner IS NOT NULL)", name="running_has_owner"
        ),
        sa.Index("ix_job_due", "due_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("ix_job_state_created_at_id", "state", "created_at", "id"),
    )

    kind: Mapped[str] = mapped_column(sa.String(80))
    key: Mapped[str | None] = mapped_column(sa.String(160), unique=True)
    project_id: Mapped[int | None] = foreign_key("project.id")
    plugin: Mapped[str | None] = mapped_column(sa.String(20))
    payload: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)
    state: Mapped[str] = mapped_column(sa.String(12), default=JobState.WAITING)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_owner: Mapped[str | None] = mapped_column(sa.String(60))
    attempts: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    error: Mapped[str] = mapped_column(sa.String(300), default="")
    traceback: Mapped[str] = mapped_column(sa.Text, default="")
    reference: Mapped[str] = mapped_column(sa.String(32), default="")
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
