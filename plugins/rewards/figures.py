"""What rewards came to: points taken by month and kind, what is still owed, what runs out."""

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from plugins.rewards.charts import Bar, columns
from plugins.rewards.models import FeeCredit, Item, Order, Step, Voucher
from plugins.rewards.showing import points
from plugins.rewards.states import LIVE, Kind, Shown, State
from portal.sdk import ProjectRef, UtcDateTime, db, localized

MONTHS, MOST_MONTHS, LOW, SHOWN = 12, 36, 5, 10
COUNTED = (State.COLLECTED, State.DELIVERED, State.RETURNED)


@dataclass(frozen=True)
class Span:
    """Months from `first` to `last`, both included: "2026-07"."""

    first: str
    last: str

    @classmethod
    def read(cls, first: str, last: str, today: date) -> "Span":
        """Read two months; the last twelve for what cannot be read, 36 at most."""
        end = _number(last) or today.year * 12 + today.month - 1
        start = _number(first) or end - MONTHS + 1
        if start > end:
            start, end = end, start
        return cls(_key(max(start, end - MOST_MONTHS + 1)), _key(end))

    @property
    def keys(self) -> list[str]:
        """Every month, the earliest first."""
        start, end = _number(self.first) or 0, _number(self.last) or 0
        return [_key(each) for each in range(start, end + 1)]


@dataclass(frozen=True)
class Taken:
    """What was handed out in a month of a kind: orders, pieces, and points in milli-points;
    `returned` is what was given back in that month, whenever it was handed out."""

    month: str
    kind: str
    orders: int = 0
    pieces: int = 0
    captured: int = 0
    returned: int = 0

    @property
    def net(self) -> int:
        """Milli-points that stayed taken."""
        return self.captured - self.returned


@dataclass(frozen=True)
class Owed:
    """What is promised and not yet settled: orders with points set aside (milli-points), fee
    credits among them (`fee_worth` in fen), vouchers with something left (`left_over` in fen)
    and those that are used as a whole."""

    orders: int = 0
    held: int = 0
    fees: int = 0
    fee_worth: int = 0
    vouchers: int = 0
    left_over: int = 0
    whole: int = 0

    def __add__(self, other: "Owed") -> "Owed":
        """Return both together."""
        both = zip(astuple(self), astuple(other), strict=True)
        return Owed(*(mine + theirs for mine, theirs in both))


@dataclass(frozen=True)
class Seller:
    """An item among the best: pieces that stayed handed out, and their milli-points; without a
    project it is the club's."""

    public_id: str
    title: str
    pieces: int
    taken: int
    project_id: int | None = None


@dataclass(frozen=True)
class Low:
    """An item on offer of which few pieces can still be had."""

    public_id: str
    title: str
    free: int


def taken(project: ProjectRef, span: Span) -> list[Taken]:
    """Return what was taken by month and kind, in one statement; steps are never changed, so a
    month that is over stays as it was, and it is over by the project's clocks."""
    rows = db.session.execute(_taken([project], span))
    return sorted((_read_taken(row) for row in rows), key=lambda each: (each.month, each.kind))


def taken_and_owed(
    projects: Sequence[ProjectRef], span: Span, at: datetime
) -> tuple[dict[int, list[Taken]], dict[int, Owed]]:
    """Return what was taken, and what is promised at this moment, of several projects by their
    ids, in one statement."""
    taken_: dict[int, list[Taken]] = {each.id: [] for each in projects}
    owed_ = {each.id: Owed() for each in projects}
    if not projects:
        return taken_, owed_
    zero, blank = sa.literal(0), sa.literal("")
    promised = _owed([each.id for each in projects]).subquery()
    mine = sa.select(_taken(projects, span).subquery(), zero, zero, zero)
    theirs = sa.select(promised.c.project, blank, blank, *list(promised.c)[1:])
    for row in db.session.execute(sa.union_all(mine, theirs), {"at": at}):
        if row[1]:
            taken_[row[0]].append(_read_taken(row[:7]))
        else:
            owed_[row[0]] += Owed(*(int(each) for each in row[3:]))
    return taken_, owed_


def _taken(projects: Sequence[ProjectRef], span: Span) -> sa.Select[Any]:
    each = (
        sa.select(
            Step.project_id, _month(projects, span).label("month"), Item.kind, Step.state,
            Order.quantity, (Order.price * Order.quantity).label("total"),
        )
        .join(Order, Order.id == Step.order_id)
        .join(Item, Item.id == Order.item_id)
        .where(_within_any(projects, span))
        .subquery()
    )  # fmt: skip
    back = each.c.state == State.RETURNED
    by = (each.c.project_id, each.c.month, each.c.kind)
    return sa.select(
        *by,
        sa.func.sum(sa.case((back, 0), else_=1)),
        sa.func.sum(sa.case((back, 0), else_=each.c.quantity)),
        sa.func.sum(sa.case((back, 0), else_=each.c.total)),
        sa.func.sum(sa.case((back, each.c.total), else_=0)),
    ).group_by(*by)


def _read_taken(row: Sequence[Any]) -> Taken:
    return Taken(row[1], row[2], *(int(each) for each in row[3:]))


def by_month(found: Sequence[Taken], span: Span) -> list[Taken]:
    """Return one row for each month, those without any included."""
    return [_sum(key, "", [row for row in found if row.month == key]) for key in span.keys]


def by_kind(found: Sequence[Taken]) -> list[Taken]:
    """Return one row for each kind that was taken."""
    kinds = [kind for kind in Kind if any(row.kind == kind for row in found)]
    return [_sum("", kind, [row for row in found if row.kind == kind]) for kind in kinds]


def whole(found: Sequence[Taken]) -> Taken:
    """Return all rows as one."""
    return _sum("", "", found)


def owed(project: ProjectRef, at: datetime) -> Owed:
    """Return what is promised at this moment, in one statement."""
    rows = db.session.execute(_owed([project.id]), {"at": at})
    return sum((Owed(*(int(each) for each in row[1:])) for row in rows), Owed())


def _owed(ids: Sequence[int]) -> sa.CompoundSelect[Any]:
    """Return what is promised at `at`, by project: what is ordered, and vouchers."""
    none = sa.literal(0)
    held = (
        sa.select(
            Order.project_id.label("project"),
            sa.func.count(Order.id).label("orders"),
            sa.func.coalesce(sa.func.sum(Order.price * Order.quantity), 0).label("held"),
            sa.func.count(FeeCredit.order_id).label("fees"),
            sa.func.coalesce(sa.func.sum(FeeCredit.worth), 0).label("fee_worth"),
            none.label("vouchers"), none.label("left_over"), none.label("whole"),
        )
        .outerjoin(FeeCredit, FeeCredit.order_id == Order.id)
        .where(Order.project_id.in_(ids), Order.state.in_(LIVE))
        .group_by(Order.project_id)
    )  # fmt: skip
    parts = sa.case((Voucher.in_parts, Voucher.left_over), else_=0)
    left = (
        sa.select(
            Voucher.project_id, none, none, none, none, sa.func.count(Voucher.id),
            sa.func.coalesce(sa.func.sum(parts), 0),
            sa.func.count(sa.case((~Voucher.in_parts, 1))),
        )
        .where(
            Voucher.project_id.in_(ids),
            Voucher.order_id.is_not(None),
            Voucher.voided_at.is_(None),
            Voucher.left_over > 0,
            Voucher.valid_until > sa.bindparam("at", type_=UtcDateTime),
        )
        .group_by(Voucher.project_id)
    )  # fmt: skip
    return sa.union_all(held, left)


def on_the_shelf(project: ProjectRef, span: Span) -> tuple[list[Seller], list[Low]]:
    """Return the ten items of which most pieces stayed handed out, and ten items on offer with at
    most five pieces to be had, the fewest first; in one statement."""
    sold, low = _sold([project], span), _low(project)
    rows = db.session.execute(
        sa.select(Item.public_id, Item.title, sold.c.pieces, sold.c.taken, low.c.free)
        .select_from(Item)
        .outerjoin(sold, sold.c.item_id == Item.id)
        .outerjoin(low, low.c.item_id == Item.id)
        .where(sa.or_(sold.c.item_id.is_not(None), low.c.item_id.is_not(None)))
        .order_by(Item.place, Item.id)
    ).all()
    sellers = [
        Seller(row[0], localized(row[1]), int(row[2]), int(row[3])) for row in rows if row[2]
    ]
    few = [Low(row[0], localized(row[1]), int(row[4])) for row in rows if row[4] is not None]
    return (
        sorted(sellers, key=lambda each: -each.pieces),
        sorted(few, key=lambda each: each.free),
    )


def best_sellers(projects: Sequence[ProjectRef], span: Span) -> list[Seller]:
    """Return the ten items of which most pieces stayed handed out in all these projects."""
    if not projects:
        return []
    sold = _sold(projects, span)
    rows = db.session.execute(
        sa.select(Item.public_id, Item.title, sold.c.pieces, sold.c.taken, Item.project_id)
        .join(sold, sold.c.item_id == Item.id)
        .order_by(sold.c.pieces.desc(), Item.id)
    )
    return [Seller(row[0], localized(row[1]), int(row[2]), int(row[3]), row[4]) for row in rows]


def _sold(projects: Sequence[ProjectRef], span: Span) -> sa.Subquery:
    sign = sa.case((Step.state == State.RETURNED, -1), else_=1)
    pieces = sa.func.sum(sign * Order.quantity)
    return (
        sa.select(
            Order.item_id,
            pieces.label("pieces"),
            sa.func.sum(sign * Order.price * Order.quantity).label("taken"),
        )
        .select_from(Step)
        .join(Order, Order.id == Step.order_id)
        .where(_within_any(projects, span))
        .group_by(Order.item_id)
        .having(pieces > 0)
        .order_by(pieces.desc(), Order.item_id)
        .limit(SHOWN)
        .subquery()
    )


def _low(project: ProjectRef) -> sa.Subquery:
    free = Item.stock - Item.reserved
    return (
        sa.select(Item.id.label("item_id"), free.label("free"))
        .where(
            sa.or_(Item.project_id == project.id, Item.project_id.is_(None)),
            Item.state == Shown.SHOWN,
            free <= LOW,
        )
        .order_by(free, Item.place, Item.id)
        .limit(SHOWN)
        .subquery()
    )


def bars(months: Sequence[Taken]) -> list[Bar]:
    """Return the points taken in each month as columns."""
    amounts = [(month.month, month.captured) for month in months]
    return columns(amounts, lambda milli: f"{points(milli):,}")


def _month(projects: Sequence[ProjectRef], span: Span) -> sa.Case[str]:
    """Return the month of a step by the clocks of its project."""
    zones: dict[str, list[ProjectRef]] = {}
    for project in projects:
        zones.setdefault(project.time_zone, []).append(project)
    ends = []
    for same in zones.values():
        here = Step.project_id.in_([project.id for project in same])
        for end, key in zip(_bounds(same[0], span)[1:], span.keys, strict=True):
            ends.append((sa.and_(here, Step.at < end), key))
    return sa.case(*ends, else_="")


def _within_any(projects: Sequence[ProjectRef], span: Span) -> sa.ColumnElement[bool]:
    return sa.or_(*(sa.and_(*_within(each, _bounds(each, span))) for each in projects))


def _within(project: ProjectRef, bounds: Sequence[datetime]) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Step.project_id == project.id,
        Step.state.in_(COUNTED),
        Step.at >= bounds[0],
        Step.at < bounds[-1],
    )


def months_end(project: ProjectRef, month: str) -> datetime | None:
    """Return the moment at which a month ("2026-07") is over in the project, None for no month."""
    return _bounds(project, Span(month, month))[-1] if _number(month) else None


def _bounds(project: ProjectRef, span: Span) -> list[datetime]:
    zone, end = ZoneInfo(project.time_zone), (_number(span.last) or 0) + 1
    return [
        datetime.fromisoformat(f"{key}-01").replace(tzinfo=zone) for key in (*span.keys, _key(end))
    ]


def _sum(month: str, kind: str, rows: Sequence[Taken]) -> Taken:
    return Taken(
        month,
        kind,
        *(
            sum(getattr(row, name) for row in rows)
            for name in ("orders", "pieces", "captured", "returned")
        ),
    )


def _number(month: str) -> int | None:
    found = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", month)
    return int(found[1]) * 12 + int(found[2]) - 1 if found else None


def _key(number: int) -> str:
    return f"{number // 12}-{number % 12 + 1:02d}"
