"""What follows from the entries: lots, holds, and how much of a posting is reversed."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import (
    BIG,
    UtcDateTime,
    foreign_key,
    one_of,
)
from portal.extensions import db
from portal.points.kinds import (
    NEVER,
    HoldState,
)
from portal.points.models.base import index_where, same_id


class Lot(db.Model):
    """Which points, and until when. Its id is that of the entry that opened it.

    `remaining - held` is free. A pending lot's points wait; its days may not be known yet.
    `expires_on` is the last day of use. `spend_order` comes first under policies other than
    "soonest expiry first", where it is NULL.
    """

    __tablename__ = "points_lot"
    __table_args__ = (
        sa.CheckConstraint("original > 0", name="original_positive"),
        sa.CheckConstraint("held >= 0", name="held_positive"),
        sa.CheckConstraint("held <= remaining", name="held_is_there"),
        sa.CheckConstraint("remaining <= original", name="remaining_was_there"),
        sa.CheckConstraint("pending OR effective_on IS NOT NULL", name="effective_known"),
        sa.CheckConstraint("NOT pending OR held = 0", name="pending_not_held"),
        sa.CheckConstraint("effective_on <= expires_on", name="days_in_order"),
        sa.Index("ix_points_lot_account_id", "account_id"),
        index_where(
            "ix_points_lot_free",
            "account_id",
            "expires_on",
            "id",
            where="remaining > held AND NOT pending",
        ),
        index_where(
            "ix_points_lot_ordered",
            "account_id",
            "spend_order",
            "expires_on",
            "id",
            where="remaining > held AND NOT pending AND spend_order IS NOT NULL",
        ),
        index_where("ix_points_lot_pending", "account_id", "effective_on", where="pending"),
    )

    id: Mapped[int] = same_id("points_entry.id")
    account_id: Mapped[int] = foreign_key("points_account.id", index=False)
    original: Mapped[int] = mapped_column(BIG)
    remaining: Mapped[int] = mapped_column(BIG)
    held: Mapped[int] = mapped_column(BIG, default=0)
    pending: Mapped[bool] = mapped_column(default=False)
    bonus: Mapped[bool] = mapped_column(default=False)
    effective_on: Mapped[date | None]
    expires_on: Mapped[date] = mapped_column(default=NEVER)
    spend_order: Mapped[int | None]


class Hold(db.Model):
    """Points set aside until they are captured or given back. Its id is its transaction's."""

    __tablename__ = "points_hold"
    __table_args__ = (
        one_of("state", HoldState),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("captured BETWEEN 0 AND amount", name="captured_was_held"),
        sa.CheckConstraint("state = 'captured' OR captured = 0", name="captured_when_captured"),
        sa.CheckConstraint("(state = 'held') = (ended_at IS NULL)", name="ended_has_moment"),
        index_where("ix_points_hold_open", "account_id", "ends_at", where="state = 'held'"),
        index_where("ix_points_hold_ends_at", "ends_at", where="state = 'held'"),
    )

    id: Mapped[int] = same_id("points_transaction.id")
    account_id: Mapped[int] = foreign_key("points_account.id", index=False)
    amount: Mapped[int] = mapped_column(BIG)
    captured: Mapped[int] = mapped_column(BIG, default=0)
    state: Mapped[str] = mapped_column(sa.String(10), default=HoldState.HELD)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Reversed(db.Model):
    """How much of a transaction is reversed: never more than it moved."""

    __tablename__ = "points_reversed"
    __table_args__ = (
        sa.CheckConstraint("reversed BETWEEN 1 AND amount", name="reversed_within_amount"),
    )

    transaction_id: Mapped[int] = same_id("points_transaction.id")
    amount: Mapped[int] = mapped_column(BIG)
    reversed: Mapped[int] = mapped_column(BIG)
