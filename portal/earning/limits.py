"""Limits: counted by one guarded upsert each, so that no two can both be the last."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from portal.earning.formulas import milli
from portal.earning.kinds import Per, Period
from portal.extensions import db

NO_LIMIT = 2**62
_add = sa.text(
    "INSERT INTO earning_used (rule, per, holder_id, period, times, points)"
    " VALUES (:rule, :per, :holder_id, :period, 1, :points)"
    " ON CONFLICT (rule, per, holder_id, period) DO UPDATE"
    " SET times = earning_used.times + 1, points = earning_used.points + excluded.points"
    " WHERE earning_used.times < :most_times"
    " AND earning_used.points + excluded.points <= :most_points RETURNING times"
)
_free = sa.text(
    "UPDATE earning_used SET times = times - 1, points = points - :points"
    " WHERE rule = :rule AND per = :per AND holder_id = :holder_id AND period = :period"
    " AND times > 0 AND points >= :points"
)


@dataclass(frozen=True)
class Counter:
    """One count of a limit: of whom and which period, and the most that it may reach."""

    per: str
    holder_id: int
    period: str
    kind: str
    most_times: int
    most_points: int

    def as_json(self) -> dict[str, Any]:
        """Return it as a refusal keeps it."""
        return {
            "per": self.per,
            "period": self.kind,
            "times": None if self.most_times == NO_LIMIT else self.most_times,
            "points": None if self.most_points == NO_LIMIT else self.most_points,
        }


class NobodyToCountError(Exception):
    """A limit per home, and the fact names none."""


def period_of(period: str, on: date) -> str:
    """Return which day, week, month or year it is that a limit counts for."""
    if period == Period.WEEK:
        year, week, _day = on.isocalendar()
        return f"{year}-W{week:02d}"
    return {
        Period.EVER: "",
        Period.YEAR: f"{on:%Y}",
        Period.MONTH: f"{on:%Y-%m}",
        Period.DAY: on.isoformat(),
    }[Period(period)]


def begins_anew(period: str, on: date) -> date | None:
    """Return the first day of the next period; None for a limit that counts for ever."""
    if period == Period.DAY:
        return on + timedelta(days=1)
    if period == Period.WEEK:
        return on + timedelta(days=8 - on.isoweekday())
    if period == Period.MONTH:
        return (on.replace(day=1) + timedelta(days=32)).replace(day=1)
    return date(on.year + 1, 1, 1) if period == Period.YEAR else None


def counters(
    limits: Sequence[Mapping[str, Any]], holders: Mapping[str, int | None], on: date
) -> Iterator[Counter]:
    """Yield the counts of a rule's limits, always in the same order, two of one period as one.

    `holders`: the id of each Per. Raises NobodyToCountError.
    """
    merged: dict[tuple[str, str], tuple[int, int]] = {}
    for limit in limits:
        key = (limit["per"], limit["period"])
        times, points = merged.get(key, (NO_LIMIT, NO_LIMIT))
        merged[key] = (
            min(times, limit.get("times", NO_LIMIT)),
            min(points, milli(limit["points"]) if "points" in limit else NO_LIMIT),
        )
    for (per, period), (times, points) in sorted(merged.items()):
        holder_id = 0 if per == Per.CLUB else holders.get(per)
        if holder_id is None:
            raise NobodyToCountError
        yield Counter(per, holder_id, period_of(period, on), period, times, points)


def take(rule: str, counter: Counter, points: int) -> bool:
    """Count one time and its milli-points, unless that passes the limit; tell if it is counted."""
    if points > counter.most_points:
        return False
    row = db.session.execute(
        _add,
        {
            **_place(rule, counter),
            "points": points,
            "most_times": counter.most_times,
            "most_points": counter.most_points,
        },
    ).first()
    return row is not None


def give_back(rule: str, counter: Counter, points: int) -> None:
    """Take back one count: what was given for it is withdrawn."""
    db.session.execute(_free, {**_place(rule, counter), "points": points})


def _place(rule: str, counter: Counter) -> dict[str, Any]:
    return {
        "rule": rule,
        "per": counter.per,
        "holder_id": counter.holder_id,
        "period": counter.period,
    }
