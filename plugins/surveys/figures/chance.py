"""Whether the rows of a cross table differ by more than the chance of who answered; pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from plugins.surveys.figures.compare import LEVEL

_LEAST_EXPECTED = 5
_STEPS = 500


@dataclass(frozen=True)
class Chance:
    """Pearson's statistic with its degrees of freedom and p-value."""

    statistic: float
    degrees: int
    p: float

    @property
    def significant(self) -> bool:
        """Whether chance alone would do this less often than once in twenty times."""
        return self.p < LEVEL


def chi_square(table: Sequence[Sequence[int]]) -> Chance | None:
    """Return Pearson's test of independence, without correction; None where it does not hold.

    It needs two rows and two columns, and 5 or more expected in each cell. Of two rows and two
    columns it is the square of the pooled two-proportion test. Source: W. G. Cochran, Some Methods
    for Strengthening the Common chi-square Tests, Biometrics 10 (1954), 417-451.
    """
    rows, columns = (
        [sum(row) for row in table],
        [sum(column) for column in zip(*table, strict=True)],
    )
    whole = sum(rows)
    if len(rows) < 2 or len(columns) < 2 or min(rows) * min(columns) < _LEAST_EXPECTED * whole:
        return None
    statistic = whole * (
        math.fsum(
            table[y][x] ** 2 / (rows[y] * columns[x])
            for y in range(len(rows))
            for x in range(len(columns))
        )
        - 1
    )
    degrees = (len(rows) - 1) * (len(columns) - 1)
    statistic = max(0.0, statistic)
    return Chance(statistic, degrees, _beyond(degrees / 2, statistic / 2))


def _beyond(shape: float, value: float) -> float:
    """Return the regularised upper incomplete gamma function Q(shape, value).

    Source: W. Press et al., Numerical Recipes, 3rd ed. (2007), 6.2: a series below shape + 1, a
    continued fraction (Lentz) above it.
    """
    if value <= 0:
        return 1.0
    scale = math.exp(shape * math.log(value) - value - math.lgamma(shape))
    if value < shape + 1:
        part = total = 1 / shape
        for step in range(1, _STEPS):
            part *= value / (shape + step)
            total += part
        return max(0.0, 1 - scale * total)
    tiny = 1e-300
    low = value + 1 - shape
    ratio, inverse = 1 / tiny, 1 / low
    found = inverse
    for step in range(1, _STEPS):
        factor = -step * (step - shape)
        low += 2
        inverse = 1 / (factor * inverse + low or tiny)
        ratio = low + factor / ratio or tiny
        found *= inverse * ratio
    return scale * found
