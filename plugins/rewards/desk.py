"""What the staff read of orders: lists, what to pick from the shelf, what can be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.rewards.models import Item, Order
from plugins.rewards.showing import plain_code
from plugins.rewards.states import State, Way
from portal.sdk import Page, db, find_members, page_of

_MOST = 20_000


@dataclass(frozen=True)
class OrderFilter:
    """What the list of orders is narrowed to: by code and state; at first what to prepare."""

    search: str = ""
    state: str = State.PLACED

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "OrderFilter":
        """Read `?q=` and `?state=`; "all" is every state."""
        state = args.get("state", State.PLACED)
        known = state if state in (*State, "all") else State.PLACED
        return cls(args.get("q", "").strip()[:60].replace("\0", ""), known)

    def args(self) -> dict[str, str]:
        """Return the filter as an address' arguments."""
        return {"q": self.search, "state": self.state} if self.search else {"state": self.state}


def orders(project_id: int, wanted: OrderFilter) -> Page[Any]:
    """Return a page of orders, the oldest first where they wait, else the newest."""
    waits = wanted.state in (State.PLACED, State.READY)
    statement = (
        sa.select(Order).options(joinedload(Order.item)).where(*_narrowed(project_id, wanted))
    )
    return page_of(statement, Order.created_at, Order.id, descending=not waits)


def all_orders(project_id: int, wanted: OrderFilter) -> list[tuple[Order, str]]:
    """Return every order of the list with the member's name: 20,000 at most."""
    statement = sa.select(Order).where(*_narrowed(project_id, wanted))
    newest = statement.order_by(Order.created_at.desc(), Order.id.desc()).limit(_MOST)
    found = db.session.scalars(newest).all()
    names: dict[int, str] = {}
    ids = sorted({order.member_id for order in found})
    for at in range(0, len(ids), 500):
        names |= {key: who.name for key, who in find_members(ids[at : at + 500]).items()}
    return [(order, names.get(order.member_id, "")) for order in found]


def pick_list(project_id: int) -> list[tuple[Item, int, int]]:
    """Return what the orders to prepare need: (item, pieces, orders), 200 at most."""
    pieces = sa.func.sum(Order.quantity)
    statement = (
        sa.select(Item, pieces, sa.func.count(Order.id))
        .join(Order, Order.item_id == Item.id)
        .where(Order.project_id == project_id, Order.state == State.PLACED)
        .group_by(Item.id)
        .order_by(Item.place, Item.id)
        .limit(200)
    )
    return [(item, int(many), count) for item, many, count in db.session.execute(statement)]


def name_of(order: Order) -> str:
    """Return the name of who ordered."""
    found = find_members([order.member_id]).get(order.member_id)
    return found.name if found else ""


def allowed(order: Order, at: datetime) -> list[str]:
    """Return the steps that staff may take with an order now."""
    fetched = order.way == Way.COLLECT
    late = order.expires_at is not None and order.expires_at <= at
    return {
        State.RESERVED: ["refuse"],
        State.PLACED: ["prepare", "hand_out", "refuse"] if fetched else ["send", "refuse"],
        State.READY: ["refuse"] if late else ["hand_out", "refuse"],
        State.COLLECTED: ["take_back"],
        State.DELIVERED: ["take_back"],
    }.get(State(order.state), [])


def _narrowed(project_id: int, wanted: OrderFilter) -> list[sa.ColumnElement[bool]]:
    found = [Order.project_id == project_id]
    if wanted.state != "all":
        found.append(Order.state == wanted.state)
    if wanted.search:
        code = plain_code(wanted.search)
        named = sa.select(Item.id).where(
            Item.words.contains(wanted.search.lower(), autoescape=True)
        )
        found.append(Order.code == code if code else Order.item_id.in_(named))
    return found
