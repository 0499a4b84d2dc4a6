"""What staff do with orders: get ready, hand out, send, refuse, take back; what the clock does."""

from datetime import datetime, timedelta
from typing import Any

from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item, Order
from plugins.rewards.ordering import capture, end, lead, make_ready, undo
from plugins.rewards.states import LIVE, State, Way
from plugins.rewards.stocking import lock_item
from plugins.rewards.telling import tell
from portal.sdk import ProjectRef, db, record

RETURN_DAYS = 7
"""For so long what was handed out can be taken back; then the order is closed."""


def prepare(*, actor: Any, order: Order, project: ProjectRef, days: int, at: datetime) -> None:
    """Note that an order is ready to be fetched. Raises RewardError ILLEGAL_STEP."""
    lock_order(order)
    _must(order, allowed=order.state == State.PLACED and order.way == Way.COLLECT)
    make_ready(order, project, days, actor, at)
    _record(actor, order, "prepared")


def hand_out(*, actor: Any, order: Order, at: datetime) -> None:
    """Give an order to whoever shows its code, and take the points; a second time it is as it was.

    Raises RewardError NOT_READY.
    """
    item = lock_order(order)
    if order.state in (State.COLLECTED, State.CLOSED):
        return
    late = order.expires_at is not None and order.expires_at <= at
    if order.way != Way.COLLECT or order.state not in (State.PLACED, State.READY) or late:
        raise RewardError("NOT_READY", state=order.state)
    capture(order, item, State.COLLECTED, actor, at)
    _record(actor, order, "handed_out")


def send(*, actor: Any, order: Order, project: ProjectRef, at: datetime) -> None:
    """Note that an order was sent or booked, and take the points. Raises RewardError."""
    item = lock_order(order)
    if order.state == State.DELIVERED:
        return
    _must(order, allowed=order.state == State.PLACED and order.way == Way.DELIVER)
    capture(order, item, State.DELIVERED, actor, at)
    _record(actor, order, "sent")
    tell("rewards.sent", order, project)


def refuse(*, actor: Any, order: Order, project: ProjectRef, reason: str, at: datetime) -> None:
    """Call an order off for the club; everything goes back. Raises RewardError."""
    item = lock_order(order)
    _must(order, allowed=order.state in LIVE)
    if not reason:
        raise RewardError("NO_REASON", state=order.state)
    end(order, item, State.CANCELLED, at, actor=actor)
    _record(actor, order, "refused", reason)
    tell("rewards.refused", order, project, reason=reason)


def take_back(*, actor: Any, order: Order, reason: str, at: datetime) -> None:
    """Take back what was handed out, and give the points back. Raises RewardError."""
    item = lock_order(order)
    if order.state == State.RETURNED:
        return
    _must(order, allowed=order.state in (State.COLLECTED, State.DELIVERED))
    if not reason:
        raise RewardError("NO_REASON", state=order.state)
    undo(order, item, actor, at)
    _record(actor, order, "returned", reason)


def keep_time(*, order: Order, project: ProjectRef, at: datetime) -> None:
    """Do what the clock says with an order: give back what nobody took, close what stays."""
    item = lock_order(order)
    if order.state in LIVE and order.expires_at is not None and order.expires_at <= at:
        before = order.state
        end(order, item, State.EXPIRED, at)
        if before == State.READY:
            tell("rewards.expired", order, project)
        elif before == State.PLACED:
            # Only a credit towards the fee ends there: nobody answered it.
            tell("rewards.unanswered", order, project)
    elif is_closing(order, at):
        lead(order, State.CLOSED, None, at)


def is_closing(order: Order, at: datetime) -> bool:
    """Tell whether the days for a return are over."""
    gone = order.state in (State.COLLECTED, State.DELIVERED) and order.done_at is not None
    return gone and order.done_at + timedelta(days=RETURN_DAYS) <= at  # type: ignore[operator]


def lock_order(order: Order) -> Item:
    """Return an order's item, locked until the transaction ends; the order is read anew."""
    item = lock_item(order.item_id)
    db.session.refresh(order)
    return item


def _must(order: Order, *, allowed: bool) -> None:
    if not allowed:
        raise RewardError("ILLEGAL_STEP", state=order.state)


def _record(actor: Any, order: Order, act: str, reason: str = "") -> None:
    record(
        actor=actor,
        action=f"rewards.{act}",
        subject=("rewards_order", order.public_id),
        project_id=order.project_id,
        reason=reason or None,
        facts={"state": order.state, "quantity": order.quantity, "price": order.price},
    )
