"""What leaves the portal: one row for each mail, text message or WeChat message."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import Identified, UtcDateTime, foreign_key, one_of, unique_where
from portal.crypto import Encrypted
from portal.extensions import db


class Channel(StrEnum):
    """The ways out of the portal."""

    MAIL = "mail"
    SMS = "sms"
    WECHAT = "wechat"


class MessageState(StrEnum):
    """What became of a message."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    EXPIRED = "expired"
    SKIPPED = "skipped"


class OutgoingMessage(Identified, db.Model):
    """A message for one address. Address and words are encrypted, and blanked once it is settled:
    they may hold a code or a link."""

    __tablename__ = "outgoing_message"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("state", MessageState),
        sa.CheckConstraint(
            "(state = 'waiting') = (address IS NOT NULL AND body IS NOT NULL)", name="blanked"
        ),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_at"),
        unique_where("uq_outgoing_message_key", "key", where="key IS NOT NULL"),
        sa.Index("ix_outgoing_message_state_created_at", "state", "created_at"),
        sa.Index("ix_outgoing_message_account_id_created_at", "account_id", "created_at"),
    )

    channel: Mapped[str] = mapped_column(sa.String(10))
    state: Mapped[str] = mapped_column(sa.String(10), default=MessageState.WAITING)
    key: Mapped[str | None] = mapped_column(sa.String(120))
    about: Mapped[str] = mapped_column(sa.String(60))
    account_id: Mapped[int | None] = foreign_key("account.id", index=False)
    project_id: Mapped[int | None] = foreign_key("project.id")
    plugin: Mapped[str | None] = mapped_column(sa.String(20))
    address: Mapped[str | None] = mapped_column(Encrypted)
    subject: Mapped[str | None] = mapped_column(Encrypted)
    body: Mapped[str | None] = mapped_column(Encrypted)
    hint: Mapped[str] = mapped_column(sa.String(80))
    """The address, masked: what staff see of it."""
    error: Mapped[str] = mapped_column(sa.String(300), default="")
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
