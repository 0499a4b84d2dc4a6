"""Bursts (群诉): many households with one trouble within days, against what is usual there.

The test is the conditional one for two Poisson rates (Przyborowski & Wilenski, Biometrika 31, 1940,
313-323): of all reports of a year and of the last two weeks together, those of the two weeks are
binomial when nothing has changed. It is exact for small numbers and needs no estimate of the usual
rate. As many cells are looked at, the chance is multiplied by their number (Bonferroni).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import comb

WINDOW_DAYS = 14
PAST_DAYS = 364
WATCH_CHANCE, ALERT_CHANCE = 0.05, 0.001
WATCH_HOUSEHOLDS, ALERT_HOUSEHOLDS = 3, 5
CALM_CHANCE = 0.2
"""It is over only when the numbers are usual again by this far, for CALM_DAYS without a break."""
CALM_DAYS = 7

Cell = tuple[int, str, str]
"""Category, building, contractor; "" stands for all of them."""


@dataclass(frozen=True)
class Seen:
    """A household that has a trouble since a day: its own complaint, or "we have it, too"."""

    category_id: int
    building: str
    contractor: str
    household_id: int
    day: date


@dataclass(frozen=True)
class Reading:
    """What the test says of a cell: `expected` households in the window, the corrected `chance`."""

    households: int
    expected: float
    chance: float

    @property
    def is_calm(self) -> bool:
        """Whether the numbers are usual again."""
        return self.chance > CALM_CHANCE or self.households < WATCH_HOUSEHOLDS

    @property
    def stage(self) -> str:
        """What a cell without a burst would begin with: alert, watch, or nothing."""
        if self.chance < ALERT_CHANCE and self.households >= ALERT_HOUSEHOLDS:
            return "alert"
        few = self.chance >= WATCH_CHANCE or self.households < WATCH_HOUSEHOLDS
        return "" if few else "watch"


def chance(recent: int, past: int, window: int, before: int) -> float:
    """Return how likely so many recent reports are when nothing has changed.

    `recent` in `window` days, `past` in the `before` days ahead of them.
    """
    total, share = recent + past, window / (window + before)
    few = sum(comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(recent))
    return max(0.0, 1.0 - few)


def read(seen: Iterable[Seen], today: date, begun: date) -> dict[Cell, Reading]:
    """Return a reading of every cell with households in the last WINDOW_DAYS.

    A household counts once in a cell and in a span of WINDOW_DAYS. `begun`: since when complaints
    are taken here; the past is not longer.
    """
    before = max(WINDOW_DAYS, min(PAST_DAYS, (today - begun).days + 1 - WINDOW_DAYS))
    spans: dict[Cell, set[tuple[int, int]]] = defaultdict(set)
    for each in seen:
        span = (today - each.day).days // WINDOW_DAYS
        if 0 <= span * WINDOW_DAYS < before + WINDOW_DAYS:
            for cell in cells_of(each):
                spans[cell].add((span, each.household_id))
    lively = {cell: found for cell, found in spans.items() if any(not span for span, _ in found)}
    readings = {}
    for cell, found in lively.items():
        recent = sum(not span for span, _ in found)
        past = len(found) - recent
        likely = chance(recent, past, WINDOW_DAYS, before) * len(lively)
        readings[cell] = Reading(recent, past * WINDOW_DAYS / before, min(1.0, likely))
    return readings


def cells_of(each: Seen) -> set[Cell]:
    """Return the cells that a report lies in, from the category alone to the narrowest."""
    return {
        (each.category_id, building, contractor)
        for building in ("", each.building)
        for contractor in ("", each.contractor)
    }


def overlap(one: Cell, other: Cell) -> bool:
    """Tell whether a report may lie in both: then they are one trouble."""
    return one[0] == other[0] and all(
        mine == theirs or not mine or not theirs
        for mine, theirs in zip(one[1:], other[1:], strict=True)
    )


def begin(readings: Mapping[Cell, Reading], known: Iterable[Cell]) -> dict[Cell, str]:
    """Return the cells where a burst begins, with its stage: the least likely one of each trouble.

    `known`: bursts that are there already; what overlaps them is theirs.
    """
    taken, found = list(known), {}
    ranked = sorted(readings.items(), key=lambda each: (each[1].chance, -each[1].households))
    for cell, reading in ranked:
        if reading.stage and not any(overlap(cell, other) for other in taken):
            found[cell] = reading.stage
            taken.append(cell)
    return found


@dataclass(frozen=True)
class Ended:
    """A burst that has stood down on a day, with so many households in the window before."""

    cell: Cell
    day: date
    households: int


def returned(seen: Iterable[Seen], ended: Ended, today: date, cells: int) -> bool:
    """Tell whether a trouble that has stood down is back, markedly larger than it was then.

    The same test, against the days before it stood down instead of the year; households of those
    days do not count again. `cells`: how many are looked at.
    """
    days = (today - ended.day).days
    mine = [each for each in seen if ended.cell in cells_of(each)]
    first = ended.day - timedelta(days=WINDOW_DAYS)
    known = {each.household_id for each in mine if first < each.day <= ended.day}
    since = {each.household_id for each in mine if each.day > ended.day} - known
    if not 0 < days <= WINDOW_DAYS or len(since) < ALERT_HOUSEHOLDS:
        return False
    likely = chance(len(since), ended.households, days, WINDOW_DAYS)
    return likely * max(cells, 1) < ALERT_CHANCE


def is_over(calm_since: date | None, today: date) -> bool:
    """Tell whether a burst has been calm for long enough."""
    return calm_since is not None and today - calm_since >= timedelta(days=CALM_DAYS)
