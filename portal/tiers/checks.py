"""What keeps a scheme from being published: clashes of bands, and conditions nobody can fulfil."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from portal.tiers.conditions import ways
from portal.tiers.kinds import DownTo, MetricKind, PeriodKind, When
from portal.tiers.terms import Limit, Terms, Tier, Top, leaves


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. `tiers` are the keys of those it is about, `metric` the figure's."""

    code: str
    tiers: tuple[str, ...] = ()
    metric: str = ""
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Band:
    """Figures from `low` on, and below `below` (None: without end)."""

    tier: str
    low: int
    below: int | None


def faults_of(terms: Terms, *, earlier: Terms | None = None) -> list[Fault]:
    """Return everything that keeps these rules from being published.

    `earlier`: what holds until they begin; each of its tiers must be here or be carried over.
    """
    found = [*_settings(terms), *_tops(terms)]
    for tier in terms.tiers:
        found += _impossible(terms, tier)
    if not found:
        found += _clashes(terms)
    if earlier is not None:
        lost = [
            tier.key
            for tier in earlier.tiers
            if tier.key not in terms.ranks and tier.key not in terms.carry_over
        ]
        found += [Fault("not_carried_over", (key,)) for key in lost]
    return found


def _settings(terms: Terms) -> Iterator[Fault]:
    down = terms.down
    if down.when == When.AT_ONCE and down.to == DownTo.ONE_STEP and not down.grace_days:
        yield Fault("falls_every_night")
    if terms.up == When.PERIOD_START and terms.period == PeriodKind.ANNIVERSARY:
        yield Fault("anniversary_has_no_start")


def _tops(terms: Terms) -> Iterator[Fault]:
    ranks = terms.ranks
    for tier in terms.tiers:
        ranking = [leaf for leaf in leaves(tier.reach) if isinstance(leaf, Top)]
        if any(isinstance(leaf, Top) for leaf in leaves(tier.keep)):
            yield Fault("top_in_keep", (tier.key,))
        if not ranking:
            continue
        if len(ranking) > 1:
            yield Fault("two_tops", (tier.key,))
        if tier.keep is None:
            yield Fault("top_needs_keep", (tier.key,))
        if terms.period == PeriodKind.ANNIVERSARY:
            yield Fault("anniversary_has_no_start", (tier.key,))
        if ranks[ranking[0].of] >= ranks[tier.key]:
            yield Fault("top_of_higher", (tier.key, ranking[0].of))


def _impossible(terms: Terms, tier: Tier) -> Iterator[Fault]:
    """Find the ways of fulfilling a condition that nobody can go."""
    for part in (tier.reach, tier.keep):
        if part is None:
            continue
        found = ways(part)
        if found is None:
            yield Fault("too_many_ways", (tier.key,))
            continue
        for way in found:
            metric = _contradiction(terms, way)
            if metric is not None:
                yield Fault("never_holds", (tier.key,), metric)
                break


def _contradiction(terms: Terms, way: tuple[Limit | Top, ...]) -> str | None:
    """Return the metric whose limits in a way leave no figure; None when each leaves one."""
    for metric in terms.metrics:
        mine = [leaf for leaf in way if isinstance(leaf, Limit) and leaf.metric == metric.key]
        low = max((leaf.low or 0 for leaf in mine), default=0)
        ends = [leaf.below for leaf in mine if leaf.below is not None]
        if metric.kind == MetricKind.OWNER:
            ends.append(2)
        if mine and ends and low >= min(ends):
            return metric.key
    return None


def _clashes(terms: Terms) -> Iterator[Fault]:
    """Compare the bands of a metric with each other, from the lowest tier to the highest."""
    bands: dict[str, list[Band]] = defaultdict(list)
    for tier in terms.tiers:
        if isinstance(tier.reach, Limit):
            limit = tier.reach
            bands[limit.metric].append(Band(tier.key, limit.low or 0, limit.below))
    for metric, found in bands.items():
        banded = any(band.below is not None for band in found)
        for lower, higher in pairwise(found):
            pair = (lower.tier, higher.tier)
            if higher.low <= lower.low:
                yield Fault("not_rising", pair, metric, {"figure": higher.low})
            elif not banded:
                continue
            elif lower.below is None or lower.below > higher.low:
                yield Fault("bands_overlap", pair, metric, {"figure": higher.low})
            elif lower.below < higher.low:
                yield Fault("bands_gap", pair, metric, {"figure": lower.below})
