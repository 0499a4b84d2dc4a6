"""Stock and limits: the item's row is the gate that everybody passes one by one.

Whoever changes orders of an item locks the item first; then come limits, then points.
"""

from datetime import date
from typing import Any

import sqlalchemy as sa

from plugins.rewards.errors import RewardError
from plugins.rewards.models import WHOLE, Item, Movement, Order, Used
from plugins.rewards.rules import period_of
from plugins.rewards.states import Move
from portal.sdk import MemberRef, db


def lock_item(item_id: int) -> Item:
    """Return an item, locked until the transaction ends."""
    mine = sa.select(Item).options(*WHOLE).where(Item.id == item_id).with_for_update(of=Item)
    return db.session.scalars(mine.execution_options(populate_existing=True)).unique().one()


def set_aside(item: Item, pieces: int) -> None:
    """Take pieces of a locked item for an order, or raise RewardError SOLD_OUT."""
    fits = sa.or_(Item.stock.is_(None), Item.reserved + pieces <= Item.stock)
    taken = sa.update(Item).where(Item.id == item.id, fits)
    if not _rows(db.session.execute(taken.values(reserved=Item.reserved + pieces))):
        raise RewardError("SOLD_OUT")


def give_back(item: Item, pieces: int) -> None:
    """Offer pieces that were set aside to others again."""
    back = sa.update(Item).where(Item.id == item.id).values(reserved=Item.reserved - pieces)
    db.session.execute(back)


def hand_over(item: Item, order: Order, actor: Any) -> None:
    """Let pieces that were set aside go to their owner."""
    changed: dict[str, Any] = {
        "reserved": Item.reserved - order.quantity,
        "sold": Item.sold + order.quantity,
    }
    if item.stock is not None:
        changed["stock"] = Item.stock - order.quantity
    db.session.execute(sa.update(Item).where(Item.id == item.id).values(changed))
    _note(item, Move.HANDED_OUT, -order.quantity, actor, order=order)


def take_back(item: Item, order: Order, actor: Any) -> None:
    """Put pieces that were returned back on the shelf."""
    changed: dict[str, Any] = {"sold": Item.sold - order.quantity}
    if item.stock is not None:
        changed["stock"] = Item.stock + order.quantity
    db.session.execute(sa.update(Item).where(Item.id == item.id).values(changed))
    _note(item, Move.RETURNED, order.quantity, actor, order=order)


def move_stock(item: Item, kind: Move, pieces: int, actor: Any, note: str = "") -> None:
    """Add pieces to a locked item's stock, or take some off. Raises RewardError: NO_STOCK,
    BELOW_RESERVED."""
    if item.stock is None:
        raise RewardError("NO_STOCK")
    enough = sa.update(Item).where(Item.id == item.id, Item.stock + pieces >= Item.reserved)
    if not _rows(db.session.execute(enough.values(stock=Item.stock + pieces))):
        raise RewardError("BELOW_RESERVED")
    _note(item, kind, pieces, actor, note=note)


def count_limits(item: Item, member: MemberRef, on: date, pieces: int) -> dict[str, str | None]:
    """Count pieces against the item's limits; return the periods of the order's row.

    Raises RewardError: MEMBER_LIMIT, HOUSEHOLD_LIMIT.
    """
    periods: dict[str, str | None] = {"member_period": None, "household_period": None}
    if item.member_most:
        periods["member_period"] = key = period_of(item.member_period, on)
        who = {"member_id": member.id}
        _count(item, who, key, item.member_most, pieces, "MEMBER_LIMIT")
    if item.household_most:
        periods["household_period"] = key = period_of(item.household_period, on)
        who = {"household_id": member.household_id}
        _count(item, who, key, item.household_most, pieces, "HOUSEHOLD_LIMIT")
    return periods


def uncount_limits(order: Order) -> None:
    """Take an order's pieces off the limits that counted them."""
    if order.member_period is not None:
        _uncount(order, order.member_period, member_id=order.member_id)
    if order.household_period is not None:
        _uncount(order, order.household_period, household_id=order.household_id)


def _count(item: Item, who: dict[str, int], period: str, most: int, pieces: int, code: str) -> None:
    key = {"item_id": item.id, "period": period, **who}
    if pieces > most:
        raise RewardError(code)
    # The item is locked: nobody else adds the row meanwhile.
    if db.session.scalar(sa.select(Used.id).filter_by(**key)) is None:
        db.session.add(Used(**key, project_id=item.project_id, used=0, most=most))
        db.session.flush()
    fits = sa.update(Used).filter_by(**key).where(Used.used + pieces <= most)
    if not _rows(db.session.execute(fits.values(used=Used.used + pieces, most=most))):
        raise RewardError(code)


def _uncount(order: Order, period: str, **who: int) -> None:
    mine = sa.update(Used).filter_by(item_id=order.item_id, period=period, **who)
    db.session.execute(mine.values(used=Used.used - order.quantity))


def _note(
    item: Item, kind: Move, pieces: int, actor: Any, *, order: Order | None = None, note: str = ""
) -> None:
    db.session.refresh(item, ["stock"])
    if item.stock is None:
        return
    db.session.add(
        Movement(
            item_id=item.id,
            project_id=item.project_id,
            order_key=order.public_id if order else None,
            kind=kind,
            pieces=pieces,
            left_over=item.stock,
            note=note,
            by=actor.id if actor else None,
        )
    )
    db.session.flush()


def _rows(result: object) -> int:
    return int(getattr(result, "rowcount", 0))
