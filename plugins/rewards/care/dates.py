"""When care is due: pure reckoning with days."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from plugins.rewards.care.states import COUNTED, Rhythm
from plugins.rewards.models import CareTask, CareTerms

AHEAD = timedelta(days=7)
"""Tasks of a day in the year are made so long before, and anniversaries can be kept from then."""
CATCH_UP = timedelta(days=30)
"""A day that passed while nothing was planned is made up for so long."""


@dataclass(frozen=True)
class Turn:
    """One time of a promise: the first and last day on which it is kept. `number`: the year, or
    which time it is."""

    number: int
    opens_on: date
    due_on: date


@dataclass(frozen=True)
class Days:
    """What is known of a member: joining, month of birth, handover of the first home."""

    joined_on: date
    birth_month: int | None
    handover_on: date | None


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, the month's last where there is none."""
    index = day.year * 12 + day.month - 1 + months
    return _clamped(index // 12, index % 12 + 1, day.day)


def next_turn(terms: CareTerms, rhythm: str, last: CareTask | None, today: date) -> Turn:
    """Return the next time of a promise that is counted from the last: from its end, or from today
    when there is none, or when it was closed."""
    fresh = last is None or last.ended_on is None or last.state == "closed"
    origin = today if fresh or last is None or last.ended_on is None else last.ended_on
    number = last.turn + 1 if last else 1
    return Turn(
        number,
        _later(origin, rhythm, terms.least or 1),
        _later(origin, rhythm, terms.most or 1),
    )


def yearly_turn(rhythm: str, days: Days, today: date) -> Turn | None:
    """Return the time of a yearly promise that is at hand on a day, or has just passed; None when
    there is none, or its day is not known. Of a birthday only the month is known: all of it
    will do."""
    for year in (today.year + 1, today.year, today.year - 1):
        found = _in_year(rhythm, days, year)
        if found and found.opens_on - AHEAD <= today <= found.due_on + CATCH_UP:
            return found
    return None


def is_counted(rhythm: str) -> bool:
    """Tell whether a rhythm is counted from the last time."""
    return rhythm in COUNTED


def in_force(terms: Sequence[CareTerms], on: date) -> CareTerms | None:
    """Return what a rule says on a day: the newest version that has begun."""
    begun = [each for each in terms if each.since <= on]
    return max(begun, key=lambda each: each.version) if begun else None


def _in_year(rhythm: str, days: Days, year: int) -> Turn | None:
    if rhythm == Rhythm.BIRTHDAY:
        if days.birth_month is None:
            return None
        return Turn(year, date(year, days.birth_month, 1), _clamped(year, days.birth_month, 31))
    first = days.joined_on if rhythm == Rhythm.JOINED else days.handover_on
    if first is None or year <= first.year:
        return None
    day = _clamped(year, first.month, first.day)
    return Turn(year, day - AHEAD, day)


def _later(day: date, rhythm: str, count: int) -> date:
    return add_months(day, count) if rhythm == Rhythm.MONTHS else day + timedelta(days=count)


def _clamped(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
