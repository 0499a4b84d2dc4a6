"""What there is to have: items with prices by tier, windows, and who marked them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from plugins.rewards.states import Kind, Period, Shown, Way
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
OWN_ITEM = "rewards_item.id"


class Item(Identified, db.Model):
    """Something that points are given for. `stock`: pieces on hand, those set aside included; None
    is without a limit. Without a project it is offered in all projects of the club."""

    __tablename__ = "rewards_item"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("state", Shown),
        one_of("way", Way),
        one_of("member_period", Period),
        one_of("household_period", Period),
        sa.CheckConstraint("price >= 0", name="price_not_negative"),
        sa.CheckConstraint("stock >= 0", name="stock_not_negative"),
        sa.CheckConstraint("reserved >= 0 AND sold >= 0", name="counts"),
        sa.CheckConstraint("stock IS NULL OR reserved <= stock", name="never_over"),
        sa.CheckConstraint("member_most > 0", name="member_most_positive"),
        sa.CheckConstraint("household_most > 0", name="household_most_positive"),
        sa.CheckConstraint("at_once BETWEEN 1 AND 99", name="at_once_known"),
        sa.Index("ix_rewards_item_list", "state", "project_id", "place", "id"),
    )

    project_id: Mapped[int | None] = foreign_key("project.id")
    kind: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[str] = mapped_column(sa.String(20), default=Shown.DRAFT)
    way: Mapped[str] = mapped_column(sa.String(20), default=Way.COLLECT)
    title: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    # One line below the title: where, how, until when.
    hint: Mapped[Mapping[str, str]] = mapped_column(sa.JSON, default=dict)
    about: Mapped[Mapping[str, str]] = mapped_column(sa.JSON, default=dict)
    # Every language in one, lower case: what the list's search looks in.
    words: Mapped[str] = mapped_column(sa.Text)
    cover: Mapped[str] = mapped_column(sa.String(20))
    # The first of its own pictures instead, where it has any.
    picture_url: Mapped[str] = mapped_column(sa.String(200), default="")
    # Milli-points a piece, for who has no tier with a price of its own.
    price: Mapped[int] = mapped_column(BIG)
    stock: Mapped[int | None]
    reserved: Mapped[int] = mapped_column(default=0)
    sold: Mapped[int] = mapped_column(default=0)
    # Pieces of one order.
    at_once: Mapped[int] = mapped_column(default=1)
    member_most: Mapped[int | None]
    member_period: Mapped[str] = mapped_column(sa.String(20), default=Period.EVER)
    household_most: Mapped[int | None]
    household_period: Mapped[str] = mapped_column(sa.String(20), default=Period.EVER)
    # Whom it is for: rules.Rules.
    rules: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    # Staff get it ready before it can be fetched.
    prepared: Mapped[bool] = mapped_column(default=True)
    # Its place among the others; the smaller, the earlier.
    place: Mapped[int] = mapped_column(default=100)
    # Raised by every change, so that two who write at once are told.
    version: Mapped[int] = mapped_column(default=1)
    prices: Mapped[list["TierPrice"]] = relationship(
        lazy="raise", order_by="TierPrice.tier", cascade="all, delete-orphan"
    )
    windows: Mapped[list["OpenWindow"]] = relationship(
        lazy="raise", order_by="OpenWindow.opens_at", cascade="all, delete-orphan"
    )

    @property
    def free(self) -> int | None:
        """Pieces that can still be had; None without a limit."""
        return None if self.stock is None else self.stock - self.reserved


class TierPrice(db.Model):
    """What a piece costs members of a tier: milli-points."""

    __tablename__ = "rewards_tier_price"
    __table_args__ = (sa.CheckConstraint("price >= 0", name="price_not_negative"),)

    item_id: Mapped[int] = foreign_key(OWN_ITEM, primary_key=True, index=False)
    tier: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    project_id: Mapped[int | None] = foreign_key("project.id")
    price: Mapped[int] = mapped_column(BIG)


class OpenWindow(Identified, db.Model):
    """From when until when an item can be had; an item without one always can."""

    __tablename__ = "rewards_window"
    __table_args__ = (sa.CheckConstraint("opens_at < closes_at", name="closes_after_opening"),)

    item_id: Mapped[int] = foreign_key(OWN_ITEM)
    project_id: Mapped[int | None] = foreign_key("project.id")
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Favourite(db.Model):
    """What a member has marked, to find it again."""

    __tablename__ = "rewards_favourite"

    member_id: Mapped[int] = foreign_key("member.id", primary_key=True, index=False)
    item_id: Mapped[int] = foreign_key(OWN_ITEM, primary_key=True)
    project_id: Mapped[int] = foreign_key("project.id")


WHOLE = (joinedload(Item.prices), joinedload(Item.windows))
"""What a statement loads with an item whose price or conditions are asked for."""
