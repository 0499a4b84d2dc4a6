"""What limits and budgets had used before the first day of a backtest: it goes on from there."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from portal.earning.kinds import Outcome, Per, Period
from portal.earning.limits import period_of
from portal.earning.models import Decision
from portal.earning.replaying import CountKey, Gift, Replay
from portal.extensions import db
from portal.facts.models import Fact
from portal.facts.queries import live
from portal.points.models import Budget, Reversed, Transaction

_HOLDERS = {
    Per.MEMBER: Fact.member_id,
    Per.HOUSEHOLD: Fact.household_id,
    Per.UNIT: Fact.unit_id,
}


def begin(replay: Replay, since: date) -> None:
    """Let a replay begin with what facts of earlier days have used, as it was counted then.

    What is withdrawn by now is counted, too, until the replay comes to its withdrawal.
    """
    rules = [rule for rules in replay.book.rules.values() for rule in rules]
    periods = {Period(limit["period"]) for rule in rules for limit in rule.get("limits") or ()}
    counted = sa.cast(Decision.details["counted"].as_string(), sa.BigInteger)
    limits = Decision.details["limits"].as_string()
    columns = [Decision.rule, limits.label("limits"), *_HOLDERS.values()]
    before = (
        sa.select(*columns, sa.func.count().label("times"), sa.func.sum(counted).label("points"))
        .join(Fact, Fact.id == Decision.fact_id)
        .where(
            Decision.rule.in_([rule["key"] for rule in rules]),
            Decision.outcome == Outcome.POSTED,
            counted.is_not(None),
            Fact.business_date < since,
        )
    )
    for period in periods:
        start = _start(period, since)
        here = before.where(Fact.business_date >= start) if start else before
        for row in db.session.execute(here.where(live()).group_by(*columns)):
            for key in _counts(row, period, since):
                replay.count_before(key, row.times, int(row.points))
    replay.budgets_before(_budgets(since))
    _count_withdrawn(replay, before, since, columns)


def _count_withdrawn(replay: Replay, before: Any, since: date, columns: list[Any]) -> None:
    """Count what will be withdrawn as gifts of nothing, which give back what they have used."""
    told = [
        Fact.subject, Fact.business_date, Decision.id, Decision.currency, Budget.code,
    ]  # fmt: skip
    rows = db.session.execute(
        before.add_columns(*told)
        .outerjoin(Transaction, Transaction.id == Decision.posting_id)
        .outerjoin(Budget, Budget.id == Transaction.budget_id)
        .where(~live())
        .group_by(*columns, *told)
    )
    for row in rows:
        counts = [
            key
            for period in Period
            if period_of(period, row.business_date) == period_of(period, since)
            for key in _counts(row, period, since)
        ]
        for key in counts:
            replay.count_before(key, 1, int(row.points))
        if row.code is not None:
            replay.budgets_before({row.code: int(row.points)})
        gift = Gift(
            row.member_id, row.currency, row.business_date.isoformat(), 0, subject=row.subject
        )
        gift.counted, gift.budget = int(row.points), row.code
        gift.counts = [list(key) for key in counts]
        replay.remember(gift)


def _counts(row: Any, period: Period, since: date) -> Iterator[CountKey]:
    """Yield the counts of a period that a decision went into, by the limits of its rule then."""
    limits: list[Mapping[str, Any]] = json.loads(row.limits or "[]")
    for per in sorted({limit["per"] for limit in limits if limit["period"] == period}):
        holder = 0 if per == Per.CLUB else getattr(row, _HOLDERS[per].key)
        if holder is not None:
            yield row.rule, per, holder, period_of(period, since)


def _start(period: Period, day: date) -> date | None:
    """Return the first day of the period that a day lies in; None: it has none."""
    return {
        Period.EVER: None,
        Period.YEAR: day.replace(month=1, day=1),
        Period.MONTH: day.replace(day=1),
        Period.WEEK: day - timedelta(days=day.weekday()),
        Period.DAY: day,
    }[period]


def _budgets(since: date) -> dict[str, int]:
    """Return what had been given of each budget for earlier days, without what came back."""
    net = Transaction.amount - sa.func.coalesce(Reversed.reversed, 0)
    rows = db.session.execute(
        sa.select(Budget.code, sa.func.sum(net).label("used"))
        .join(Transaction, Transaction.budget_id == Budget.id)
        .outerjoin(Reversed, Reversed.transaction_id == Transaction.id)
        .where(Transaction.business_date < since, Transaction.reverses_id.is_(None))
        .group_by(Budget.code)
    )
    return {row.code: int(row.used) for row in rows}
