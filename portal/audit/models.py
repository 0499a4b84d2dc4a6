"""The audit trail: who did what to what. Rows are only ever added."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import created_at, foreign_key, primary_key
from portal.extensions import db


class AuditEntry(db.Model):
    """One act. Ids and codes only; a free-text reason lies in `reason`, which erasure may blank."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.Index("ix_audit_entry_project_id_created_at", "project_id", "created_at"),
        sa.Index("ix_audit_entry_subject", "subject_kind", "subject_key", "created_at"),
    )

    id: Mapped[primary_key]
    action: Mapped[str] = mapped_column(sa.String(60))
    actor_id: Mapped[int | None] = foreign_key("account.id")
    project_id: Mapped[int | None] = foreign_key("project.id", index=False)
    subject_kind: Mapped[str] = mapped_column(sa.String(40))
    subject_key: Mapped[str] = mapped_column(sa.String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    reason: Mapped[str | None] = mapped_column(sa.String(500))
    created_at: Mapped[created_at]
