"""What vouchers of an item are worth, the vouchers, their use, and wrong codes."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from plugins.rewards.models.items import BIG, OWN_ITEM, Item
from plugins.rewards.models.orders import Order
from portal.sdk import Identified, UtcDateTime, db, foreign_key


class VoucherTerms(db.Model):
    """What a voucher of an item is worth: fen, or None for one that is used as a whole; for how
    many days it is valid; `listed`: its codes come from a list that was imported."""

    __tablename__ = "rewards_voucher_terms"
    __table_args__ = (
        sa.CheckConstraint("worth > 0", name="worth_positive"),
        sa.CheckConstraint("days > 0", name="days_positive"),
    )

    item_id: Mapped[int] = foreign_key(OWN_ITEM, primary_key=True, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    worth: Mapped[int | None] = mapped_column(BIG)
    days: Mapped[int] = mapped_column(default=180)
    listed: Mapped[bool] = mapped_column(default=False)


class Voucher(Identified, db.Model):
    """A code and what is left of it: fen, or 1 of 1 where it is used as a whole. One of an imported
    list has no order until somebody redeems it."""

    __tablename__ = "rewards_voucher"
    __table_args__ = (
        sa.CheckConstraint("worth > 0", name="worth_positive"),
        sa.CheckConstraint("left_over >= 0 AND left_over <= worth", name="used_at_most_its_worth"),
        sa.CheckConstraint(
            "(order_id IS NULL) = (member_id IS NULL) "
            "AND (order_id IS NULL) = (valid_until IS NULL)",
            name="given_as_a_whole",
        ),
        sa.CheckConstraint("order_id IS NOT NULL OR left_over = worth", name="given_before_used"),
        sa.Index(
            "ix_rewards_voucher_free",
            "item_id",
            "id",
            sqlite_where=sa.text("order_id IS NULL"),
            postgresql_where=sa.text("order_id IS NULL"),
        ),
    )

    item_id: Mapped[int] = foreign_key(OWN_ITEM)
    project_id: Mapped[int] = foreign_key("project.id")
    order_id: Mapped[int | None] = foreign_key("rewards_order.id")
    member_id: Mapped[int | None] = foreign_key("member.id")
    code: Mapped[str] = mapped_column(sa.String(24), unique=True)
    # What its rotating QR is signed with.
    secret: Mapped[str] = mapped_column(sa.String(32))
    worth: Mapped[int] = mapped_column(BIG)
    left_over: Mapped[int] = mapped_column(BIG)
    # Counted in fen; otherwise it is used as a whole.
    in_parts: Mapped[bool] = mapped_column(default=False)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    item: Mapped[Item] = relationship(lazy="raise")
    order: Mapped[Order | None] = relationship(lazy="raise")

    def is_good(self, at: datetime) -> bool:
        """Tell whether something can be taken off it at a moment."""
        valid = self.valid_until is not None and self.valid_until > at
        return valid and self.left_over > 0 and self.voided_at is None


class VoucherUse(Identified, db.Model):
    """What was taken off a voucher, for ever; by staff, or nobody of them: by a partner's link."""

    __tablename__ = "rewards_voucher_use"
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("left_over >= 0", name="left_not_negative"),
    )

    voucher_id: Mapped[int] = foreign_key("rewards_voucher.id")
    project_id: Mapped[int] = foreign_key("project.id")
    amount: Mapped[int] = mapped_column(BIG)
    left_over: Mapped[int] = mapped_column(BIG)
    by: Mapped[int | None] = mapped_column(BIG)


class WrongCode(db.Model):
    """How many wrong codes somebody tried in a minute: an account ("account:17") or a link."""

    __tablename__ = "rewards_wrong_code"
    __table_args__ = (sa.CheckConstraint("wrong > 0", name="wrong_positive"),)

    project_id: Mapped[int] = foreign_key("project.id", primary_key=True, index=False)
    who: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    minute: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    wrong: Mapped[int]
