"""Column charts as plain figures: the template draws them, a table beside them says the same."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 120
_STEP, _WIDTH, _TOP, _LABELS = 34, 22, 18, 8


@dataclass(frozen=True)
class Column:
    """A column in the units of the drawing: where it stands, how high it is, what it says."""

    label: str
    value: int
    x: int
    y: int
    height: int


@dataclass(frozen=True)
class Chart:
    """The columns of a chart and the size of its drawing."""

    columns: list[Column]
    width: int
    height: int = HEIGHT + _TOP + 20
    base: int = HEIGHT + _TOP
    column_width: int = _WIDTH

    @property
    def highest(self) -> Column | None:
        """Return the column that is written on."""
        return max(self.columns, key=lambda column: column.value, default=None)


def columns(values: Sequence[tuple[str, int]]) -> Chart:
    """Return a chart of labelled values; what is below zero has no height."""
    most = max((value for _label, value in values), default=0)
    found = []
    for number, (label, value) in enumerate(values):
        height = max(value, 0) * HEIGHT // most if most > 0 else 0
        shown = label if len(values) <= _LABELS * 2 or number % 3 == 0 else ""
        x = _LABELS + number * _STEP
        found.append(Column(shown, value, x, _TOP + HEIGHT - height, height))
    return Chart(found, max(_LABELS * 2 + len(values) * _STEP, 240))
