"""What is read: the catalogue, one item, orders. Every statement is bounded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.rewards.models import WHOLE, Favourite, Item, Movement, Order, Step, TierPrice, Used
from plugins.rewards.rules import Counts, period_of
from plugins.rewards.states import LIVE, Kind, Period, Shown, State
from portal.sdk import MemberRef, Page, ProjectRef, db, may, page_of, visible_projects

EXPORT_MOST = 5000


@dataclass(frozen=True)
class ListFilter:
    """What a list is narrowed to, read from an address; what is unknown counts as not given.
    `within`: "now" (what the member can have), "marked" (favourites)."""

    search: str = ""
    kind: str = ""
    within: str = ""
    state: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str], states: Sequence[str] = ()) -> "ListFilter":
        """Read `?q=`, `?kind=`, `?within=` and `?state=`."""
        kind, within, state = (args.get(key, "") for key in ("kind", "within", "state"))
        return cls(
            args.get("q", "").strip()[:60].replace("\0", ""),
            kind if kind in set(Kind) else "",
            within if within in ("now", "marked") else "",
            state if state in states else "",
        )

    def args(self, **changed: str) -> dict[str, str]:
        """Return the filter as an address' arguments, some of them changed."""
        mine = {"q": self.search, "kind": self.kind, "within": self.within, "state": self.state}
        return {key: value for key, value in (mine | changed).items() if value}


def in_project(project_id: int | None) -> sa.ColumnElement[bool]:
    """Return what says that an item is offered in a project: its own or the club's.

    Without a project: the club's alone.
    """
    club = Item.project_id.is_(None)
    return club if project_id is None else sa.or_(Item.project_id == project_id, club)


def catalogue(
    project_id: int, member: MemberRef, tier: str | None, available: int, wanted: ListFilter
) -> Page[Any]:
    """Return a page of (item, milli-points for this tier, whether it is marked)."""
    price = sa.func.coalesce(TierPrice.price, Item.price)
    marked = Favourite.item_id.is_not(None)
    mine = sa.and_(Favourite.item_id == Item.id, Favourite.member_id == member.id)
    statement = (
        sa.select(Item, price, marked)
        .outerjoin(TierPrice, sa.and_(TierPrice.item_id == Item.id, TierPrice.tier == (tier or "")))
        .outerjoin(Favourite, mine)
        .where(in_project(project_id), Item.state == Shown.SHOWN, *_narrowed(wanted))
    )
    if wanted.within == "marked":
        statement = statement.where(marked)
    if wanted.within == "now":
        free = sa.or_(Item.stock.is_(None), Item.stock > Item.reserved)
        statement = statement.where(price <= available, free)
    return page_of(statement, Item.place, Item.id)


def managed(project_id: int | None, wanted: ListFilter) -> Page[Any]:
    """Return a page of the project's and the club's items for the staff."""
    return page_of(_managed(project_id, wanted), Item.place, Item.id)


def everything(project_id: int | None, wanted: ListFilter) -> list[Item]:
    """Return the staff's list as a whole, for a file: 5,000 at most."""
    ordered = _managed(project_id, wanted).order_by(Item.place, Item.id)
    return list(db.session.scalars(ordered.limit(EXPORT_MOST)))


def may_know() -> sa.ColumnElement[bool]:
    """Return what says that a project's staff see an item: the club's drafts are the group's."""
    return sa.or_(Item.project_id.is_not(None), Item.state != Shown.DRAFT)


def find_item(project_id: int | None, public_id: str) -> Item | None:
    """Return an item of this project's catalogue; without a project, the club's."""
    whole = sa.select(Item).options(*WHOLE)
    found = whole.where(Item.public_id == public_id, in_project(project_id))
    if project_id is not None:
        found = found.where(may_know())
    return db.session.scalars(found).unique().one_or_none()


def find_for(
    project_id: int, public_id: str, member: MemberRef, on: date
) -> tuple[Item, bool, Order | None, Counts] | None:
    """Return an item, whether the member marked it, the member's reservation of it, and how many
    pieces count against its limits on a day."""
    mine = sa.and_(Favourite.item_id == Item.id, Favourite.member_id == member.id)
    held = sa.and_(
        Order.item_id == Item.id, Order.member_id == member.id, Order.state == State.RESERVED
    )
    rows = db.session.execute(
        sa.select(
            Item,
            Favourite.item_id,
            Order,
            _used(Used.member_id == member.id, Item.member_period, on),
            _used(Used.household_id == member.household_id, Item.household_period, on),
        )
        .options(*WHOLE)
        .outerjoin(Favourite, mine)
        .outerjoin(Order, held)
        .where(Item.public_id == public_id, in_project(project_id))
    )
    row = rows.unique().one_or_none()
    return (row[0], row[1] is not None, row[2], Counts(row[3], row[4])) if row else None


def _used(whose: sa.ColumnElement[bool], period: Any, on: date) -> sa.ScalarSelect[int]:
    """Select the pieces of the item that count in the period in which a day lies."""
    key = sa.case({str(each): period_of(each, on) for each in Period}, value=period)
    pieces = sa.select(sa.func.coalesce(sa.func.sum(Used.used), 0))
    return pieces.where(Used.item_id == Item.id, whose, Used.period == key).scalar_subquery()


def mine(project_id: int, member_id: int) -> Page[Any]:
    """Return a page of the member's orders here, the newest first."""
    statement = (
        sa.select(Order)
        .options(joinedload(Order.item))
        .where(Order.member_id == member_id, Order.project_id == project_id)
    )
    return page_of(statement, Order.created_at, Order.id, descending=True)


def under_way(project_id: int, member_id: int) -> list[Order]:
    """Return the member's orders that are not over, the newest first: 3 at most."""
    mine = sa.select(Order).where(
        Order.member_id == member_id, Order.project_id == project_id, Order.state.in_(LIVE)
    )
    newest = mine.order_by(Order.created_at.desc(), Order.id.desc()).limit(3)
    return list(db.session.scalars(newest))


def own_order(project_id: int, member_id: int, public_id: str) -> Order | None:
    """Return a member's own order with its item."""
    return db.session.scalar(
        sa.select(Order)
        .options(joinedload(Order.item))
        .where(
            Order.public_id == public_id,
            Order.project_id == project_id,
            Order.member_id == member_id,
        )
    )


def order_of(project_id: int, **key: str) -> Order | None:
    """Return an order of this project by its public id or its code, with its item."""
    mine = sa.select(Order).options(joinedload(Order.item)).filter_by(project_id=project_id, **key)
    return db.session.scalar(mine)


def steps_of(order: Order) -> list[Step]:
    """Return an order's history, the oldest first: 50 at most."""
    mine = sa.select(Step).where(Step.order_id == order.id)
    return list(db.session.scalars(mine.order_by(Step.at, Step.id).limit(50)))


def movements(item: Item) -> Page[Any]:
    """Return a page of an item's stock movements, the newest first."""
    mine = sa.select(Movement).where(Movement.item_id == item.id)
    return page_of(mine, Movement.created_at, Movement.id, descending=True)


def to_prepare(project_id: int) -> int:
    """Return how many orders wait for the staff."""
    mine = sa.select(sa.func.count(Order.id))
    placed = mine.where(Order.project_id == project_id, Order.state == State.PLACED)
    return db.session.scalar(placed) or 0


def may_see_picture(project: ProjectRef, public_id: str, member: MemberRef | None) -> bool:
    """Tell whether a reader sees the item that has a picture."""
    staff = may("rewards.manage")
    if not staff and (member is None or project.id not in {p.id for p in visible_projects()}):
        return False
    found = sa.select(Item.state).where(Item.public_id == public_id, in_project(project.id))
    state = db.session.scalar(found)
    return state is not None and (staff or state != Shown.DRAFT)


def _managed(project_id: int | None, wanted: ListFilter) -> sa.Select[tuple[Item]]:
    narrowed = list(_narrowed(wanted))
    if wanted.state:
        narrowed.append(Item.state == wanted.state)
    if project_id is not None:
        narrowed.append(may_know())
    return sa.select(Item).where(in_project(project_id), *narrowed)


def _narrowed(wanted: ListFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.kind:
        found.append(Item.kind == wanted.kind)
    if wanted.search:
        found.append(Item.words.contains(wanted.search.lower(), autoescape=True))
    return found
