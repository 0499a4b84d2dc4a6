"""An owner's month: what was there, what came and went, and what is there: it ties or is wrong."""

from dataclasses import dataclass
from datetime import date, datetime

from portal.extensions import db
from portal.points.expiring import club_today
from portal.points.models import Statement
from portal.points.months import figures_of, following, month_start
from portal.points.queries import Purse


@dataclass(frozen=True)
class MonthFigures:
    """A month of an account in milli-points: opening + gained - used - expired = closing.

    Pending and held points are counted, what is owed counts against them. `is_sealed`: the club has
    closed the month; `is_open`: it is not over yet.
    """

    month: str
    opening: int = 0
    gained: int = 0
    used: int = 0
    expired: int = 0
    closing: int = 0
    is_sealed: bool = False
    is_open: bool = False

    @property
    def first(self) -> date:
        """Return its first day."""
        return month_start(self.month)


def month_of(purse: Purse, month: str, *, at: datetime | None = None) -> MonthFigures | None:
    """Return a month ("2026-10") of an account; None before its first line, and for a later month.

    Sealed months come from their statement, others from the query that writes it.
    Raises PointsError("month_invalid").
    """
    month_start(month)
    today, account_id = f"{club_today(at):%Y-%m}", purse.account_id
    if month > today or purse.begun_on is None or month < f"{purse.begun_on:%Y-%m}":
        return None
    is_open = month == today
    last = purse.sealed_to
    if last is not None and last >= month:
        found = _statement(purse, month)
        if found is not None:
            return MonthFigures(
                month,
                found.opening,
                found.gained,
                found.used,
                found.expired,
                found.closing,
                is_sealed=True,
                is_open=is_open,
            )
        last = None
    row = figures_of(account_id, month, last)
    if row is None:
        return MonthFigures(month, is_open=is_open)
    return MonthFigures(
        month,
        int(row.opening),
        int(row.gained),
        int(row.used),
        int(row.expired),
        int(row.closing),
        is_open=is_open,
    )


def _statement(purse: Purse, month: str) -> Statement | None:
    """Return what was sealed of a month; the first to be sealed closed those before without any."""
    if purse.sealed_from is None or month < purse.sealed_from:
        return None
    return db.session.get(Statement, (purse.account_id, month))


def months_of(purse: Purse, *, at: datetime | None = None) -> list[str]:
    """Return the months from an account's first line to now, the latest first."""
    if purse.begun_on is None:
        return []
    month, months, today = f"{purse.begun_on:%Y-%m}", [], f"{club_today(at):%Y-%m}"
    while month <= today:
        months.append(month)
        month = following(month)
    return months[::-1]
