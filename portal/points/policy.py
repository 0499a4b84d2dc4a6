"""A currency's rules applied to days: when lots end, and which are used first."""

import calendar
from datetime import date, timedelta

from portal.points.kinds import NEVER, Rounding, SpendOrder

BONUS_RANK = -1
PLAIN_RANK = 0
_MONTHS = {Rounding.MONTH: 1, Rounding.QUARTER: 3, Rounding.YEAR: 12}


def last_day(effective_on: date, months: int | None, rounding: str) -> date:
    """Return the last day of points that begin on `effective_on` and last `months` (None: ever).

    The day before the same day `months` later, moved to the end of its month, quarter or year.
    """
    if months is None:
        return NEVER
    count = effective_on.year * 12 + effective_on.month - 1 + months
    year, month = divmod(count, 12)
    if year >= NEVER.year:
        return NEVER
    day = min(effective_on.day, calendar.monthrange(year, month + 1)[1])
    end = date(year, month + 1, day) - timedelta(days=1)
    return _period_end(end, rounding)


def _period_end(day: date, rounding: str) -> date:
    if rounding == Rounding.DAY:
        return day
    months = _MONTHS[Rounding(rounding)]
    month = -(-day.month // months) * months
    return date(day.year, month, calendar.monthrange(day.year, month)[1])


def rank(spend_order: str, effective_on: date, *, bonus: bool) -> int | None:
    """Return what a lot sorts by before its last day; None where the last day alone decides."""
    if spend_order == SpendOrder.OLDEST_FIRST:
        return effective_on.toordinal()
    if spend_order == SpendOrder.BONUS_FIRST:
        return BONUS_RANK if bonus else PLAIN_RANK
    return None


def due_day(expires_on: date) -> date:
    """Return the first day on which points of this last day are dead."""
    return NEVER if expires_on == NEVER else expires_on + timedelta(days=1)
