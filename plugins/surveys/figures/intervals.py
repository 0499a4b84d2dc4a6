"""Figures with their base and their 95 % interval; None, never 0, where nobody answered."""

import math
from dataclasses import dataclass
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)
"""The standard normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Figure:
    """A value of `base` answers between `low` and `high` (95 %); all None where base is 0.

    `base` may be a fraction: the effective size of a weighted sample. Where it is not `exact` it is
    all who answered the survey, and not to be told as those who answered the question.
    """

    value: float | None
    base: float
    low: float | None
    high: float | None
    exact: bool = True


NO_DATA = Figure(None, 0, None, None)


def wilson(hits: float, base: float, z: float = Z) -> Figure:
    """Return a share (0 to 1) with its score interval.

    Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference,
    JASA 22 (1927), 209-212. Raises ValueError unless 0 <= hits <= base.
    """
    if not 0 <= hits <= base:
        raise ValueError("hits must lie between 0 and the base")
    if base == 0:
        return NO_DATA
    share, square = hits / base, z * z
    middle = (share + square / (2 * base)) / (1 + square / base)
    root = math.sqrt(share * (1 - share) / base + square / (4 * base * base))
    half = z * root / (1 + square / base)
    # Rounding leaves a hair beside 0 and 1, where the formula gives them exactly.
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == base else min(1.0, middle + half)
    return Figure(share, base, low, high)


def around(value: float, variance: float, base: float, z: float = Z) -> Figure:
    """Return a mean with the interval of the normal approximation, value ± z √(variance / base).

    `variance`: of one answer. Source: W. G. Cochran, Sampling Techniques, 3rd ed. (1977), 2.14.
    """
    half = z * math.sqrt(max(0.0, variance) / base)
    return Figure(value, base, value - half, value + half)
