"""Columns of a chart, month by month."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_WIDTH, _BASE, _TOP, _GAP = 660, 150, 24, 8
_LABELLED = 12


@dataclass(frozen=True)
class Bar:
    """A column of the chart, in its own units."""

    x: float
    y: float
    width: float
    height: float
    label: str
    text: str


def columns(months: Sequence[tuple[str, int]], text: Callable[[int], str]) -> list[Bar]:
    """Return a column for each month ("2026-07") and its amount, which `text` writes above it
    where there is room."""
    most = max((amount for _, amount in months), default=0) or 1
    width = _WIDTH / len(months) - _GAP
    drawn = []
    for place, (month, amount) in enumerate(months):
        height = max(amount, 0) / most * (_BASE - _TOP)
        above = text(amount) if amount and len(months) <= _LABELLED else ""
        label = month[5:].lstrip("0")
        drawn.append(Bar(place * (width + _GAP), _BASE - height, width, height, label, above))
    return drawn
