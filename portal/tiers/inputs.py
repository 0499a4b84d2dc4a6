"""Conditions as people type them: up to three ways of limits that hold together.

A condition of any shape is shown as its ways, which mean the same. One that is more than the form
can say (more ways or limits) is shown in words and stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portal.i18n import gettext
from portal.points.amounts import read_number, read_points
from portal.tiers.conditions import ways
from portal.tiers.kinds import MetricKind, TieRule
from portal.tiers.schema import MOST, dump_condition
from portal.tiers.terms import Condition, Every, Limit, Metric, Some, Terms, Top
from portal.tiers.words import is_money

WAYS, ROWS = 3, 3
TOPS = {"top": TieRule.ALL, "top_none": TieRule.NONE, "top_longest": TieRule.LONGEST}
"""The operators of who is among the first, each with what becomes of those who are equal."""
OPERATORS = ("at_least", "above", "below", *TOPS)


@dataclass
class Row:
    """One limit as typed, under the name of its fields."""

    name: str
    metric: str = ""
    operator: str = "at_least"
    value: str = ""
    error: str = ""


@dataclass
class ConditionInput:
    """The rows of a condition; `ways` of them, empty ones included. `kept`: the condition, when it
    is more than the rows can say."""

    ways: list[list[Row]] = field(default_factory=list)
    kept: Condition | None = None

    def typed(self) -> dict[str, str]:
        """Return the rows as a browser would send them."""
        return {
            f"{row.name}_{name}": getattr(row, name)
            for way in self.ways
            for row in way
            for name in ("metric", "operator", "value")
        }

    @property
    def faulty(self) -> bool:
        """Tell whether something cannot be read."""
        return any(row.error for way in self.ways for row in way)


def shown(
    prefix: str, terms: Terms, condition: Condition | None, below: str | None
) -> ConditionInput:
    """Return a condition for editing; `below`: as for `read`."""
    made = _empty(prefix)
    if condition is None:
        return made
    found = ways(condition)
    for place, way in enumerate((found or [])[:WAYS]):
        rows = [row for leaf in way for row in _rows(terms, leaf)]
        for number, values in enumerate(rows[:ROWS]):
            made.ways[place][number] = Row(made.ways[place][number].name, *values)
    said = _said(prefix, terms, made.typed(), below)[1]
    if said is None or ways(said) != found:
        return ConditionInput([], condition)
    return made


def read(
    prefix: str, terms: Terms, typed: Mapping[str, str], below: str | None
) -> tuple[ConditionInput, dict[str, Any] | None]:
    """Return what was typed, and its form; `below`: the tier whose first percent is meant."""
    made, condition = _said(prefix, terms, typed, below)
    return made, None if condition is None else dump_condition(condition)


def _said(
    prefix: str, terms: Terms, typed: Mapping[str, str], below: str | None
) -> tuple[ConditionInput, Condition | None]:
    made = _empty(prefix)
    found: list[Condition] = []
    for way in made.ways:
        limits: list[Condition] = []
        for row in way:
            row.metric = typed.get(f"{row.name}_metric", "")
            row.operator = typed.get(f"{row.name}_operator", "at_least")
            row.value = typed.get(f"{row.name}_value", "").strip()[:24]
            if row.metric:
                leaf = _leaf(terms, row, below)
                if leaf is not None:
                    limits.append(leaf)
        if limits:
            joined = _joined(limits)
            found.append(joined[0] if len(joined) == 1 else Every(tuple(joined)))
    if made.faulty or not found:
        return made, None
    return made, found[0] if len(found) == 1 else Some(tuple(found))


def _empty(prefix: str) -> ConditionInput:
    return ConditionInput(
        [[Row(f"{prefix}_{way}_{row}") for row in range(ROWS)] for way in range(WAYS)]
    )


def _rows(terms: Terms, leaf: Limit | Top) -> list[tuple[str, str, str]]:
    if isinstance(leaf, Top):
        operator = next(name for name, ties in TOPS.items() if ties == leaf.ties)
        return [(leaf.metric, operator, f"{leaf.basis_points / 100:g}")]
    metric = terms.metric(leaf.metric)
    limits = (("at_least", leaf.at_least), ("above", leaf.above), ("below", leaf.below))
    return [
        (leaf.metric, name, _typed(metric, value)) for name, value in limits if value is not None
    ]


def _joined(limits: list[Condition]) -> list[Condition]:
    """Return limits with a lower and an upper one of the same metric made into one band."""
    found: list[Condition] = []
    for leaf in limits:
        last = found[-1] if found else None
        if (
            isinstance(leaf, Limit)
            and isinstance(last, Limit)
            and leaf.metric == last.metric
            and last.below is None
            and leaf.below is not None
        ):
            found[-1] = Limit(last.metric, last.at_least, last.above, leaf.below)
        else:
            found.append(leaf)
    return found


def _leaf(terms: Terms, row: Row, below: str | None) -> Condition | None:
    metric = next((each for each in terms.metrics if each.key == row.metric), None)
    if metric is None or row.operator not in OPERATORS:
        row.error = gettext("Choose a figure of this scheme.")
        return None
    if row.operator in TOPS:
        points = _whole(row.value, 100)
        if points is None or not 1 <= points <= 10_000 or below is None:
            row.error = gettext(
                "Enter a percentage from 0.01 to 100, of a tier that is not lowest."
            )
            return None
        return Top(metric.key, points, below, TOPS[row.operator])
    value = read_value(metric, row.value)
    if value is None or (row.operator == "below" and value == 0):
        row.error = gettext("Enter a number from 0 on, such as 100.")
        return None
    return Limit(metric.key, **{row.operator: value})


def read_value(metric: Metric, text: str) -> int | None:
    """Return a typed figure in the metric's unit; None when it is none."""
    if metric.kind == MetricKind.POINTS:
        value = read_points(text)
    else:
        value = _whole(text, 100 if is_money(metric) or metric.kind == MetricKind.AREA else 1)
    return value if value is not None and 0 <= value <= MOST else None


def _whole(text: str, scale: int) -> int | None:
    value = read_number(text.strip().lstrip("¥"), scale)
    return None if value is None or abs(value) > MOST else value


def _typed(metric: Metric, value: int) -> str:
    scale = 1
    if metric.kind == MetricKind.POINTS:
        scale = 1000
    elif is_money(metric) or metric.kind == MetricKind.AREA:
        scale = 100
    return f"{Decimal(value) / scale:f}"
