"""How many milli-points a formula comes to: whole numbers and exact fractions, no float."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from portal.earning.kinds import FormulaKind, RoundingMode

MILLI = 1000
Formula = Mapping[str, Any]
_TYPED = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")


class NoFigureError(Exception):
    """The fact lacks what the formula needs; `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def milli(points: Any) -> int:
    """Return points as written ("0.5") in milli-points."""
    return int(Decimal(str(points)) * MILLI)


def rounded(value: Fraction, mode: str) -> int:
    """Return a whole number: below, above, or the nearest (halves away from zero upwards)."""
    if mode == RoundingMode.CEIL:
        return -(-value.numerator // value.denominator)
    if mode == RoundingMode.HALF_UP:
        value += Fraction(1, 2)
    return value.numerator // value.denominator


def points_of(formula: Formula, values: Mapping[str, Any], on: date) -> int:
    """Return the milli-points of a fact with these values on a day; 0 when it comes to nothing.

    Amount per amount: how many whole times the divisor goes into it, rounded as the formula says,
    times the points. Factors of tier and campaign multiply that, and what then is no whole
    milli-point is rounded likewise. Raises NoFigureError.
    """
    mode = formula.get("rounding", RoundingMode.FLOOR)
    base = Fraction(_base(formula, values, mode))
    factor = Fraction(1)
    by_tier = formula.get("times_by_tier") or {}
    if by_tier:
        factor *= Fraction(str(by_tier.get(str(values.get("member.tier")), 1)))
    for campaign in formula.get("campaigns") or ():
        if str(campaign["from"]) <= on.isoformat() <= str(campaign["until"]):
            factor *= Fraction(str(campaign["times"]))
    return max(rounded(base * factor, mode), 0)


def _base(formula: Formula, values: Mapping[str, Any], mode: str) -> int:
    kind = formula["kind"]
    if kind == FormulaKind.FIXED:
        return milli(formula["points"])
    if kind == FormulaKind.LADDER:
        steps = formula["steps"]
        nth = int(_figure(values, "nth"))
        return milli(steps[min(nth, len(steps)) - 1])
    if kind == FormulaKind.BANDS:
        figure = _figure(values, formula.get("of", "amount"))
        return next((milli(band["points"]) for band in formula["bands"] if _in(figure, band)), 0)
    rate = formula
    if kind == FormulaKind.BY_CATEGORY:
        rates = formula["rates"]
        found = rates.get(str(values.get("category", "")), rates.get("other"))
        if found is None:
            return 0
        rate = found
    figure = _figure(values, formula.get("of", "amount"))
    return rounded(figure / Fraction(str(rate["divisor"])), mode) * milli(rate["points"])


def _figure(values: Mapping[str, Any], field: str) -> Fraction:
    value = values.get(field)
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise NoFigureError(field)
    if isinstance(value, str) and not _TYPED.fullmatch(value):
        raise NoFigureError(field)
    return Fraction(value)


def _in(figure: Fraction, band: Mapping[str, Any]) -> bool:
    below = band.get("below")
    return figure >= Fraction(str(band["from"])) and (
        below is None or figure < Fraction(str(below))
    )
