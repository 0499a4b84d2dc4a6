"""The figures that the pipeline finds in SQL for all, in plain Python for one member."""

from dataclasses import dataclass
from datetime import date

from portal.tiers.kinds import MetricKind
from portal.tiers.terms import Metric, Terms
from portal.tiers.windows import tenure_months, window_days


@dataclass(frozen=True)
class Person:
    """What happened to somebody: (day, milli-points), and homes (since, until)."""

    joined_on: date
    points: tuple[tuple[date, int], ...] = ()
    homes: tuple[tuple[date, date | None], ...] = ()


def figure(metric: Metric, person: Person, on: date) -> int:
    """Return one figure of a person on a day."""
    if metric.kind == MetricKind.POINTS:
        days = window_days(metric.window, on, person.joined_on)
        return sum(amount for day, amount in person.points if days.since <= day <= days.until)
    if metric.kind == MetricKind.UNITS:
        return sum(since <= on and (until is None or until > on) for since, until in person.homes)
    assert metric.kind == MetricKind.TENURE
    return tenure_months(person.joined_on, on)


def figures(terms: Terms, person: Person, on: date) -> dict[str, int]:
    """Return all figures of a person on a day."""
    return {metric.key: figure(metric, person, on) for metric in terms.metrics}
