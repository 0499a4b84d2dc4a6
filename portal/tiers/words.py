"""Conditions, figures and moves in the reader's language."""

from collections.abc import Callable, Mapping

from portal import i18n
from portal.i18n import Text, lazy, localized
from portal.points.amounts import format_points
from portal.tiers.kinds import BenefitKind, Measure, MetricKind, Move
from portal.tiers.terms import Condition, Every, Limit, Metric, Some, Terms, Top

gettext: Callable[..., str] = i18n.gettext
ngettext: Callable[..., str] = i18n.ngettext
KIND_TITLES: dict[str, Text] = {
    MetricKind.POINTS: lazy("Points"),
    MetricKind.SPEND: lazy("Spending"),
    MetricKind.FACTS: lazy("Number of facts"),
    MetricKind.UNITS: lazy("Verified homes"),
    MetricKind.AREA: lazy("Area of verified homes"),
    MetricKind.OWNER: lazy("Owner of a home"),
    MetricKind.TENURE: lazy("Months as a member"),
    MetricKind.ARREARS: lazy("Overdue fees"),
}
MOVE_TITLES: dict[str, Text] = {
    Move.FIRST: lazy("First rating"),
    Move.UP: lazy("Reached a higher tier"),
    Move.DOWN: lazy("Fell to a lower tier"),
    Move.SECOND_CHANCE: lazy("Won back in the second chance"),
    Move.KEPT: lazy("Kept for the next period"),
    Move.AT_RISK: lazy("What keeps the tier is not met"),
    Move.SAFE_AGAIN: lazy("What keeps the tier is met again"),
    Move.OVERRIDDEN: lazy("Given by hand"),
    Move.OVERRIDE_ENDED: lazy("The tier given by hand ended"),
    Move.CARRIED_OVER: lazy("Carried over into new rules"),
}
BENEFIT_TITLES: dict[str, Text] = {
    BenefitKind.DISCOUNT: lazy("Discount"),
    BenefitKind.PRIORITY: lazy("Priority"),
    BenefitKind.GIFT: lazy("Gift"),
    BenefitKind.SERVICE: lazy("Service"),
}

CHOICE_TITLES: dict[str, dict[str, Text]] = {
    "pool": {"member": lazy("Each member's own"), "household": lazy("The whole household's")},
    "period": {
        "month": lazy("Calendar month"),
        "quarter": lazy("Calendar quarter"),
        "half_year": lazy("Half a calendar year"),
        "year": lazy("Calendar year"),
        "anniversary": lazy("Year from the day of joining"),
    },
    "when": {"at_once": lazy("At once"), "period_start": lazy("At the start of a period")},
    "down_to": {
        "one_step": lazy("One step"),
        "right_level": lazy("To the tier whose condition is met"),
    },
    "window": {
        "lifetime": lazy("All time"),
        "rolling": lazy("The last months"),
        "calendar": lazy("The calendar unit"),
        "anniversary": lazy("The year from the day of joining"),
        "join_month": lazy("The year from the month of joining"),
    },
    "span": {
        "day": lazy("Day"),
        "month": lazy("Month"),
        "quarter": lazy("Quarter"),
        "half_year": lazy("Half year"),
        "year": lazy("Year"),
    },
    "currency": {
        "qualifying": lazy("Qualifying points"),
        "redeemable": lazy("Redeemable points"),
        "bonus": lazy("Bonus points"),
    },
    "measure": {
        "count": lazy("How many"),
        "days": lazy("On how many days"),
        "sum": lazy("Sum of the amounts"),
        "mean": lazy("Mean amount"),
    },
    "color": {
        "blue": lazy("Blue"),
        "silver": lazy("Silver"),
        "gold": lazy("Gold"),
        "diamond": lazy("Dark"),
    },
}


def choice_title(kind: str, value: str) -> Text:
    """Return the word for a setting of a scheme."""
    return CHOICE_TITLES[kind][value]


def metric_name(metric: Metric) -> str:
    """Return what a figure is called: in the scheme's words, or by its kind."""
    return localized(metric.name) or str(KIND_TITLES[metric.kind])


def is_money(metric: Metric) -> bool:
    """Tell whether a metric counts fen."""
    if metric.kind == MetricKind.FACTS:
        return metric.measure in (Measure.SUM, Measure.MEAN)
    return metric.kind in (MetricKind.SPEND, MetricKind.ARREARS)


def figure_text(metric: Metric, value: int) -> str:
    """Return a figure as people write it, with its unit where it has one."""
    if metric.kind == MetricKind.POINTS:
        return format_points(value)
    if is_money(metric):
        return f"¥{value / 100:,.2f}".removesuffix(".00")
    if metric.kind == MetricKind.AREA:
        return gettext("%(area)s m²", area=f"{value / 100:,.2f}".removesuffix(".00"))
    return f"{value:,}"


def condition_text(terms: Terms, condition: Condition | None) -> str:
    """Return what a condition asks for: "Verified homes: 2, or ..."."""
    if condition is None:
        return gettext("For everybody")
    if isinstance(condition, Some):
        return gettext(", or ").join(condition_text(terms, each) for each in condition.conditions)
    if isinstance(condition, Every):
        return gettext(" and ").join(condition_text(terms, each) for each in condition.conditions)
    if isinstance(condition, Top):
        return gettext(
            "the first %(percent)s %% of %(tier)s by %(metric)s",
            percent=f"{condition.basis_points / 100:g}",
            tier=tier_name(terms, condition.of),
            metric=metric_name(terms.metric(condition.metric)),
        )
    return _limit_text(terms.metric(condition.metric), condition)


def _limit_text(metric: Metric, limit: Limit) -> str:
    if metric.kind == MetricKind.OWNER and limit.low:
        return gettext("own a home")
    name = metric_name(metric)
    low = limit.at_least if limit.above is None else limit.above
    lower = "" if low is None else figure_text(metric, low)
    if limit.below is None:
        if limit.above is not None:
            return gettext("%(metric)s above %(low)s", metric=name, low=lower)
        return gettext("%(metric)s from %(low)s", metric=name, low=lower)
    below = figure_text(metric, limit.below)
    if low is None:
        return gettext("%(metric)s below %(below)s", metric=name, below=below)
    return gettext(
        "%(metric)s from %(low)s to below %(below)s", metric=name, low=lower, below=below
    )


def missing_text(terms: Terms, leaf: Limit | Top, value: int) -> str:
    """Return what is missing for a limit as something to do: "3,200 more qualifying points"."""
    if isinstance(leaf, Top):
        return condition_text(terms, leaf)
    metric = terms.metric(leaf.metric)
    lack = (leaf.low or 0) - value
    if lack <= 0:
        below = figure_text(metric, leaf.below or 0)
        return gettext("%(metric)s below %(below)s", metric=metric_name(metric), below=below)
    figure = figure_text(metric, lack)
    match metric.kind:
        case MetricKind.POINTS if metric.currency == "qualifying":
            return gettext("%(points)s more qualifying points", points=figure)
        case MetricKind.POINTS:
            return gettext("%(points)s more points", points=figure)
        case MetricKind.UNITS:
            return ngettext("%(num)s more verified home", "%(num)s more verified homes", lack)
        case MetricKind.OWNER:
            return gettext("verify a home of yours")
        case MetricKind.TENURE:
            return ngettext("%(num)s more month as a member", "%(num)s more months as a member",
                            lack)  # fmt: skip
        case MetricKind.SPEND:
            return gettext("%(amount)s more spending", amount=figure)
    return gettext("%(figure)s more in %(metric)s", figure=figure, metric=metric_name(metric))


def tier_name(terms: Terms, key: str | None) -> str:
    """Return a tier's name; the key of one that is no longer there."""
    if key is None:
        return gettext("Unrated")
    tier = terms.tier(key)
    return localized(tier.name) if tier else key


def figures_text(terms: Terms, figures: Mapping[str, int]) -> str:
    """Return the figures of a row of the history; of those that are no longer there, the key."""
    known = {metric.key: metric for metric in terms.metrics}
    return " · ".join(
        f"{metric_name(known[key])} {figure_text(known[key], value)}"
        if key in known
        else f"{key} {value:,}"
        for key, value in figures.items()
    )
