"""The sales office's list of who bought what, and each import of such a list."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Account
from portal.columns import (
    Identified,
    UtcDateTime,
    foreign_key,
    name_text,
    one_of,
    primary_key,
    unique_where,
)
from portal.crypto import Encrypted
from portal.extensions import db
from portal.files.models import StoredFile
from portal.projects.models import Role, Unit


class ImportState(StrEnum):
    """Where an import stands."""

    PREVIEW = "preview"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNDONE = "undone"


class RosterImport(Identified, db.Model):
    """One file taken into one project: a roster, or another list that is imported alike."""

    __tablename__ = "roster_import"
    __table_args__ = (
        one_of("state", ImportState),
        sa.CheckConstraint("rows_done <= rows_total", name="progress_in_range"),
        sa.Index("ix_roster_import_project_id_created_at", "project_id", "kind", "created_at"),
        unique_where("uq_roster_import_running", "project_id", "kind", where="state = 'running'"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    kind: Mapped[str] = mapped_column(sa.String(20), default="roster", server_default="roster")
    """Which list it is: a key of portal.roster.kinds."""
    file_id: Mapped[int] = foreign_key("stored_file.id")
    started_by_id: Mapped[int | None] = foreign_key("account.id")
    state: Mapped[str] = mapped_column(sa.String(20), default=ImportState.PREVIEW)
    mapping: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)
    """Roster field -> header of the file's column."""
    columns: Mapped[list[list[str]]] = mapped_column(sa.JSON, default=list)
    """The file's columns, each with a masked example."""
    counts: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)
    makes_homes: Mapped[bool] = mapped_column(default=True)
    """Whether a home that is not registered yet is added; else its row is a fault."""
    made_buildings: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    """The buildings that came with this import: an undo may take them back."""
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(sa.String(60))
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    file: Mapped[StoredFile] = relationship(lazy="raise")
    started_by: Mapped[Account | None] = relationship(lazy="raise")


class RosterFault(db.Model):
    """One thing wrong with one row of an import's file: a code, where, and the words around it."""

    __tablename__ = "roster_fault"
    __table_args__ = (sa.Index("ix_roster_fault_import_id_line_id", "import_id", "line", "id"),)

    id: Mapped[primary_key]
    import_id: Mapped[int] = foreign_key("roster_import.id", index=False)
    line: Mapped[int]
    column: Mapped[str] = mapped_column(sa.String(80), default="")
    code: Mapped[str] = mapped_column(sa.String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)


class RosterEntry(Identified, db.Model):
    """A person whom the roster names for a home, until a member claims it."""

    __tablename__ = "roster_entry"
    __table_args__ = (
        one_of("role", Role),
        sa.UniqueConstraint("unit_id", "phone_hash", "name"),
        sa.Index("ix_roster_entry_phone_hash", "phone_hash"),
        # Most entries are unclaimed: they need no place in this index.
        sa.Index(
            "ix_roster_entry_claimed_by_id",
            "claimed_by_id",
            sqlite_where=sa.text("claimed_by_id IS NOT NULL"),
            postgresql_where=sa.text("claimed_by_id IS NOT NULL"),
        ),
        sa.Index("ix_roster_entry_project_id_phone_tail_hash", "project_id", "phone_tail_hash"),
        unique_where("uq_roster_entry_owner", "unit_id", where="role = 'owner'"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    unit_id: Mapped[int] = foreign_key("unit.id", index=False)
    import_id: Mapped[int | None] = foreign_key("roster_import.id")
    name: Mapped[name_text]
    phone: Mapped[str] = mapped_column(Encrypted)
    phone_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    phone_tail_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    id_tail: Mapped[str | None] = mapped_column(Encrypted)
    role: Mapped[str] = mapped_column(sa.String(20))
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    made_unit: Mapped[bool] = mapped_column(default=False)
    """Whether the home came with this entry: an undo may take both back."""
    claimed_by_id: Mapped[int | None] = foreign_key("member.id", index=False)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    unit: Mapped[Unit] = relationship(lazy="raise")
