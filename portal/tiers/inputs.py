"""Conditions as people type them: ways, of which one is enough, of limits that hold together.

A condition of any shape, however deep, is shown as its ways, which mean the same; the form has
always one way and one line more. What has more ways or limits than fit is shown in words and stays.
"""

from collections.abc import Iterator, Mapping
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

WAYS, ROWS = 2, 2
"""How many ways, and lines of each, a form has at least."""
MOST_WAYS = MOST_ROWS = 12
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
    found = [] if condition is None else ways(condition)
    lines = [[row for leaf in way for row in _rows(terms, leaf)] for way in found or []]
    if len(lines) > MOST_WAYS or any(len(way) > MOST_ROWS for way in lines):
        return ConditionInput([], condition)
    made = _roomy(prefix, lines)
    if condition is None:
        return made
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


def more(was: ConditionInput) -> ConditionInput:
    """Return what was typed with another line in each way, and another way."""
    for way in was.ways:
        if len(way) < MOST_ROWS:
            way.append(Row(f"{way[0].name.rpartition('_')[0]}_{len(way)}"))
    if was.ways and len(was.ways) < MOST_WAYS:
        prefix = was.ways[0][0].name.split("_")[0]
        was.ways.append([Row(f"{prefix}_{len(was.ways)}_{row}") for row in range(ROWS)])
    return was


def _said(
    prefix: str, terms: Terms, typed: Mapping[str, str], below: str | None
) -> tuple[ConditionInput, Condition | None]:
    made = ConditionInput(list(_names(prefix, typed)) or _roomy(prefix, []).ways)
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


def _roomy(prefix: str, lines: list[list[tuple[str, str, str]]]) -> ConditionInput:
    """Return rows with what they hold, an empty one in each way, and an empty way."""
    found = []
    for place in range(min(max(WAYS, len(lines) + 1), MOST_WAYS)):
        held = lines[place] if place < len(lines) else []
        empty = [("", "at_least", "")] * max(ROWS - len(held), 1)
        rows = [*held, *empty][:MOST_ROWS]
        found.append([Row(f"{prefix}_{place}_{row}", *each) for row, each in enumerate(rows)])
    return ConditionInput(found)


def _names(prefix: str, typed: Mapping[str, str]) -> Iterator[list[Row]]:
    """Yield the ways that were sent, with their lines."""
    for way in range(MOST_WAYS):
        names = [f"{prefix}_{way}_{row}" for row in range(MOST_ROWS)]
        rows = [Row(name) for name in names if f"{name}_metric" in typed]
        if rows:
            yield rows


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
