"""What a balance is made of: the lots that opened, what was used of each, and what is left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.pagination import Page, page_of
from portal.points.expiring import club_today
from portal.points.kinds import Kind, Part
from portal.points.models import Balance, Entry, Lot, Transaction

USES_SHOWN = 200
_PARTS = (Part.AVAILABLE, Part.PENDING, Part.HELD)
_Opening = aliased(Transaction, name="opening")
_opening_entry = aliased(Entry, name="opening_entry")


@dataclass(frozen=True)
class LotLine:
    """A lot and the transaction that opened it; `used` is what has left it."""

    lot: Lot
    opened: Transaction

    @property
    def used(self) -> int:
        """Return how many milli-points have left the lot."""
        return self.lot.original - self.lot.remaining


@dataclass(frozen=True)
class Share:
    """What all lines of one kind have brought (or taken, below zero) altogether."""

    kind: str
    amount: int


@dataclass(frozen=True)
class Sums:
    """All that came and went, and where it stands now: both sides are the same number.

    `dead`: past its last day and not booked yet, so no longer shown in the balance.
    """

    shares: list[Share] = field(default_factory=list)
    available: int = 0
    pending: int = 0
    held: int = 0
    owed: int = 0
    dead: int = 0

    @property
    def total(self) -> int:
        """Return what came less what went."""
        return sum(share.amount for share in self.shares)

    @property
    def ties(self) -> bool:
        """Tell whether what came and went is what is there."""
        return self.total == self.available + self.pending + self.held + self.dead - self.owed


@dataclass(frozen=True)
class Touch:
    """What a transaction did with points of one lot: from which part to which, and whose lot."""

    amount: int
    debit: str
    credit: str
    expires_on: date | None
    opened: Transaction


@dataclass(frozen=True)
class Use:
    """What another transaction did with a lot: `change` is that of what is left in it."""

    change: int
    moved: int
    by: Transaction


@dataclass(frozen=True)
class OpenedLot:
    """A lot that a transaction opened, what became of it, and whether all of that is shown."""

    lot: Lot
    uses: list[Use]

    @property
    def ties(self) -> bool:
        """Tell whether the uses that are shown lead from its beginning to what is left."""
        return self.lot.original + sum(use.change for use in self.uses) == self.lot.remaining


def sums_of(account_id: int) -> Sums:
    """Return what came and went by kind, and the balance: two statements."""
    into = sa.and_(Entry.debit_part == Part.SYSTEM, Entry.credit_part != Part.SYSTEM)
    out = sa.and_(Entry.credit_part == Part.SYSTEM, Entry.debit_part != Part.SYSTEM)
    amount = sa.func.sum(sa.case((into, Entry.amount), (out, -Entry.amount), else_=0))
    # What is taken back counts with its line, or the sums would say "earned" of what is not.
    kind = sa.func.coalesce(_Opening.kind, Transaction.kind)
    rows = db.session.execute(
        sa.select(kind.label("kind"), amount.label("amount"))
        .select_from(Transaction)
        .join(Entry, Entry.transaction_id == Transaction.id)
        .outerjoin(_Opening, _Opening.id == Transaction.reverses_id)
        .where(Transaction.account_id == account_id)
        .group_by(kind)
        .order_by(kind)
    ).all()
    today = club_today()
    dead = (
        sa.select(sa.func.coalesce(sa.func.sum(Lot.remaining - Lot.held), 0))
        .where(
            Lot.account_id == account_id,
            Lot.remaining > Lot.held,
            ~Lot.pending,
            Lot.expires_on < today,
        )
        .scalar_subquery()
    )
    balance = db.session.execute(
        sa.select(Balance, dead.label("dead")).where(Balance.account_id == account_id)
    ).one()
    row, gone = balance.Balance, int(balance.dead)
    shares = [Share(each.kind, int(each.amount)) for each in rows if each.amount]
    return Sums(shares, row.available - gone, row.pending, row.held, row.owed, gone)


def lots_of(account_id: int, *, everything: bool = False) -> Page[LotLine]:
    """Return a page of an account's lots, the soonest to end first: those that hold points, or all.

    One statement.
    """
    statement = (
        sa.select(Lot, Transaction)
        .join(Entry, Entry.id == Lot.id)
        .join(Transaction, Transaction.id == Entry.transaction_id)
        .where(Lot.account_id == account_id)
    )
    if not everything:
        statement = statement.where(Lot.remaining > 0)
    page = page_of(statement, Lot.expires_on, Lot.id)
    lines = [LotLine(lot, opened) for lot, opened in page.items]
    return Page(lines, page.next_cursor, page.previous_cursor)


def lots_of_line(posting_id: int) -> tuple[list[Touch], list[OpenedLot]]:
    """Return what a transaction did with lots that were there before, and those that it opened
    with what became of each: two statements.
    """
    rows = db.session.execute(
        sa.select(Entry, Lot, _Opening)
        .outerjoin(Lot, Lot.id == Entry.id)
        .outerjoin(_opening_entry, _opening_entry.id == Entry.lot_id)
        .outerjoin(_Opening, _Opening.id == _opening_entry.transaction_id)
        .where(Entry.transaction_id == posting_id, sa.or_(Lot.id.is_not(None), Entry.lot_id > 0))
        .order_by(Entry.expires_on, Entry.lot_id, Entry.id)
        .limit(USES_SHOWN)
    ).all()
    touches = [
        Touch(entry.amount, entry.debit_part, entry.credit_part, entry.expires_on, opening)
        for entry, _lot, opening in rows
        if opening is not None
    ]
    lots = [lot for _entry, lot, _opening in rows if lot is not None]
    uses: dict[int, list[Use]] = {lot.id: [] for lot in lots}
    for entry, by in _uses(list(uses)) if uses else ():
        uses[entry.lot_id].append(_use(entry, by))
    return touches, [OpenedLot(lot, uses[lot.id]) for lot in lots]


def _uses(lot_ids: Sequence[int]) -> Sequence[Any]:
    return db.session.execute(
        sa.select(Entry, Transaction)
        .join(Transaction, Transaction.id == Entry.transaction_id)
        .where(Entry.lot_id.in_(lot_ids))
        .order_by(Transaction.booked_at, Transaction.id, Entry.id)
        .limit(USES_SHOWN)
    ).all()


def _use(entry: Entry, by: Transaction) -> Use:
    change = entry.amount * ((entry.credit_part in _PARTS) - (entry.debit_part in _PARTS))
    return Use(change, entry.amount, by)


def is_internal(kind: str) -> bool:
    """Tell whether a kind of line only moves points between lots or parts of one account."""
    return kind in (Kind.HOLD, Kind.VOID, Kind.TIME_OUT, Kind.MATURE, Kind.EXTEND)
