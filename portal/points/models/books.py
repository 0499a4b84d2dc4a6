"""Closed books: sealed months, their statements, and the hash chain."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.columns import (
    BIG,
    UtcDateTime,
    created_at,
    foreign_key,
)
from portal.extensions import db
from portal.points.models.base import same_id


class SealedMonth(db.Model):
    """A month, as "2026-11", into which nothing is booked any more."""

    __tablename__ = "points_sealed_month"
    __table_args__ = (sa.CheckConstraint("length(month) = 7", name="month_form"),)

    month: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    actor_id: Mapped[int | None] = foreign_key("account.id")


class Statement(db.Model):
    """A sealed month of an account in milli-points: opening + gained - used - expired = closing."""

    __tablename__ = "points_statement"
    __table_args__ = (
        sa.CheckConstraint("opening + gained - used - expired = closing", name="ties"),
        sa.PrimaryKeyConstraint("account_id", "month"),
    )

    account_id: Mapped[int] = foreign_key("points_account.id", index=False)
    month: Mapped[str] = mapped_column(
        sa.ForeignKey("points_sealed_month.month", ondelete="RESTRICT"), index=True
    )
    opening: Mapped[int] = mapped_column(BIG)
    gained: Mapped[int] = mapped_column(BIG)
    used: Mapped[int] = mapped_column(BIG)
    expired: Mapped[int] = mapped_column(BIG)
    closing: Mapped[int] = mapped_column(BIG)


class Seal(db.Model):
    """One link of the hash chain, over a batch of transactions; the digest holds the one before."""

    __tablename__ = "points_seal"
    __table_args__ = (sa.CheckConstraint("transactions > 0", name="not_empty"),)

    position: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    previous: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    transactions: Mapped[int]
    created_at: Mapped[created_at]


class SealedTransaction(db.Model):
    """Which link of the chain a transaction belongs to."""

    __tablename__ = "points_sealed_transaction"

    transaction_id: Mapped[int] = same_id("points_transaction.id")
    position: Mapped[int] = mapped_column(
        sa.ForeignKey("points_seal.position", ondelete="RESTRICT"), index=True
    )
