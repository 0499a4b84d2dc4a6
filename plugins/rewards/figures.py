"""What rewards came to: points taken by month and kind, what is still owed, what runs out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from plugins.rewards.models import FeeCredit, Item, Order, Step, Voucher
from plugins.rewards.showing import points
from plugins.rewards.states import LIVE, Kind, Shown, State
from portal.sdk import ProjectRef, db, localized

MONTHS, MOST_MONTHS, LOW, SHOWN = 12, 36, 5, 10
_WIDTH, _BASE, _TOP, _GAP = 660, 150, 24, 8
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

    orders: int
    held: int
    fees: int
    fee_worth: int
    vouchers: int
    left_over: int
    whole: int


@dataclass(frozen=True)
class Seller:
    """An item among the best: pieces that stayed handed out, and their milli-points."""

    public_id: str
    title: str
    pieces: int
    taken: int


@dataclass(frozen=True)
class Low:
    """An item on offer of which few pieces can still be had."""

    public_id: str
    title: str
    free: int


@dataclass(frozen=True)
class Bar:
    """A column of the chart, in its own units."""

    x: float
    y: float
    width: float
    height: float
    label: str
    text: str


def taken(project: ProjectRef, span: Span) -> list[Taken]:
    """Return what was taken by month and kind, in one statement; steps are never changed, so a
    month that is over stays as it was."""
    bounds = _bounds(project, span)
    month = sa.case(
        *((Step.at < end, key) for key, end in zip(span.keys, bounds[1:], strict=True)),
        else_="",
    )
    each = (
        sa.select(
            month.label("month"), Item.kind, Step.state, Order.quantity,
            (Order.price * Order.quantity).label("total"),
        )
        .join(Order, Order.id == Step.order_id)
        .join(Item, Item.id == Order.item_id)
        .where(*_within(project, bounds))
        .subquery()
    )  # fmt: skip
    back = each.c.state == State.RETURNED
    rows = db.session.execute(
        sa.select(
            each.c.month, each.c.kind,
            sa.func.sum(sa.case((back, 0), else_=1)),
            sa.func.sum(sa.case((back, 0), else_=each.c.quantity)),
            sa.func.sum(sa.case((back, 0), else_=each.c.total)),
            sa.func.sum(sa.case((back, each.c.total), else_=0)),
        )
        .group_by(each.c.month, each.c.kind)
        .order_by(each.c.month, each.c.kind)
    )  # fmt: skip
    return [Taken(row[0], row[1], *(int(each) for each in row[2:])) for row in rows]


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
    held = (
        sa.select(
            sa.func.count(Order.id).label("orders"),
            sa.func.coalesce(sa.func.sum(Order.price * Order.quantity), 0).label("held"),
            sa.func.count(FeeCredit.order_id).label("fees"),
            sa.func.coalesce(sa.func.sum(FeeCredit.worth), 0).label("fee_worth"),
        )
        .outerjoin(FeeCredit, FeeCredit.order_id == Order.id)
        .where(Order.project_id == project.id, Order.state.in_(LIVE))
        .subquery()
    )
    parts = sa.case((Voucher.in_parts, Voucher.left_over), else_=0)
    left = (
        sa.select(
            sa.func.count(Voucher.id).label("vouchers"),
            sa.func.coalesce(sa.func.sum(parts), 0).label("left_over"),
            sa.func.count(sa.case((~Voucher.in_parts, 1))).label("whole"),
        )
        .where(
            Voucher.project_id == project.id,
            Voucher.order_id.is_not(None),
            Voucher.voided_at.is_(None),
            Voucher.left_over > 0,
            Voucher.valid_until > at,
        )
        .subquery()
    )
    row = db.session.execute(sa.select(held, left).join_from(held, left, sa.true())).one()
    return Owed(*(int(each) for each in row))


def on_the_shelf(project: ProjectRef, span: Span) -> tuple[list[Seller], list[Low]]:
    """Return the ten items of which most pieces stayed handed out, and ten items on offer with at
    most five pieces to be had, the fewest first; in one statement."""
    sold, low = _sold(project, span), _low(project)
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


def _sold(project: ProjectRef, span: Span) -> sa.Subquery:
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
        .where(*_within(project, _bounds(project, span)))
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
    most = max((month.captured for month in months), default=0) or 1
    width = _WIDTH / len(months) - _GAP
    drawn = []
    for place, month in enumerate(months):
        height = month.captured / most * (_BASE - _TOP)
        text = f"{points(month.captured):,}" if month.captured and len(months) <= MONTHS else ""
        label = month.month[5:].lstrip("0")
        drawn.append(Bar(place * (width + _GAP), _BASE - height, width, height, label, text))
    return drawn


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
