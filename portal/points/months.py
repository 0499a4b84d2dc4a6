"""Sealed months: their statements tie, and corrections are new entries of a later month.

Months are sealed one after the other, so that each begins with what the one before left.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.club.queries import current_club
from portal.extensions import db
from portal.points.errors import PointsError
from portal.points.kinds import BEGINNING
from portal.points.models import SealedMonth, Transaction
from portal.points.moves import write_moves

_FIGURES = """
    SELECT account_id, :month AS month, sum(before) AS opening, sum(gained) AS gained,
        sum(used) AS used, sum(expired) AS expired,
        sum(before) + sum(gained) - sum(used) - sum(expired) AS closing
    FROM (
        SELECT account_id, closing AS before, 0 AS gained, 0 AS used, 0 AS expired
        FROM points_statement t WHERE month = :last {only}
        UNION ALL
        SELECT t.account_id,
            CASE WHEN t.booked_on < :first_day THEN
                CASE WHEN e.credit_part = 'system' THEN -e.amount ELSE e.amount END
            ELSE 0 END,
            CASE WHEN t.booked_on >= :first_day AND e.debit_part = 'system'
                THEN e.amount ELSE 0 END,
            CASE WHEN t.booked_on >= :first_day AND e.credit_part = 'system'
                AND c.system <> 'expired' THEN e.amount ELSE 0 END,
            CASE WHEN t.booked_on >= :first_day AND c.system = 'expired'
                THEN e.amount ELSE 0 END
        FROM points_entry e
        JOIN points_transaction t ON t.id = e.transaction_id
        JOIN points_account c ON c.id = e.credit_account_id
        WHERE (e.debit_part = 'system') <> (e.credit_part = 'system') AND t.kind <> 'extend'
            AND t.booked_on >= :open_day AND t.booked_on < :end_day {only}
    ) moved GROUP BY account_id
"""
_STATEMENTS = (
    "INSERT INTO points_statement (account_id, month, opening, gained, used, expired, closing)"
    + _FIGURES.format(only="")
)
MONTH = {
    "sqlite": "substr(t.booked_on, 1, 7)",
    "postgresql": "to_char(t.booked_on, 'YYYY-MM')",
}
_ONE = _FIGURES.format(only="AND t.account_id = :account")


@dataclass(frozen=True)
class OpenMonths:
    """Where the books stand: the last sealed month, and the next that may be sealed, if any."""

    last: str | None
    next: str | None


def seal_month(*, actor: Account | None, month: str, at: datetime | None = None) -> int:
    """Close a month ("2026-10") for postings and write its statements; return how many.

    A month is sealed on the second day of the next one at the earliest, when nothing is under way
    any more, and after the one before. Nothing earlier is posted any more either. Raises
    PointsError: month_invalid, month_not_over, sealed_month, month_skipped.
    """
    first = month_start(month)
    today = clock.business_date(current_club().time_zone, at)
    if not _is_over(first, today):
        raise PointsError("month_not_over")
    last = last_sealed()
    if last is not None and month <= last:
        raise PointsError("sealed_month")
    if last is not None and month != following(last):
        raise PointsError("month_skipped")
    try:
        with db.session.begin_nested():
            db.session.add(SealedMonth(month=month, actor_id=actor.id if actor else None))
    except IntegrityError as error:
        raise PointsError("sealed_month") from error
    end = month_start(following(month))
    days = {"first_day": first, "end_day": end, "open_day": first if last else BEGINNING}
    written = _run(_STATEMENTS, {"month": month, "last": last}, days)
    write_moves(days["open_day"], end)
    if actor is not None:
        record(
            actor=actor,
            action="points.month_sealed",
            subject=("points_month", month),
            project_id=None,
            facts={"month": month, "statements": int(written.rowcount)},
        )
    return int(written.rowcount)


def figures_of(account_id: int, month: str, last: str | None) -> Any:
    """Return an account's figures of a month that is not sealed; None when nothing ever moved.

    `last`: the last sealed month, which is before it.
    """
    days = {
        "first_day": month_start(month),
        "end_day": month_start(following(month)),
        "open_day": month_start(following(last)) if last else BEGINNING,
    }
    return _run(_ONE, {"month": month, "last": last, "account": account_id}, days).first()


def _run(text: str, values: dict[str, Any], days: dict[str, date]) -> Any:
    types = (sa.bindparam(day, type_=sa.Date) for day in days)
    return db.session.connection().execute(sa.text(text).bindparams(*types), {**values, **days})


def standing(at: datetime | None = None) -> OpenMonths:
    """Return the last sealed month, and the one that may be sealed now.

    The first to be sealed is the last that is over: it closes all before it as well.
    """
    today = clock.business_date(current_club().time_zone, at)
    last = last_sealed()
    if last is not None:
        ready = following(last)
    else:
        booked = db.session.scalar(sa.select(sa.func.min(Transaction.booked_on)))
        if booked is None:
            return OpenMonths(None, None)
        before = today.replace(day=1) - timedelta(days=1 if today.day > 1 else 32)
        ready = max(f"{booked:%Y-%m}", f"{before:%Y-%m}")
    return OpenMonths(last, ready if _is_over(month_start(ready), today) else None)


def last_sealed() -> str | None:
    """Return the last month that is sealed; None before the first."""
    return db.session.scalar(sa.select(sa.func.max(SealedMonth.month)))


def month_start(month: str) -> date:
    """Return the first day of "2026-10". Raises PointsError("month_invalid")."""
    try:
        found = datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007 - a month, no moment
    except ValueError as error:
        raise PointsError("month_invalid") from error
    if f"{found:%Y-%m}" != month or found < BEGINNING:
        raise PointsError("month_invalid")
    return found


def following(month: str) -> str:
    """Return the month after one."""
    first = month_start(month)
    return f"{first.year + first.month // 12:04}-{first.month % 12 + 1:02}"


def _is_over(first: date, today: date) -> bool:
    months = (today.year * 12 + today.month) - (first.year * 12 + first.month)
    return months > 1 or (months == 1 and today.day > 1)
