"""Uploaded files: what is known of them; the bytes lie on disk under a random name."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import Identified, UtcDateTime, foreign_key, one_of
from portal.extensions import db


class FileKind(StrEnum):
    """What a file is for; each kind has its own limits."""

    PICTURE = "picture"
    ROSTER = "roster"
    EXPORT = "export"


class StoredFile(Identified, db.Model):
    """One upload. `owner_kind` and `owner_key` name the feature's row that decides who reads it."""

    __tablename__ = "stored_file"
    __table_args__ = (
        one_of("kind", FileKind),
        sa.CheckConstraint("size_bytes > 0", name="size_positive"),
        sa.Index("ix_stored_file_owner", "owner_kind", "owner_key"),
    )

    kind: Mapped[str] = mapped_column(sa.String(20))
    owner_kind: Mapped[str] = mapped_column(sa.String(40))
    owner_key: Mapped[str] = mapped_column(sa.String(40))
    project_id: Mapped[int | None] = foreign_key("project.id")
    uploaded_by_id: Mapped[int | None] = foreign_key("account.id")
    storage_name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    original_name: Mapped[str] = mapped_column(sa.String(200), default="")
    content_type: Mapped[str] = mapped_column(sa.String(80))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
