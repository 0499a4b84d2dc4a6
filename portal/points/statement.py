"""The lines of a ledger: what each transaction did, and the balance after it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.extensions import db
from portal.members.models import Member
from portal.pagination import Page, page_of
from portal.points.accounts import HOLDER_COLUMNS
from portal.points.kinds import Kind, Part
from portal.points.models import (
    Balance,
    Currency,
    Entry,
    Note,
    PointsAccount,
    Reversed,
    Transaction,
)
from portal.points.queries import Purse
from portal.points.terms import Holder

SHOWN: dict[str, tuple[Kind, ...]] = {
    "earned": (Kind.EARN, Kind.AWARD, Kind.RECEIVE, Kind.MATURE, Kind.CONVERTED),
    "used": (
        Kind.SPEND,
        Kind.CAPTURE,
        Kind.GIVE,
        Kind.DEDUCT,
        Kind.FORFEIT,
        Kind.SETTLE,
        Kind.CONVERT,
    ),
    "expired": (Kind.EXPIRE, Kind.EXTEND, Kind.REINSTATE),
    "held": (Kind.HOLD, Kind.CAPTURE, Kind.VOID, Kind.TIME_OUT),
    "reversed": (Kind.REVERSE,),
}
"""Filters of a ledger's lines and the kinds that each shows."""
_Origin = aliased(Transaction)


@dataclass(frozen=True)
class Effect:
    """What a transaction did to each part of its account, in signed milli-points.

    `first_day` and `last_day`: the earliest and latest last day of the lots that it touched.
    """

    available: int = 0
    pending: int = 0
    held: int = 0
    owed: int = 0
    first_day: date | None = None
    last_day: date | None = None

    @property
    def net(self) -> int:
        """Return by how much the account holds more: what is owed counts against it."""
        return self.available + self.pending + self.held - self.owed


@dataclass(frozen=True)
class Line:
    """One transaction as a reader sees it; `after`: the available points after it, if known.

    `other`: the name of the person at the other end of a transfer.
    """

    row: Transaction
    effect: Effect
    note: str
    reversed: int
    origin: Transaction | None
    after: int | None
    other: str = ""


@dataclass(frozen=True)
class Month:
    """The lines of a month that a page shows, under what the whole month gained and used."""

    first: date
    gained: int
    used: int
    lines: list[Line] = field(default_factory=list)


def ledger_of(
    account_id: int,
    show: str = "",
    *,
    month: date | None = None,
    project_id: int | None = None,
    **paging: Any,
) -> Page[Line]:
    """Return a page of an account's lines, the newest first: two statements.

    `month`: the first day of the only month that is shown. `project_id`: for whom sees the lines
    of one project and of the club; where others are left out, no balance stands beside a line.
    """
    statement = _lines.where(Transaction.account_id == account_id)
    if project_id is not None:
        statement = statement.where(seen_in(project_id))
    if show in SHOWN:
        statement = statement.where(Transaction.kind.in_(SHOWN[show]))
    if month is not None:
        statement = statement.where(
            Transaction.booked_on >= month, Transaction.booked_on < next_month(month)
        )
    page = page_of(statement, Transaction.booked_at, Transaction.id, descending=True, **paging)
    known = show not in SHOWN
    lines = _told(account_id, page.items, known=known, project_id=project_id)
    return Page(lines, page.next_cursor, page.previous_cursor)


def line_of(
    holder: Holder, public_id: str, *, project_id: int | None = None
) -> tuple[Line, Purse] | None:
    """Return one line of a holder, as `ledger_of` does, and the purse that it is of."""
    statement = (
        _lines.add_columns(Currency.key, Currency.name)
        .join(PointsAccount, PointsAccount.id == Transaction.account_id)
        .join(Currency, Currency.id == PointsAccount.currency_id)
        .where(Transaction.public_id == public_id, HOLDER_COLUMNS[holder.kind] == holder.id)
    )
    if project_id is not None:
        statement = statement.where(seen_in(project_id))
    found = db.session.execute(statement).first()
    if found is None:
        return None
    *row, key, name = found
    account_id = found[0].account_id
    (line,) = _told(account_id, [row], known=True, project_id=project_id)
    return line, Purse(key, name, account_id)


def seen_in(
    project_id: int, row: Any = Transaction, origin: Any = _Origin
) -> sa.ColumnElement[bool]:
    """Return the condition under which a line, and what it takes back, is of a project or the
    whole club: these are the lines that the staff of the project see.
    """
    return sa.and_(
        *(
            sa.or_(each.project_id.is_(None), each.project_id == project_id)
            for each in (row, origin)
        )
    )


_other = sa.case(
    (Transaction.kind == Kind.GIVE, Transaction.facts["to"].as_string()),
    (Transaction.kind == Kind.RECEIVE, Transaction.facts["from"].as_string()),
)
_name = sa.select(Member.name).where(Member.public_id == _other).scalar_subquery()
_lines = (
    sa.select(Transaction, Note.text, Reversed.reversed, _Origin, _name)
    .outerjoin(Note, Note.transaction_id == Transaction.id)
    .outerjoin(Reversed, Reversed.transaction_id == Transaction.id)
    .outerjoin(_Origin, _Origin.id == Transaction.reverses_id)
)


def next_month(first: date) -> date:
    """Return the first day of the month after."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _told(
    account_id: int, items: Sequence[Any], *, known: bool, project_id: int | None
) -> list[Line]:
    if not items:
        return []
    rows = [row[0] for row in items]
    balance: sa.ColumnElement[Any] = _after(account_id, rows[0]) if known else sa.null()
    if known and project_id is not None:
        balance = sa.case((~_others(account_id, project_id), balance))
    found = db.session.execute(
        _effects([row.id for row in rows]).add_columns(balance.label("after"))
    ).all()
    effects = {row.transaction_id: _effect(row) for row in found}
    after = None if found[0].after is None else int(found[0].after)
    lines = []
    for row, note, reversed_, origin, other in items:
        effect = effects.get(row.id, Effect())
        lines.append(Line(row, effect, note or "", reversed_ or 0, origin, after, other or ""))
        after = None if after is None else after - effect.available
    return lines


def _effects(ids: Sequence[int]) -> sa.Select[Any]:
    """Return the statement of what transactions did, a row each."""
    return (
        sa.select(
            Entry.transaction_id,
            *(_change(part).label(part) for part in (Part.AVAILABLE, Part.PENDING, Part.HELD)),
            (-_change(Part.OWED)).label("owed"),
            sa.func.min(Entry.expires_on).label("first_day"),
            sa.func.max(Entry.expires_on).label("last_day"),
        )
        .where(Entry.transaction_id.in_(ids))
        .group_by(Entry.transaction_id)
    )


def _effect(row: Any) -> Effect:
    return Effect(
        int(row.available),
        int(row.pending),
        int(row.held),
        int(row.owed),
        row.first_day,
        row.last_day,
    )


def _change(part: Part, entry: Any = Entry) -> sa.ColumnElement[Any]:
    return sa.func.sum(
        sa.case((entry.credit_part == part, entry.amount), else_=0)
        - sa.case((entry.debit_part == part, entry.amount), else_=0)
    )


def _after(account_id: int, first: Transaction) -> sa.ScalarSelect[Any]:
    """Return the available points after `first`: those of now, less what came later."""
    later = sa.tuple_(Transaction.booked_at, Transaction.id) > sa.tuple_(
        sa.literal(first.booked_at, Transaction.booked_at.type), sa.literal(first.id)
    )
    entry = aliased(Entry)
    since = (
        sa.select(sa.func.coalesce(_change(Part.AVAILABLE, entry), 0))
        .join(Transaction, Transaction.id == entry.transaction_id)
        .where(Transaction.account_id == account_id, later)
        .scalar_subquery()
    )
    now = sa.select(Balance.available - since).where(Balance.account_id == account_id)
    return now.scalar_subquery()


def _others(account_id: int, project_id: int) -> sa.ColumnElement[bool]:
    """Return whether an account has lines that the staff of a project do not see."""
    row, origin = aliased(Transaction), aliased(Transaction)
    return (
        sa.select(row.id)
        .outerjoin(origin, origin.id == row.reverses_id)
        .where(row.account_id == account_id, ~seen_in(project_id, row, origin))
        .exists()
    )


def by_month(account_id: int, lines: Iterable[Line]) -> list[Month]:
    """Return lines under their months, each with what the whole month gained and used."""
    months: dict[date, list[Line]] = {}
    for line in lines:
        months.setdefault(line.row.booked_on.replace(day=1), []).append(line)
    if not months:
        return []
    totals = _totals(account_id, min(months), max(months))
    return [
        Month(first, *totals.get((first.year, first.month), (0, 0)), found)
        for first, found in months.items()
    ]


def _totals(account_id: int, first: date, last: date) -> dict[tuple[int, int], tuple[int, int]]:
    end = next_month(last)
    year, month = (sa.extract(part, Transaction.booked_on) for part in ("year", "month"))
    into = sa.and_(Entry.debit_part == Part.SYSTEM, Entry.credit_part != Part.SYSTEM)
    out = sa.and_(Entry.credit_part == Part.SYSTEM, Entry.debit_part != Part.SYSTEM)
    rows = db.session.execute(
        sa.select(
            year.label("year"),
            month.label("month"),
            sa.func.sum(sa.case((into, Entry.amount), else_=0)).label("gained"),
            sa.func.sum(sa.case((out, Entry.amount), else_=0)).label("used"),
        )
        .join(Transaction, Transaction.id == Entry.transaction_id)
        .where(
            Transaction.account_id == account_id,
            Transaction.booked_on >= first,
            Transaction.booked_on < end,
            # It moves points to other days, not in or out.
            Transaction.kind != Kind.EXTEND,
        )
        .group_by(year, month)
    )
    return {(int(row.year), int(row.month)): (int(row.gained), int(row.used)) for row in rows}
