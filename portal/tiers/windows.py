"""Windows and periods: dates of the club's time zone, both ends included.

What depends on the day of joining is computed in SQL too (`portal.tiers.dates`); a property test
holds the two together.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from portal.tiers.kinds import PeriodKind, Span, WindowKind
from portal.tiers.terms import Window

_MONTHS = {
    Span.MONTH: 1,
    Span.QUARTER: 3,
    Span.HALF_YEAR: 6,
    Span.YEAR: 12,
    PeriodKind.MONTH: 1,
    PeriodKind.QUARTER: 3,
    PeriodKind.HALF_YEAR: 6,
    PeriodKind.YEAR: 12,
}
FIRST = date(1, 1, 1)


@dataclass(frozen=True)
class Days:
    """From a day to a day, both included."""

    since: date
    until: date


def add_months(day: date, months: int) -> date:
    """Return the same day some months on; a day that the month does not have is its last."""
    place = day.year * 12 + day.month - 1 + months
    year, month = divmod(place, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def window_days(window: Window, on: date, joined_on: date) -> Days:
    """Return the days that a window has on a day, for somebody who joined on another."""
    match window.kind:
        case WindowKind.LIFETIME:
            return Days(FIRST, on)
        case WindowKind.ROLLING:
            return Days(add_months(on, -window.months) + timedelta(days=1), on)
        case WindowKind.CALENDAR:
            return _span(window.span, on, window.back)
        case WindowKind.ANNIVERSARY:
            return _since(anniversary(joined_on, on, -window.back), joined_on, on, window.back)
    first = joined_on.replace(day=1)
    return _since(anniversary(first, on, -window.back), first, on, window.back)


def _since(start: date, joined_on: date, on: date, back: int) -> Days:
    return Days(start, anniversary(joined_on, on) - timedelta(days=1) if back else on)


def _span(span: Span, on: date, back: int) -> Days:
    if span == Span.DAY:
        day = on - timedelta(days=back)
        return Days(day, day)
    start = _start(on, _MONTHS[span])
    if not back:
        return Days(start, on)
    return Days(add_months(start, -_MONTHS[span] * back), start - timedelta(days=1))


def _start(on: date, months: int) -> date:
    return date(on.year, (on.month - 1) // months * months + 1, 1)


def years_since(joined_on: date, on: date) -> int:
    """Return the whole years from joining to a day, at least 0."""
    return tenure_months(joined_on, on) // 12


def tenure_months(joined_on: date, on: date) -> int:
    """Return the whole months from joining to a day, at least 0; a month ends on its last day for
    those who joined on a day that it does not have."""
    months = (on.year - joined_on.year) * 12 + on.month - joined_on.month
    if on.day < joined_on.day and on.day < monthrange(on.year, on.month)[1]:
        months -= 1
    return max(months, 0)


def anniversary(joined_on: date, on: date, more: int = 0) -> date:
    """Return the last anniversary of joining that is not after a day, and `more` years on."""
    return add_months(joined_on, 12 * (years_since(joined_on, on) + more))


def period_start(period: PeriodKind, on: date, joined_on: date | None = None) -> date:
    """Return the first day of the period that a day lies in."""
    if period == PeriodKind.ANNIVERSARY:
        assert joined_on is not None
        return anniversary(joined_on, on)
    return _start(on, _MONTHS[period])


def period_end(
    period: PeriodKind, on: date, joined_on: date | None = None, *, more: int = 0
) -> date:
    """Return the last day of the period that a day lies in, or of one `more` periods on."""
    if period == PeriodKind.ANNIVERSARY:
        assert joined_on is not None
        return anniversary(joined_on, on, 1 + more) - timedelta(days=1)
    months = _MONTHS[period]
    return add_months(_start(on, months), months * (1 + more)) - timedelta(days=1)
