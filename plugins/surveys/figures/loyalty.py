"""The loyalty trio: satisfied, would buy again, would recommend; and to how many owners did."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from plugins.surveys.figures.intervals import NO_DATA, Figure, around, wilson

WINSORISED_AT = 0.95


@dataclass(frozen=True)
class Trio:
    """The three shares, each of who answered it, and the loyal: all three, of who answered all."""

    satisfied: Figure
    again: Figure
    recommend: Figure
    loyal: Figure


def trio(counts: Mapping[tuple[bool | None, ...], int]) -> Trio:
    """Return the trio from how many gave each three answers; None is no answer.

    Source: the three questions of Gallup's survey for a developer's owners (satisfaction 87 %,
    loyalty 69 % in 2006); intervals are Wilson's.
    """
    satisfied, again, recommend = (_share(counts, place) for place in range(3))
    complete = {key: number for key, number in counts.items() if None not in key}
    loyal = wilson(complete.get((True, True, True), 0), sum(complete.values()))
    return Trio(satisfied, again, recommend, loyal)


def _share(counts: Mapping[tuple[bool | None, ...], int], place: int) -> Figure:
    hits = sum(number for key, number in counts.items() if key[place])
    base = sum(number for key, number in counts.items() if key[place] is not None)
    return wilson(hits, base)


@dataclass(frozen=True)
class Recommended:
    """To how many persons an owner has recommended: as told, and with the largest cut."""

    raw: Figure
    winsorised: Figure
    cut: int | None


def recommended(told: Mapping[int, int]) -> Recommended:
    """Return the mean number of persons, raw and with all above the 95th percentile set to it.

    `told`: number of persons to how many owners. Source: W. J. Dixon, Annals of Mathematical
    Statistics 31 (1960), 385-391; one-sided, since no answer is below 0. Raises ValueError below 0.
    """
    if any(number < 0 for number in told):
        raise ValueError("nobody recommends to fewer than 0 persons")
    owners = sum(told.values())
    if not owners:
        return Recommended(NO_DATA, NO_DATA, None)
    place, cut = math.ceil(WINSORISED_AT * owners), 0
    for cut in sorted(key for key, number in told.items() if number):
        place -= told[cut]
        if place <= 0:
            break
    lowered: dict[int, int] = {}
    for number, count in told.items():
        lowered[min(number, cut)] = lowered.get(min(number, cut), 0) + count
    return Recommended(_mean(told), _mean(lowered), cut)


def _mean(counts: Mapping[int, int]) -> Figure:
    owners = sum(counts.values())
    total = sum(key * number for key, number in counts.items())
    squares = sum(key * key * number for key, number in counts.items())
    spread = (owners * squares - total * total) / (owners * (owners - 1)) if owners > 1 else 0.0
    found = around(total / owners, spread, owners)
    return Figure(found.value, found.base, max(0.0, found.low or 0.0), found.high)
