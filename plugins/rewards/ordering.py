"""What members do: redeem, confirm, cancel; stock, limits and points in one transaction."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from plugins.rewards.errors import RewardError
from plugins.rewards.fees.booking import FeeWish, book, terms_of
from plugins.rewards.models import Item, Order, Step
from plugins.rewards.rules import conditions, price_for, require
from plugins.rewards.states import DONE, LIVE, Kind, State, Way
from plugins.rewards.stocking import (
    count_limits,
    give_back,
    hand_over,
    lock_item,
    set_aside,
    take_back,
    uncount_limits,
)
from plugins.rewards.telling import tell
from plugins.rewards.vouchers.service import issue, take_back_vouchers
from portal.sdk import (
    MemberRef,
    PointsError,
    ProjectRef,
    capture_points,
    db,
    emit,
    gettext,
    hold_points,
    household_of,
    localized,
    reverse_points,
    void_points,
)

SOURCE = "rewards.order"
CONFIRM_MINUTES = 15
NO_WISH = FeeWish()
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def reserve(
    *,
    item_id: int,
    member: MemberRef,
    project: ProjectRef,
    quantity: object,
    price_seen: int | None,
    at: datetime,
) -> Order:
    """Set pieces, limits and points aside for a quarter of an hour, until the member confirms; who
    has just done so on another phone gets the same order.

    `price_seen`: the milli-points a piece that the page showed. Raises RewardError: PRICE_CHANGED
    with the new one, and what `rules` and `words.REFUSALS` name.
    """
    item = lock_item(item_id)
    home = household_of(member, project)
    many = pieces(quantity)
    mine = _reserved(item.id, member)
    price = price_for(item, home.tier)
    if mine is not None and mine.expires_at is not None and mine.expires_at > at:
        if (mine.quantity, mine.price, mine.project_id) == (many, price, project.id):
            return mine
        end(mine, item, State.CANCELLED, at)
    elif mine is not None:
        end(mine, item, State.EXPIRED, at)
    require(conditions(item, home, at))
    if many > item.at_once:
        raise RewardError("TOO_MANY")
    if price_seen != price:
        raise RewardError("PRICE_CHANGED", price=price)
    set_aside(item, many)
    today = at.astimezone(ZoneInfo(project.time_zone)).date()
    made = Order(
        item_id=item.id,
        project_id=project.id,
        member_id=member.id,
        household_id=member.household_id,
        state=State.RESERVED,
        way=item.way,
        quantity=many,
        price=price,
        public_id=secrets.token_urlsafe(16),
        code=new_code(),
        title=dict(item.title),
        created_at=at,
        expires_at=at + timedelta(minutes=CONFIRM_MINUTES),
        **count_limits(item, member, today, many),
    )
    _hold(made, member, project)
    db.session.add(made)
    db.session.flush()
    _log(made, None, at)
    return made


def place(
    *,
    order: Order,
    member: MemberRef,
    project: ProjectRef,
    note: str,
    days: int,
    at: datetime,
    fee: FeeWish = NO_WISH,
) -> Order:
    """Confirm a reservation; a second time it is as it was. `days` to fetch what is ready at once;
    `fee`: for which home and month a fee credit is.

    Raises RewardError: RESERVATION_OVER, NO_ADDRESS, NO_HOME, BAD_MONTH.
    """
    item = lock_item(order.item_id)
    db.session.refresh(order)
    if order.state in (State.PLACED, State.READY, *DONE):
        return order
    if order.state != State.RESERVED or order.expires_at is None or order.expires_at <= at:
        raise RewardError("RESERVATION_OVER", state=order.state)
    coded = item.kind == Kind.VOUCHER
    credited = terms_of(item.id) if item.kind == Kind.FEE else None
    if order.way == Way.DELIVER and not (note or coded or credited):
        raise RewardError("NO_ADDRESS", state=order.state)
    until = None
    if credited:
        note, until = book(order, credited, fee, member, project, at)
    order.note, order.placed_at, order.expires_at = note, at, until
    lead(order, State.PLACED, member, at)
    if coded:
        # A code is dispatched by showing it: the points are taken now.
        issue(order, item, project, at)
        capture(order, item, State.DELIVERED, None, at)
    elif order.way == Way.COLLECT and not item.prepared:
        make_ready(order, project, days, None, at)
    emit(
        kind="rewards.placed",
        project_id=project.id,
        subject=("rewards_order", order.public_id),
        data={"item": item.public_id, "quantity": order.quantity},
    )
    return order


def make_ready(order: Order, project: ProjectRef, days: int, actor: Any, at: datetime) -> None:
    """Let a placed order wait for its owner, who is told until when."""
    order.expires_at = at + timedelta(days=days)
    lead(order, State.READY, actor, at)
    tell("rewards.ready", order, project, until=order.expires_at)


def cancel(*, order: Order, member: MemberRef, at: datetime) -> Order:
    """Give everything back as long as nothing is handed out; a second time it is as it was.

    Raises RewardError TOO_LATE.
    """
    item = lock_item(order.item_id)
    db.session.refresh(order)
    if order.state in (State.CANCELLED, State.EXPIRED):
        return order
    if order.state not in LIVE:
        raise RewardError("TOO_LATE", state=order.state)
    end(order, item, State.CANCELLED, at, actor=member)
    return order


def end(order: Order, item: Item, target: State, at: datetime, actor: Any = None) -> None:
    """Give stock, limits and the same lots of points back. The item is locked."""
    give_back(item, order.quantity)
    uncount_limits(order)
    if order.hold_id is not None:
        void_points(hold_id=order.hold_id, source=SOURCE)
    order.expires_at, order.done_at = None, at
    lead(order, target, actor, at)
    emit(
        kind="rewards.ended",
        project_id=order.project_id,
        subject=("rewards_order", order.public_id),
        data={"item": item.public_id, "state": str(target)},
    )


def capture(order: Order, item: Item, target: State, actor: Any, at: datetime) -> None:
    """Hand an order out and take its points: what they were at the order. The item is locked."""
    hand_over(item, order, actor)
    if order.hold_id is not None:
        order.capture_id = capture_points(hold_id=order.hold_id, source=SOURCE).id
    order.captured, order.expires_at, order.done_at = order.total, None, at
    lead(order, target, actor, at)
    emit(
        kind="rewards.handed_out",
        project_id=order.project_id,
        subject=("rewards_order", order.public_id),
        data={"item": item.public_id, "quantity": order.quantity, "points": order.total},
    )


def undo(order: Order, item: Item, actor: Any, at: datetime) -> None:
    """Take back what was handed out: pieces, limits and all points. The item is locked."""
    take_back(item, order, actor)
    take_back_vouchers(actor=actor, order=order, item=item, at=at)
    uncount_limits(order)
    if order.capture_id is not None:
        reverse_points(
            posting_id=order.capture_id,
            key=f"rewards:return:{order.public_id}",
            source=SOURCE,
            note=gettext("Returned: %(title)s", title=localized(order.title)),
        )
    order.refunded, order.done_at = order.captured, at
    lead(order, State.RETURNED, actor, at)


def pieces(quantity: object) -> int:
    """Return a whole number of pieces, or raise RewardError BAD_QUANTITY: 0, -1, 1.5, "two"."""
    text = str(quantity).strip()
    if isinstance(quantity, bool) or not (text.isascii() and text.isdecimal() and len(text) <= 4):
        raise RewardError("BAD_QUANTITY")
    if int(text) < 1:
        raise RewardError("BAD_QUANTITY")
    return int(text)


def new_code() -> str:
    """Return a code for the desk: no letter in it looks like another."""
    return "".join(secrets.choice(_LETTERS) for _ in range(12))


def _reserved(item_id: int, member: MemberRef) -> Order | None:
    mine = sa.select(Order).where(
        Order.member_id == member.id, Order.item_id == item_id, Order.state == State.RESERVED
    )
    return db.session.scalars(mine.execution_options(populate_existing=True)).one_or_none()


def _hold(made: Order, member: MemberRef, project: ProjectRef) -> None:
    if not made.total:
        return
    try:
        # No end of its own: the order's time-out gives all three back in one transaction.
        made.hold_id = hold_points(
            member=member,
            amount=made.total,
            key=f"rewards:order:{made.public_id}",
            source=SOURCE,
            project=project,
            facts={"order": made.public_id, "quantity": made.quantity},
            note=localized(made.title),
        ).id
    except PointsError as error:
        code = "NOT_ENOUGH_POINTS" if error.code == "not_enough" else "POINTS_REFUSED"
        raise RewardError(code) from error


def lead(order: Order, target: State, actor: Any, at: datetime) -> None:
    """Write down where an order stands now. The item is locked."""
    order.state = target
    db.session.flush()
    _log(order, actor, at)


def _log(order: Order, actor: Any, at: datetime) -> None:
    by = getattr(actor, "account_id", None) or getattr(actor, "id", None)
    db.session.add(
        Step(order_id=order.id, project_id=order.project_id, state=order.state, by=by, at=at)
    )
    db.session.flush()
