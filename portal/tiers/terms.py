"""A scheme's rules as objects: what portal.tiers.schema makes of their JSON form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from portal.columns import Texts
from portal.tiers.kinds import (
    BenefitKind,
    DownTo,
    Measure,
    MetricKind,
    PeriodKind,
    Pool,
    Span,
    TieRule,
    When,
    WindowKind,
)


@dataclass(frozen=True)
class Window:
    """The days over which a metric counts; the last is always the day of the evaluation, or that
    before the period that runs, when `back` is 1."""

    kind: WindowKind = WindowKind.LIFETIME
    months: int = 0
    span: Span = Span.YEAR
    back: int = 0


@dataclass(frozen=True)
class Metric:
    """One figure of a member. Points are milli-points, money is fen, area is hundredths of a
    square metre, tenure is whole months."""

    key: str
    kind: MetricKind
    window: Window = Window()
    name: Texts = field(default_factory=dict)
    currency: str = "qualifying"
    sources: tuple[str, ...] = ()
    category: str | None = None
    measure: Measure = Measure.COUNT
    per: str = ""
    round_to: int = 1
    roles: tuple[str, ...] = ("owner", "co_owner", "spouse")


@dataclass(frozen=True)
class Limit:
    """A half-open band of a metric: at least one figure (or above it), and below another."""

    metric: str
    at_least: int | None = None
    above: int | None = None
    below: int | None = None

    @property
    def low(self) -> int | None:
        """Return the least whole figure that fulfils it; None: any."""
        return self.at_least if self.above is None else self.above + 1


@dataclass(frozen=True)
class Top:
    """Among the first of those who hold the tier `of`, by a metric, at the start of the period.

    `basis_points`: 500 is 5 %.
    """

    metric: str
    basis_points: int
    of: str
    ties: TieRule = TieRule.ALL


@dataclass(frozen=True)
class Every:
    """All of its conditions hold."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True)
class Some:
    """At least one of its conditions holds."""

    conditions: tuple["Condition", ...]


Condition: TypeAlias = Limit | Top | Every | Some


@dataclass(frozen=True)
class Benefit:
    """What a tier gives. `projects`: what it says in projects where it is another, by their
    address; `budget`: how many a year, for gifts; `excluded`: what a discount is not for."""

    key: str
    kind: BenefitKind
    title: Texts
    text: Texts = field(default_factory=dict)
    excluded: Texts = field(default_factory=dict)
    budget: int | None = None
    icon: str = "gift"
    projects: Mapping[str, Texts] = field(default_factory=dict)


@dataclass(frozen=True)
class Tier:
    """A step of the ladder. `reach` None: for everybody. `keep`: what is enough to stay."""

    key: str
    name: Texts
    color: str
    icon: str
    reach: Condition | None = None
    keep: Condition | None = None
    benefits: tuple[Benefit, ...] = ()


@dataclass(frozen=True)
class Down:
    """How a tier is lost. `whole_periods`: it is valid to the end of the period that runs, and of
    so many more. `grace_days` pass between failing and falling; for `second_chance_days` after the
    fall, what would have kept the tier brings it back."""

    when: When = When.PERIOD_START
    to: DownTo = DownTo.ONE_STEP
    whole_periods: int = 1
    grace_days: int = 0
    second_chance_days: int = 0


@dataclass(frozen=True)
class Terms:
    """Everything that a version of a scheme says; `tiers` from the lowest to the highest."""

    metrics: tuple[Metric, ...]
    tiers: tuple[Tier, ...]
    pool: Pool = Pool.MEMBER
    period: PeriodKind = PeriodKind.YEAR
    up: When = When.AT_ONCE
    down: Down = Down()
    keep_percent: int = 100
    carry_over: Mapping[str, str] = field(default_factory=dict)

    @property
    def ranks(self) -> dict[str, int]:
        """Return the place of each tier, from 1; 0 is unrated."""
        return {tier.key: rank for rank, tier in enumerate(self.tiers, 1)}

    def metric(self, key: str) -> Metric:
        """Return a metric by its key."""
        return next(metric for metric in self.metrics if metric.key == key)

    def tier(self, key: str | None) -> Tier | None:
        """Return a tier by its key; None for unrated and for one that is not in this version."""
        return next((tier for tier in self.tiers if tier.key == key), None)

    def keeps(self, tier: Tier) -> Condition | None:
        """Return what keeps a tier: its own condition, or a part of what reaches it."""
        if tier.keep is not None or tier.reach is None:
            return tier.keep
        return eased(tier.reach, self.keep_percent)


def eased(condition: Condition, percent: int) -> Condition:
    """Return a condition with its lower limits at a percentage, rounded up."""
    if isinstance(condition, Every | Some):
        return type(condition)(tuple(eased(each, percent) for each in condition.conditions))
    if isinstance(condition, Top) or condition.low is None:
        return condition
    # What keeps a tier has no upper limit: who is above it has not failed.
    return Limit(condition.metric, at_least=-(-condition.low * percent // 100))


def leaves(condition: Condition | None) -> Iterator[Limit | Top]:
    """Yield the limits of a condition, from left to right."""
    if condition is None:
        return
    if isinstance(condition, Every | Some):
        for each in condition.conditions:
            yield from leaves(each)
    else:
        yield condition


def tops(terms: Terms) -> list[Tier]:
    """Return the tiers that are reached by being among the first of another."""
    return [tier for tier in terms.tiers if top_of(tier) is not None]


def top_of(tier: Tier) -> Top | None:
    """Return the condition of a tier that ranks people; it has one at most."""
    return next((leaf for leaf in leaves(tier.reach) if isinstance(leaf, Top)), None)
