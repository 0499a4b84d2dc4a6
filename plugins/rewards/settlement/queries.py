"""What is read of settlement: statements, their lines, what waits, and the tie to the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.rewards.figures import COUNTED
from plugins.rewards.models import (
    Item,
    ItemPartner,
    Order,
    Partner,
    Rate,
    Statement,
    StatementLine,
    Step,
    VoucherUse,
)
from plugins.rewards.settlement.drawing import SOURCE
from plugins.rewards.settlement.states import Party, Stage
from plugins.rewards.states import Kind, State
from portal.sdk import Page, ProjectRef, captured_points, captured_total, db, page_of

LINES_MOST = 20_000
_APART_MOST, _CHUNK = 20, 500


@dataclass(frozen=True)
class StatementFilter:
    """What a list is narrowed to; what is unknown counts as not given."""

    month: str = ""
    party: str = ""
    state: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "StatementFilter":
        """Read `?month=`, `?party=` and `?state=`."""
        party, state = args.get("party", ""), args.get("state", "")
        return cls(
            args.get("month", "")[:7].replace("\0", ""),
            party if party in set(Party) else "",
            state if state in set(Stage) else "",
        )

    def args(self) -> dict[str, str]:
        """Return the filter as an address' arguments."""
        mine = {"month": self.month, "party": self.party, "state": self.state}
        return {key: value for key, value in mine.items() if value}


@dataclass(frozen=True)
class Tie:
    """A project's points for ever, in milli-points: in statements, in none yet, and in the ledger;
    all three count what came back negatively."""

    settled: int
    waiting: int
    ledger: int

    @property
    def apart(self) -> int:
        """What the ledger has more than the orders."""
        return self.ledger - self.settled - self.waiting


@dataclass(frozen=True)
class ItemRate:
    """What a partner gets for a piece of an item: fen from a month on; None: nobody has said."""

    item: Item
    partner: Partner
    month: str = ""
    fen: int | None = None


def statements(project_id: int, wanted: StatementFilter) -> Page[Any]:
    """Return a page of statements, the newest first."""
    return page_of(_listed(project_id, wanted), Statement.month, Statement.number, descending=True)


def all_statements(project_id: int, wanted: StatementFilter) -> list[Statement]:
    """Return the list as a whole, for a file: 20,000 at most."""
    newest = _listed(project_id, wanted).order_by(Statement.month.desc(), Statement.number.desc())
    return list(db.session.scalars(newest.limit(LINES_MOST)))


def find_statement(project_id: int, public_id: str) -> Statement | None:
    """Return a statement of the project with its partner."""
    mine = sa.select(Statement).options(joinedload(Statement.partner))
    return db.session.scalars(
        mine.where(Statement.project_id == project_id, Statement.public_id == public_id)
    ).one_or_none()


def lines(statement: Statement) -> Page[Any]:
    """Return a page of a statement's lines, by day."""
    return page_of(_lines(statement), StatementLine.on, StatementLine.id)


def all_lines(statement: Statement) -> list[StatementLine]:
    """Return every line, for a file: 20,000 at most."""
    ordered = _lines(statement).order_by(StatementLine.on, StatementLine.id)
    return list(db.session.scalars(ordered.limit(LINES_MOST)))


def open_months(project: ProjectRef, at: datetime) -> list[str]:
    """Return the months that are over, from the first with something in no statement to the last:
    36 at most, the first first."""
    firsts = [
        sa.select(sa.func.min(Step.at)).where(_unsettled(project.id)).scalar_subquery(),
        sa.select(sa.func.min(VoucherUse.created_at))
        .where(VoucherUse.project_id == project.id)
        .where(~sa.exists().where(StatementLine.use_id == VoucherUse.id))
        .scalar_subquery(),
    ]
    zone = ZoneInfo(project.time_zone)
    found = [each.astimezone(zone) for each in db.session.execute(sa.select(*firsts)).one() if each]
    if not found:
        return []
    month, now = min(found), at.astimezone(zone)
    number, last = month.year * 12 + month.month - 1, now.year * 12 + now.month - 1
    return [f"{each // 12}-{each % 12 + 1:02d}" for each in range(number, last)][:36]


def tie(project: ProjectRef) -> Tie:
    """Return whether statements, what waits, and the ledger agree; in two statements of SQL."""
    sign = sa.case((Step.state == State.RETURNED, -1), else_=1)
    settled = sa.select(sa.func.coalesce(sa.func.sum(Statement.points), 0)).where(
        Statement.project_id == project.id
    )
    waiting = (
        sa.select(sa.func.coalesce(sa.func.sum(sign * Order.price * Order.quantity), 0))
        .select_from(Step)
        .join(Order, Order.id == Step.order_id)
        .where(_unsettled(project.id))
    )
    row = db.session.execute(sa.select(settled.scalar_subquery(), waiting.scalar_subquery())).one()
    ledger = captured_total(source=SOURCE, project=project)
    return Tie(int(row[0]), int(row[1]), ledger.amount - ledger.returned)


def orders_apart(project: ProjectRef) -> list[Order]:
    """Return orders whose points are others in the ledger, 20 at most: for when a tie is broken."""
    found: list[Order] = []
    last = 0
    while len(found) < _APART_MOST:
        orders = db.session.scalars(
            sa.select(Order)
            .where(Order.project_id == project.id, Order.captured > 0, Order.id > last)
            .order_by(Order.id)
            .limit(_CHUNK)
        ).all()
        if not orders:
            break
        last = orders[-1].id
        ids = [order.capture_id for order in orders if order.capture_id is not None]
        ledger = captured_points(source=SOURCE, posting_ids=ids)
        for order in orders:
            has = ledger.get(order.capture_id or 0)
            if has is None or (has.amount, has.returned) != (order.captured, order.refunded):
                found.append(order)
    return found[:_APART_MOST]


def rates(project: ProjectRef) -> list[ItemRate]:
    """Return every item of a partner's with its newest rate: 500 at most."""
    newest = (
        sa.select(Rate.item_id, sa.func.max(Rate.month).label("month"))
        .where(Rate.project_id == project.id)
        .group_by(Rate.item_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Item, Partner, Rate.month, Rate.fen)
        .join(ItemPartner, ItemPartner.item_id == Item.id)
        .join(Partner, Partner.id == ItemPartner.partner_id)
        .outerjoin(newest, newest.c.item_id == Item.id)
        .outerjoin(Rate, sa.and_(Rate.item_id == Item.id, Rate.month == newest.c.month))
        .where(ItemPartner.project_id == project.id, Item.kind != Kind.FEE)
        .order_by(Partner.place, Partner.id, Item.place, Item.id)
        .limit(_CHUNK)
    )
    return [ItemRate(row[0], row[1], row[2] or "", row[3]) for row in rows]


def _listed(project_id: int, wanted: StatementFilter) -> sa.Select[tuple[Statement]]:
    mine = sa.select(Statement).options(joinedload(Statement.partner))
    mine = mine.where(Statement.project_id == project_id)
    for column, value in (
        (Statement.month, wanted.month),
        (Statement.party, wanted.party),
        (Statement.state, wanted.state),
    ):
        if value:
            mine = mine.where(column == value)
    return mine


def _lines(statement: Statement) -> sa.Select[tuple[StatementLine]]:
    mine = sa.select(StatementLine).options(joinedload(StatementLine.item))
    return mine.where(StatementLine.statement_id == statement.id)


def _unsettled(project_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        Step.project_id == project_id,
        Step.state.in_(COUNTED),
        ~sa.exists().where(StatementLine.step_id == Step.id),
    )
