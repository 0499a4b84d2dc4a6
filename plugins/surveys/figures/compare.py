"""Two waves beside each other: is the difference more than the chance of who answered?"""

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from plugins.surveys.figures.intervals import Figure, Z

LEVEL = 0.05


class Trend(StrEnum):
    """What may be said of a change: NO_DATA where a side has no answers."""

    UP = "up"
    DOWN = "down"
    NOT_SIGNIFICANT = "not_significant"
    NO_DATA = "no_data"


@dataclass(frozen=True)
class Change:
    """The difference new - old, in the unit of the figures, its p-value, and the word for it."""

    difference: float | None
    p: float | None
    trend: Trend


def proportions(old: Figure, new: Figure) -> Change:
    """Compare two shares by the pooled two-proportion z-test, two-sided, without correction.

    Source: J. L. Fleiss, Statistical Methods for Rates and Proportions, 3rd ed. (2003), 3.2.
    """
    if old.value is None or new.value is None:
        return Change(None, None, Trend.NO_DATA)
    pooled = (old.value * old.base + new.value * new.base) / (old.base + new.base)
    error = math.sqrt(pooled * (1 - pooled) * (1 / old.base + 1 / new.base))
    return _judge(new.value - old.value, error)


def figures(old: Figure, new: Figure) -> Change:
    """Compare two means, scores or indices of independent samples by their standard errors.

    z = (new - old) / √(se² + se²), se from the 95 % interval's wider side. Source: Cochran,
    Sampling Techniques, 2.9 (large samples).
    """
    if old.value is None or new.value is None:
        return Change(None, None, Trend.NO_DATA)
    return _judge(new.value - old.value, math.hypot(_error(old), _error(new)))


def _error(figure: Figure) -> float:
    value, low, high = figure.value or 0.0, figure.low or 0.0, figure.high or 0.0
    return max(value - low, high - value) / Z


def _judge(difference: float, error: float) -> Change:
    if error == 0:
        # All answers alike on both sides: there is no spread to measure a difference by.
        return Change(difference, None, Trend.NOT_SIGNIFICANT)
    p = 2 * NormalDist().cdf(-abs(difference / error))
    if p >= LEVEL:
        return Change(difference, p, Trend.NOT_SIGNIFICANT)
    return Change(difference, p, Trend.UP if difference > 0 else Trend.DOWN)
