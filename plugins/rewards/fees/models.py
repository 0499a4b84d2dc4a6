"""What a fee credit is worth, and for which home and month one was asked."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from plugins.rewards.models.items import BIG, OWN_ITEM
from plugins.rewards.models.orders import Order
from portal.sdk import db, foreign_key

_WHOLE = "worth > 0 AND worth % 100 = 0"


class FeeTerms(db.Model):
    """What a piece of an item takes off the property fee: fen, whole yuan."""

    __tablename__ = "rewards_fee_terms"
    __table_args__ = (sa.CheckConstraint(_WHOLE, name="worth_whole_yuan"),)

    item_id: Mapped[int] = foreign_key(OWN_ITEM, primary_key=True, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    worth: Mapped[int] = mapped_column(BIG)


class FeeCredit(db.Model):
    """For which home and month an order is, and how much in fen: whole yuan, as promised then.
    Whether the property company confirmed it is the order's state."""

    __tablename__ = "rewards_fee_credit"
    __table_args__ = (
        sa.CheckConstraint(_WHOLE, name="worth_whole_yuan"),
        sa.CheckConstraint("length(month) = 7", name="month_known"),
        sa.Index("ix_rewards_fee_credit_month", "project_id", "month"),
    )

    order_id: Mapped[int] = foreign_key("rewards_order.id", primary_key=True, index=False)
    project_id: Mapped[int] = foreign_key("project.id", index=False)
    # "2026-12", as the property company bills.
    month: Mapped[str] = mapped_column(sa.String(7))
    worth: Mapped[int] = mapped_column(BIG)
    # The home as it was called then.
    building: Mapped[str] = mapped_column(sa.String(60))
    entrance: Mapped[str] = mapped_column(sa.String(20), default="")
    number: Mapped[str] = mapped_column(sa.String(20))
    order: Mapped[Order] = relationship(lazy="raise")
