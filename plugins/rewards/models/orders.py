"""Orders, what they count against limits, and the history of both."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from plugins.rewards.models.items import BIG, OWN_ITEM, Item
from plugins.rewards.states import Move, State, Way
from portal.sdk import Identified, UtcDateTime, db, foreign_key, now, one_of, unique_where

_LIVE = "state IN ('reserved', 'placed', 'ready')"
_TAKEN = "state IN ('collected', 'delivered', 'closed', 'returned')"


class Order(Identified, db.Model):
    """So many pieces of an item for one member, at the price of the moment: milli-points a piece.
    The points are held until it is handed out, and then captured, all of them."""

    __tablename__ = "rewards_order"
    __table_args__ = (
        one_of("state", State),
        one_of("way", Way),
        sa.CheckConstraint("quantity BETWEEN 1 AND 99", name="quantity_known"),
        sa.CheckConstraint("price >= 0", name="price_not_negative"),
        sa.CheckConstraint(
            f"({_TAKEN} AND captured = price * quantity) OR (NOT {_TAKEN} AND captured = 0)",
            name="captured_is_the_price",
        ),
        sa.CheckConstraint(
            "refunded = CASE WHEN state = 'returned' THEN captured ELSE 0 END",
            name="refund_of_returned",
        ),
        sa.CheckConstraint("state <> 'reserved' OR expires_at IS NOT NULL", name="reserved_ends"),
        sa.CheckConstraint(f"price = 0 OR NOT {_LIVE} OR hold_id IS NOT NULL", name="live_is_held"),
        # Two phones of a member lead to the same reservation.
        unique_where(
            "uq_rewards_order_reserved", "member_id", "item_id", where="state = 'reserved'"
        ),
        sa.Index("ix_rewards_order_mine", "member_id", "project_id", "created_at", "id"),
        sa.Index("ix_rewards_order_desk", "project_id", "state", "created_at", "id"),
        sa.Index(
            "ix_rewards_order_due",
            "expires_at",
            sqlite_where=sa.text(_LIVE),
            postgresql_where=sa.text(_LIVE),
        ),
    )

    item_id: Mapped[int] = foreign_key(OWN_ITEM)
    project_id: Mapped[int] = foreign_key("project.id", index=False)
    member_id: Mapped[int] = foreign_key("member.id", index=False)
    household_id: Mapped[int] = foreign_key("household.id")
    state: Mapped[str] = mapped_column(sa.String(20), default=State.RESERVED)
    way: Mapped[str] = mapped_column(sa.String(20))
    quantity: Mapped[int]
    price: Mapped[int] = mapped_column(BIG)
    captured: Mapped[int] = mapped_column(BIG, default=0)
    refunded: Mapped[int] = mapped_column(BIG, default=0)
    # The ledger's postings, by their ids: tables of plugins do not refer to them.
    hold_id: Mapped[int | None] = mapped_column(BIG)
    capture_id: Mapped[int | None] = mapped_column(BIG)
    # Its limits, as they were counted: "2026H2", "" for the whole time, None for no limit.
    member_period: Mapped[str | None] = mapped_column(sa.String(10))
    household_period: Mapped[str | None] = mapped_column(sa.String(10))
    code: Mapped[str] = mapped_column(sa.String(12), unique=True)
    # The item's title then: what was bought stays readable.
    title: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    # What the member wrote, such as where to bring it.
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    # Stock, limit and points go back then, unless it has moved on.
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    placed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    item: Mapped[Item] = relationship(lazy="raise")

    @property
    def total(self) -> int:
        """Milli-points for all pieces."""
        return self.price * self.quantity


class Used(Identified, db.Model):
    """How many pieces of an item a member, or a household, has had in a period, and how many it
    might when it took the last one."""

    __tablename__ = "rewards_used"
    __table_args__ = (
        sa.CheckConstraint("used >= 0", name="used_not_negative"),
        sa.CheckConstraint("used <= most", name="never_over"),
        sa.CheckConstraint("(member_id IS NULL) <> (household_id IS NULL)", name="one_holder"),
        unique_where(
            "uq_rewards_used_member", "item_id", "member_id", "period",
            where="member_id IS NOT NULL",
        ),
        unique_where(
            "uq_rewards_used_household", "item_id", "household_id", "period",
            where="household_id IS NOT NULL",
        ),
    )  # fmt: skip

    item_id: Mapped[int] = foreign_key(OWN_ITEM, index=False)
    project_id: Mapped[int | None] = foreign_key("project.id")
    member_id: Mapped[int | None] = foreign_key("member.id")
    household_id: Mapped[int | None] = foreign_key("household.id")
    period: Mapped[str] = mapped_column(sa.String(10))
    used: Mapped[int] = mapped_column(default=0)
    most: Mapped[int]


class Step(Identified, db.Model):
    """A step in the life of an order, for ever; nobody did it when `by` is None, but the clock."""

    __tablename__ = "rewards_step"
    __table_args__ = (one_of("state", State),)

    order_id: Mapped[int] = foreign_key("rewards_order.id")
    project_id: Mapped[int] = foreign_key("project.id")
    state: Mapped[str] = mapped_column(sa.String(20))
    # An account, by its id.
    by: Mapped[int | None] = mapped_column(BIG)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Movement(Identified, db.Model):
    """Pieces that came or went, for ever: they add up to the stock on hand."""

    __tablename__ = "rewards_movement"
    __table_args__ = (
        one_of("kind", Move),
        sa.CheckConstraint("pieces <> 0", name="pieces_not_zero"),
        sa.CheckConstraint("left_over >= 0", name="left_not_negative"),
        sa.Index("ix_rewards_movement_list", "item_id", "created_at", "id"),
    )

    item_id: Mapped[int] = foreign_key(OWN_ITEM, index=False)
    project_id: Mapped[int | None] = foreign_key("project.id")
    # The order's public id: a project's orders may go while the club's stock stays.
    order_key: Mapped[str | None] = mapped_column(sa.String(22))
    kind: Mapped[str] = mapped_column(sa.String(20))
    pieces: Mapped[int]
    # On hand afterwards.
    left_over: Mapped[int]
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    by: Mapped[int | None] = mapped_column(BIG)


class PurgePermit(db.Model):
    """While it is there, a project's steps and movements may be deleted: written by a purge, gone
    with it."""

    __tablename__ = "rewards_purge_permit"

    project_id: Mapped[int] = foreign_key("project.id", primary_key=True, index=False)
