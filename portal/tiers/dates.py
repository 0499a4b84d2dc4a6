"""Dates that depend on each member's day of joining, computed by the database.

Both engines have their own arithmetic, and they differ at the ends of months; so years, months and
days are taken apart and put together again here.
"""

from calendar import monthrange
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class make_date(FunctionElement[date]):  # noqa: N801 — named as the function of SQL is
    """The date of a year, a month and a day, which must exist."""

    type = sa.Date()
    inherit_cache = True


class day_before(FunctionElement[date]):  # noqa: N801
    """The day before a date."""

    type = sa.Date()
    inherit_cache = True


@compiles(make_date)
def _make_date(element: Any, compiler: Any, **options: Any) -> str:
    return f"make_date({compiler.process(element.clauses, **options)})"


@compiles(make_date, "sqlite")
def _make_date_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"printf('%04d-%02d-%02d', {compiler.process(element.clauses, **options)})"


@compiles(day_before)
def _day_before(element: Any, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} - 1)"


@compiles(day_before, "sqlite")
def _day_before_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, '-1 day')"


def _part(name: str, day: Any) -> Any:
    return sa.cast(sa.extract(name, day), sa.Integer)


def tenure_months(joined_on: Any, on: date) -> Any:
    """Return the whole months from joining to a day, at least 0."""
    passed = on.year * 12 + on.month - _part("year", joined_on) * 12 - _part("month", joined_on)
    if on.day < monthrange(on.year, on.month)[1]:
        passed = passed - sa.case((_part("day", joined_on) > on.day, 1), else_=0)
    return sa.case((passed < 0, 0), else_=passed)


def anniversary(joined_on: Any, on: date, more: int = 0) -> Any:
    """Return the last anniversary of joining that is not after a day, and `more` years on."""
    year = _part("year", joined_on) + tenure_months(joined_on, on) // 12 + more
    month, day = _part("month", joined_on), _part("day", joined_on)
    is_leap = sa.and_(year % 4 == 0, sa.or_(year % 100 != 0, year % 400 == 0))
    # Only the 29th of February is not there every year.
    there = sa.case((sa.and_(month == 2, day == 29, ~is_leap), 28), else_=day)
    return make_date(year, month, there)


def month_anniversary(joined_on: Any, on: date, more: int = 0) -> Any:
    """Return the like of the first day of the month of joining."""
    month = _part("month", joined_on)
    passed = on.year * 12 + on.month - _part("year", joined_on) * 12 - month
    passed = sa.case((passed < 0, 0), else_=passed)
    year = _part("year", joined_on) + passed // 12 + more
    return make_date(year, month, sa.literal(1))
