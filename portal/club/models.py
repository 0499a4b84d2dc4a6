"""The club itself: its brand, its languages, its terms."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.columns import (
    Texts,
    UtcDateTime,
    created_at,
    foreign_key,
    one_of,
    primary_key,
    texts,
)
from portal.extensions import db
from portal.files.models import StoredFile


class LegalKind(StrEnum):
    """The texts that a member accepts before joining."""

    TERMS = "terms"
    PRIVACY = "privacy"


class Club(db.Model):
    """The one club of this installation: name, brand and contact. Always row 1."""

    __tablename__ = "club"
    __table_args__ = (
        sa.CheckConstraint("id = 1", name="single_row"),
        sa.CheckConstraint("length(brand_color) = 7", name="brand_color_hex"),
    )

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False, default=1)
    name: Mapped[texts]
    tagline: Mapped[texts]
    brand_color: Mapped[str] = mapped_column(sa.String(7), default="#0f766e")
    logo_file_id: Mapped[int | None] = foreign_key("stored_file.id")
    logo: Mapped[StoredFile | None] = relationship(lazy="joined", viewonly=True)
    mail_sender: Mapped[str | None] = mapped_column(sa.String(254))
    contact_phone: Mapped[str | None] = mapped_column(sa.String(40))
    contact_email: Mapped[str | None] = mapped_column(sa.String(254))
    languages: Mapped[list[str]] = mapped_column(sa.JSON)
    default_language: Mapped[str] = mapped_column(sa.String(12), default="zh_Hans_CN")
    time_zone: Mapped[str] = mapped_column(sa.String(40), default="Asia/Shanghai")


class LegalText(db.Model):
    """One published version of the terms or the privacy notice; never edited, only superseded."""

    __tablename__ = "legal_text"
    __table_args__ = (
        one_of("kind", LegalKind),
        sa.UniqueConstraint("kind", "version"),
        sa.CheckConstraint("version > 0", name="version_positive"),
    )

    id: Mapped[primary_key]
    kind: Mapped[str] = mapped_column(sa.String(20))
    version: Mapped[int]
    body: Mapped[Texts] = mapped_column(sa.JSON)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[created_at]
