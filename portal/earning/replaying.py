"""A draft replayed on past facts, in the order in which they were heard of; nothing is posted.

What was known of a member then is in the fact; limits, budgets and balances begin at nothing and
are counted in memory. Spending is not replayed: a forfeiture takes from what these rules gave.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from portal.earning.books import ReadBook
from portal.earning.fields import values_of
from portal.earning.formulas import milli
from portal.earning.judging import EVERYTHING, judge
from portal.earning.kinds import Effect, Outcome
from portal.earning.limits import Counter, NobodyToCountError
from portal.earning.models import Decision
from portal.earning.posting import counters_of
from portal.extensions import db
from portal.facts.models import Fact, Subject
from portal.points.kinds import Kind
from portal.points.models import Transaction

BATCH = 1000
Account = tuple[int, str]


@dataclass
class Replay:
    """What the rules of a book gave so far; `given` by member and currency, in milli-points."""

    book: ReadBook
    given: dict[Account, int] = field(default_factory=lambda: defaultdict(int))
    _counts: dict[tuple[str, str, int, str], tuple[int, int]] = field(default_factory=dict)
    _budgets: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _by_subject: dict[str, list[tuple[Account, int, str, list[Counter]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _withdrawn: set[str] = field(default_factory=set)

    def add(self, fact: Fact) -> None:
        """Let the rules decide about one more fact."""
        if fact.member_id is None or fact.subject in self._withdrawn:
            return
        values = values_of(fact, fact.seen)
        for rule in self.book.of(fact.source):
            verdict = judge(rule, values, fact.business_date)
            if not verdict.reason:
                self._post(fact, rule, verdict.amount)

    def withdraw(self, subject: str) -> None:
        """Take back what was given for facts about a subject."""
        self._withdrawn.add(subject)
        for account, amount, rule, counters in self._by_subject.pop(subject, ()):
            self.given[account] -= amount
            for counter in counters:
                key = _key(rule, counter)
                times, points = self._counts[key]
                self._counts[key] = times - 1, points - abs(amount)

    def _post(self, fact: Fact, rule: Mapping[str, Any], amount: int) -> None:
        forfeits = rule.get("effect") == Effect.FORFEIT
        budget = rule.get("budget")
        accounts = [(fact.member_id or 0, currency) for currency in rule["to"]]
        try:
            counters = [] if amount == EVERYTHING else counters_of(fact, rule)
        except NobodyToCountError:
            return
        if not all(self._has_room(rule["key"], counter, amount) for counter in counters):
            return
        if budget and self._budgets[budget["code"]] + amount > milli(budget["points"]):
            return
        if forfeits and any(self.given[account] <= 0 for account in accounts):
            return
        for counter in counters:
            key = _key(rule["key"], counter)
            times, points = self._counts.get(key, (0, 0))
            self._counts[key] = times + 1, points + amount
        if budget:
            self._budgets[budget["code"]] += amount
        for number, account in enumerate(accounts):
            there = self.given[account]
            change = amount
            if forfeits:
                change = -(there if amount == EVERYTHING else min(amount, there))
            self.given[account] += change
            if fact.subject:
                counted = counters if not number else []
                self._by_subject[fact.subject].append((account, change, rule["key"], counted))

    def _has_room(self, rule: str, counter: Counter, amount: int) -> bool:
        times, points = self._counts.get(_key(rule, counter), (0, 0))
        return times < counter.most_times and points + amount <= counter.most_points


def _key(rule: str, counter: Counter) -> tuple[str, str, int, str]:
    return rule, counter.per, counter.holder_id, counter.period


def facts_between(since: date, until: date) -> sa.Select[Any]:
    """Return the statement of the facts of some days, as they were heard of."""
    return (
        sa.select(Fact)
        .where(Fact.business_date.between(since, until))
        .order_by(Fact.created_at, Fact.id)
    )


def withdrawals() -> list[tuple[datetime, str]]:
    """Return what was withdrawn and when, in that order."""
    rows = db.session.execute(
        sa.select(Subject.withdrawn_at, Subject.subject)
        .where(Subject.withdrawn_at.is_not(None))
        .order_by(Subject.withdrawn_at)
    )
    return [(row.withdrawn_at, row.subject) for row in rows if row.withdrawn_at is not None]


def posted_between(since: date, until: date) -> dict[Account, int]:
    """Return what was really given for the facts of some days, by member and currency."""
    sign = sa.case((Transaction.kind == Kind.FORFEIT, -1), else_=1)
    rows = db.session.execute(
        sa.select(Decision.member_id, Decision.currency, sa.func.sum(Decision.amount * sign))
        .join(Fact, Fact.id == Decision.fact_id)
        .join(Transaction, Transaction.id == Decision.posting_id)
        .where(
            Fact.business_date.between(since, until),
            Decision.outcome == Outcome.POSTED,
            Decision.member_id.is_not(None),
        )
        .group_by(Decision.member_id, Decision.currency)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}


def compare(
    before: Mapping[Account, int], after: Mapping[Account, int], *, shown: int = 20
) -> dict[str, Any]:
    """Return the result of a backtest as it is kept: totals by currency, winners, losers."""
    totals: dict[str, list[int]] = {}
    changes = []
    for account in sorted({*before, *after}):
        member_id, currency = account
        was, now = before.get(account, 0), after.get(account, 0)
        total = totals.setdefault(currency, [0, 0])
        total[0] += was
        total[1] += now
        if was != now:
            changes.append((member_id, currency, was, now))
    gains = [each for each in changes if each[3] > each[2]]
    losses = [each for each in changes if each[3] < each[2]]
    return {
        "totals": totals,
        "winners": len({each[0] for each in gains}),
        "losers": len({each[0] for each in losses}),
        "gains": _largest(gains, shown),
        "losses": _largest(losses, shown),
    }


def _largest(changes: Iterable[tuple[int, str, int, int]], shown: int) -> list[list[Any]]:
    ordered = sorted(changes, key=lambda each: (-abs(each[3] - each[2]), each[0]))
    return [list(each) for each in ordered[:shown]]
