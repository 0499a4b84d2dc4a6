"""The audit trail: who did what to what. Rows are only ever added, and sealed in batches."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import (
    BIG,
    UtcDateTime,
    created_at,
    foreign_key,
    primary_key,
)
from portal.extensions import db


class AuditEntry(db.Model):
    """One act. Ids and codes only; a free-text reason lies in `reason`, which erasure may blank."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.Index("ix_audit_entry_project_id_created_at", "project_id", "created_at"),
        sa.Index("ix_audit_entry_subject", "subject_kind", "subject_key", "created_at"),
        # The club's trail, and the newest entries that no seal holds yet.
        sa.Index("ix_audit_entry_created_at_id", "created_at", "id"),
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


class AuditSeal(db.Model):
    """A batch of entries, sealed: its digest covers them and the seal before it.

    The numbers have no gap. Two sealers at once want the same number, and one gets it.
    """

    __tablename__ = "audit_seal"
    __table_args__ = (
        sa.CheckConstraint("number > 0", name="number_positive"),
        sa.CheckConstraint("entries > 0", name="entries_positive"),
    )

    number: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    entries: Mapped[int]
    previous: Mapped[str] = mapped_column(sa.String(64))
    """The digest of the seal before, in hexadecimal; zeros before the first."""
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AuditSealed(db.Model):
    """The place of one entry in one seal.

    Ids come in blocks and transactions end out of order, so a seal names its entries one by one.
    `text_digest` stands in for the reason; `text_salt`, without which it cannot be guessed, goes
    with the reason when an erasure blanks it.
    """

    __tablename__ = "audit_sealed"
    __table_args__ = (
        sa.UniqueConstraint("seal_number", "position"),
        sa.CheckConstraint("text_salt IS NULL OR text_digest IS NOT NULL", name="salt_of_text"),
    )

    entry_id: Mapped[int] = mapped_column(
        BIG,
        sa.ForeignKey("audit_entry.id", ondelete="RESTRICT"),
        primary_key=True,
        autoincrement=False,
    )
    seal_number: Mapped[int] = foreign_key("audit_seal.number", index=False)
    position: Mapped[int]
    row_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    text_digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    text_salt: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16))


class AuditCheck(db.Model):
    """One verification of the seals, for the page that shows how they stand."""

    __tablename__ = "audit_check"

    id: Mapped[primary_key]
    seals: Mapped[int]
    entries: Mapped[int] = mapped_column(BIG)
    digest: Mapped[str] = mapped_column(sa.String(64))
    """The newest seal's digest; empty without one."""
    fault: Mapped[str] = mapped_column(sa.String(40), default="")
    """What did not fit, a code; empty when everything did."""
    fault_seal: Mapped[int | None] = mapped_column(BIG)
    fault_entry: Mapped[int | None] = mapped_column(BIG)
    created_at: Mapped[created_at]
