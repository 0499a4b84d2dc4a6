"""Keys of writes that were done: the same form sent twice is one act."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import created_at, foreign_key, primary_key
from portal.crypto import Encrypted
from portal.extensions import db


class IdempotencyKey(db.Model):
    """A write's key, inserted in the write's own transaction: it stays only with it."""

    __tablename__ = "idempotency_key"
    __table_args__ = (sa.Index("ix_idempotency_key_created_at", "created_at"),)

    id: Mapped[primary_key]
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    account_id: Mapped[int | None] = foreign_key("account.id")
    body_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    location: Mapped[str | None] = mapped_column(sa.String(500))
    status: Mapped[int | None] = mapped_column(sa.SmallInteger)
    answer: Mapped[str | None] = mapped_column(Encrypted)
    """Status and body of the JSON API's answer: it may hold what is encrypted elsewhere, too."""
    created_at: Mapped[created_at]
