"""Intervals by drawing again, for what is published; the same seed draws the same."""

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from plugins.surveys.figures.intervals import NO_DATA, Figure

T = TypeVar("T")
DRAWS = 1000


def percentile(
    ballots: Sequence[T],
    figure: Callable[[Sequence[T]], float | None],
    *,
    seed: int,
    draws: int = DRAWS,
) -> Figure:
    """Return a figure of ballots with its 95 % percentile interval.

    `ballots` in a fixed order: the draw depends on it. A draw for which `figure` has no value
    is left out. `random.Random` and its `random()` are the same on every machine and version.
    Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), 13.3.
    """
    value = figure(ballots) if ballots else None
    if value is None:
        return NO_DATA
    # Not security: the seed is published, so that an auditor draws the same.
    chance, size = Random(seed), len(ballots)  # noqa: S311
    found = []
    for _ in range(draws):
        drawn = figure([ballots[int(chance.random() * size)] for _ in range(size)])
        if drawn is not None:
            found.append(drawn)
    if not found:
        return Figure(value, size, None, None)
    found.sort()
    low = found[math.floor(0.025 * (len(found) - 1))]
    high = found[math.ceil(0.975 * (len(found) - 1))]
    return Figure(value, size, low, high)
