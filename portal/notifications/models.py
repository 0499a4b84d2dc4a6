"""What the club tells an owner: the inbox, and how each wants to be told."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import BIG, Identified, UtcDateTime, foreign_key, one_of, primary_key, texts
from portal.extensions import db
from portal.messages.models import Channel

MINUTES_A_DAY = 24 * 60


class Notification(Identified, db.Model):
    """One thing that an account was told, in the words of then; never twice for one cause."""

    __tablename__ = "notification"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "kind", "cause"),
        sa.Index("ix_notification_inbox", "account_id", "created_at", "id"),
        sa.Index(
            "ix_notification_unread",
            "account_id",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        ),
        sa.Index("ix_notification_created_at", "created_at"),
        sa.CheckConstraint("url = '' OR url LIKE '/%'", name="url_is_ours"),
    )

    account_id: Mapped[int] = foreign_key("account.id", index=False)
    kind: Mapped[str] = mapped_column(sa.String(60))
    cause: Mapped[str] = mapped_column(sa.String(80))
    project_id: Mapped[int | None] = foreign_key("project.id")
    plugin: Mapped[str | None] = mapped_column(sa.String(20))
    subject: Mapped[texts]
    body: Mapped[texts]
    url: Mapped[str] = mapped_column(sa.String(300), default="")
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NotificationChoice(db.Model):
    """An account wants a kind of message by a channel, or does not; no row: the kind's default."""

    __tablename__ = "notification_choice"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "kind", "channel"),
        one_of("channel", Channel),
    )

    id: Mapped[primary_key]
    account_id: Mapped[int] = foreign_key("account.id", index=False)
    kind: Mapped[str] = mapped_column(sa.String(60))
    channel: Mapped[str] = mapped_column(sa.String(10))
    wanted: Mapped[bool]


class QuietHours(db.Model):
    """When an account is left in peace, in minutes of the club's day; the same twice: never.

    No row: the club's usual night.
    """

    __tablename__ = "quiet_hours"
    __table_args__ = (
        sa.CheckConstraint(
            f"begins BETWEEN 0 AND {MINUTES_A_DAY - 1} AND ends BETWEEN 0 AND {MINUTES_A_DAY - 1}",
            name="minutes_of_a_day",
        ),
    )

    account_id: Mapped[int] = mapped_column(
        BIG, sa.ForeignKey("account.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    begins: Mapped[int]
    ends: Mapped[int]


class NotificationWording(db.Model):
    """The club's own words for a kind of message in one language; no row: the built-in ones."""

    __tablename__ = "notification_wording"
    __table_args__ = (sa.UniqueConstraint("kind", "locale"),)

    id: Mapped[primary_key]
    kind: Mapped[str] = mapped_column(sa.String(60))
    locale: Mapped[str] = mapped_column(sa.String(12))
    subject: Mapped[str] = mapped_column(sa.String(120))
    body: Mapped[str] = mapped_column(sa.String(1000))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by_id: Mapped[int | None] = foreign_key("account.id")
