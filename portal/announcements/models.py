"""What staff tell many owners at once."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import BIG, Identified, UtcDateTime, foreign_key, one_of, texts
from portal.extensions import db


class Audience(StrEnum):
    """Who is told."""

    EVERYONE = "everyone"
    OWNERS = "owners"
    BUILDING = "building"


class AnnouncementState(StrEnum):
    """Where an announcement stands."""

    DRAFT = "draft"
    SENDING = "sending"
    STOPPED = "stopped"
    SENT = "sent"


class Announcement(Identified, db.Model):
    """One announcement. `last_account_id` and `told` say how far the sending has come."""

    __tablename__ = "announcement"
    __table_args__ = (
        one_of("audience", Audience),
        one_of("state", AnnouncementState),
        sa.CheckConstraint(
            "(audience = 'building') = (building_id IS NOT NULL)", name="building_named"
        ),
        sa.CheckConstraint("building_id IS NULL OR project_id IS NOT NULL", name="building_place"),
        sa.CheckConstraint("(state = 'draft') = (sent_at IS NULL)", name="sent_at"),
        sa.CheckConstraint("told >= 0", name="told_positive"),
        sa.Index("ix_announcement_project_id_created_at", "project_id", "created_at", "id"),
    )

    project_id: Mapped[int | None] = foreign_key("project.id", index=False)
    audience: Mapped[str] = mapped_column(sa.String(12))
    building_id: Mapped[int | None] = foreign_key("building.id")
    state: Mapped[str] = mapped_column(sa.String(10), default=AnnouncementState.DRAFT)
    subject: Mapped[texts]
    body: Mapped[texts]
    total: Mapped[int] = mapped_column(default=0)
    told: Mapped[int] = mapped_column(default=0)
    last_account_id: Mapped[int] = mapped_column(BIG, default=0)
    written_by_id: Mapped[int] = foreign_key("account.id")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
