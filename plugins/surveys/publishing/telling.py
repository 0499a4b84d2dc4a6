"""A figure as the document says it: whole numbers, unweighted, drawn anew, weighted; pure."""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from plugins.surveys.figures.intervals import Figure, wilson
from plugins.surveys.figures.redrawn import interval
from plugins.surveys.figures.weighting import Weights, effective
from plugins.surveys.results.showable import may_tell_base

Table = Mapping[tuple[str, Any], int]
"""(stage, what a ballot says) -> ballots."""


@dataclass(frozen=True)
class Terms:
    """What all figures of a wave share: `least` cell, seed, ballots, weights by stage."""

    least: int
    seed: int
    size: int
    weights: Weights


@dataclass(frozen=True)
class Kind:
    """How a figure is written: its unit, `scale` of these in its value 1, and `coarse` steps."""

    unit: str
    scale: int
    coarse: int = 1


SHARE = Kind("permille", 1000, 10)
POINTS = Kind("points", 1)
TENTHS = Kind("tenths", 10)


def told(
    table: Table,
    figure: Figure,
    value: Callable[[Mapping[Any, Any]], float | None],
    *,
    terms: Terms,
    name: str,
    kind: Kind,
    complete: bool,
    weighable: bool,
) -> dict[str, Any] | None:
    """Return a figure with its base, its closed interval, a bootstrap one, and weighted.

    `complete`: everybody had to answer, so that the base tells of nobody who did not. Otherwise a
    base that few are missing from is left out, and shares are in whole percent.
    """
    counts = unweighted(table)
    whole = sum(counts.values())
    if figure.value is None or whole < terms.least:
        return None
    exact = may_tell_base(terms.size, whole, terms.least, complete=complete)
    step = 1 if exact else kind.coarse
    drawn = interval(counts, value, seed=f"{terms.seed}:{name}")
    return {
        "unit": kind.unit,
        "value": _whole(figure.value, kind, step),
        "base": whole if exact else None,
        "low": _whole(figure.low, kind, step),
        "high": _whole(figure.high, kind, step),
        "bootstrap": [_whole(each, kind, step) for each in drawn] if drawn else None,
        "weighted": _weighted(table, figure, value, terms, kind, step) if weighable else None,
    }


def unweighted(table: Table) -> Counter[Hashable]:
    """Return the ballots by what they say."""
    found: Counter[Hashable] = Counter()
    for (_, said), number in table.items():
        found[said] += number
    return found


def by_stage(table: Table) -> dict[str, Counter[Hashable]]:
    """Return the ballots of each stage by what they say."""
    found: dict[str, Counter[Hashable]] = {}
    for (stage, said), number in table.items():
        found.setdefault(stage, Counter())[said] += number
    return found


def _weighted(
    table: Table,
    figure: Figure,
    value: Callable[[Mapping[Any, Any]], float | None],
    terms: Terms,
    kind: Kind,
    step: int,
) -> dict[str, Any] | None:
    """Return the value as the frame stands; the interval is that of the effective sample.

    Source: L. Kish, Survey Sampling (1965), 11.2C.
    """
    counts: dict[Hashable, list[float]] = {}
    for (stage, said), number in sorted(table.items(), key=repr):
        counts.setdefault(said, []).append(number * terms.weights.by[stage])
    found = value({said: math.fsum(parts) for said, parts in counts.items()})
    if found is None or figure.low is None or figure.high is None:
        return None
    stages = {stage: sum(each.values()) for stage, each in by_stage(table).items()}
    size = effective([(terms.weights.by[each], stages[each]) for each in sorted(stages)])
    if kind is SHARE:
        beside = wilson(min(found, 1.0) * size, size)
        low, high = beside.low, beside.high
    else:
        half = (figure.high - figure.low) / 2 * math.sqrt(sum(stages.values()) / size)
        low, high = found - half, found + half
    return {
        "value": _whole(found, kind, step),
        "low": _whole(low, kind, step),
        "high": _whole(high, kind, step),
    }


def _whole(value: float | None, kind: Kind, step: int) -> int:
    return round((value or 0.0) * kind.scale / step) * step
