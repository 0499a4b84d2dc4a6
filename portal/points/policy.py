"""A currency's rules applied to days: when lots end, and which are used first."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from portal.points.kinds import NEVER, Rounding, SpendOrder

BONUS_RANK = -1
PLAIN_RANK = 0
_MONTHS = {Rounding.MONTH: 1, Rounding.QUARTER: 3, Rounding.YEAR: 12}
_ACROSS = (SpendOrder.BONUS_FIRST, SpendOrder.BONUS_ACROSS)


@dataclass(frozen=True)
class Rules:
    """What a currency's version says.

    Points last `expiry_months` (None: for ever) to the end of a period, or until the next
    `expiry_day` (month * 100 + day) after that; under `december_carry` those of December last as if
    they began in January. `decay_parts`: they go in so many equal parts over their life.
    `reinstate_days`: how long what comes back past its last day lives again.
    """

    expiry_months: int | None = None
    expiry_rounding: str = Rounding.DAY
    expiry_day: int | None = None
    december_carry: bool = False
    activity_extends: bool = False
    decay_parts: int = 1
    reinstate_days: int = 0


def last_day(rules: Rules, effective_on: date) -> date:
    """Return the last day of points that begin on a day.

    The day before the same day `expiry_months` later, moved to the end of its period or to the
    calendar day.
    """
    if rules.december_carry and effective_on.month == 12:
        effective_on = date(effective_on.year + 1, 1, 1)
    if rules.expiry_months is None:
        return NEVER
    end = _after_months(effective_on, rules.expiry_months)
    if end == NEVER or rules.expiry_day is None:
        return end if end == NEVER else _period_end(end, rules.expiry_rounding)
    return _next_day(max(end, effective_on), rules.expiry_day)


def last_days(rules: Rules, effective_on: date) -> list[date]:
    """Return the last days of the equal parts in which points go: one without decay."""
    end = last_day(rules, effective_on)
    parts = rules.decay_parts
    if end == NEVER or parts == 1:
        return [end]
    life = (end - effective_on).days + 1
    return [
        effective_on + timedelta(max(life * part // parts, 1) - 1) for part in range(1, parts + 1)
    ]


def _after_months(effective_on: date, months: int) -> date:
    year, month = divmod(effective_on.year * 12 + effective_on.month - 1 + months, 12)
    if year >= NEVER.year:
        return NEVER
    day = min(effective_on.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day) - timedelta(days=1)


def _period_end(day: date, rounding: str) -> date:
    if rounding == Rounding.DAY:
        return day
    months = _MONTHS[Rounding(rounding)]
    month = -(-day.month // months) * months
    return date(day.year, month, calendar.monthrange(day.year, month)[1])


def _next_day(day: date, calendar_day: int) -> date:
    """Return the first such day of the calendar that is not before `day`."""
    month, number = divmod(calendar_day, 100)
    for year in (day.year, day.year + 1):
        found = date(year, month, min(number, calendar.monthrange(year, month)[1]))
        if found >= day:
            return found
    return NEVER


def rank(spend_order: str, effective_on: date, *, bonus: bool) -> int | None:
    """Return what a lot sorts by before its last day; None where the last day alone decides."""
    if spend_order == SpendOrder.OLDEST_FIRST:
        return effective_on.toordinal()
    if spend_order in _ACROSS:
        return BONUS_RANK if bonus else PLAIN_RANK
    return None


def due_day(expires_on: date) -> date:
    """Return the first day on which points of this last day are dead."""
    return NEVER if expires_on == NEVER else expires_on + timedelta(days=1)
