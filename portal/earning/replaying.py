"""A draft replayed on past facts, in the order in which they were heard of; nothing is posted.

What was known of a member then is in the fact; limits and budgets go on from what was used before
(portal.earning.beginnings) and are counted in memory. What members did with their points meanwhile
is in portal.earning.movements.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from portal import clock
from portal.earning import awaiting
from portal.earning.books import ReadBook
from portal.earning.fields import values_of
from portal.earning.formulas import milli
from portal.earning.judging import EVERYTHING, judge
from portal.earning.kinds import Effect
from portal.earning.limits import Counter, NobodyToCountError
from portal.earning.posting import counters_of
from portal.facts.models import Fact

Account = tuple[int, str]
CountKey = tuple[str, str, int, str]


class Movement(NamedTuple):
    """Points that members spent, were given by hand, lost by expiry: what no rule did."""

    moment: datetime
    member_id: int
    currency: str
    amount: int


@dataclass
class Gift:
    """What a rule gave or took for a fact, in milli-points; kept while it may still change.

    `counts`: the limits it is counted in, with `counted` points; `budget`: what it came out of.
    `waits_for`: {"on": day}, or the event with what it must have in common; None: it is available.
    """

    member_id: int
    currency: str
    day: str
    amount: int
    counted: int = 0
    counts: list[list[Any]] = field(default_factory=list)
    budget: str | None = None
    waits_for: dict[str, Any] | None = None
    withdrawn: bool = False
    subject: str | None = None

    @property
    def account(self) -> Account:
        """Return whose points of which currency it changes."""
        return self.member_id, self.currency


def _sums() -> Any:
    return defaultdict(int)


@dataclass
class Replay:
    """What the rules of a book gave so far, in milli-points.

    `given` by member and currency; `days` what of it counts for tiers, by its day and the day since
    which that is known, too; `there` what is available for a forfeiture, below zero what is owed.
    `heard`: the day on which the replay is.
    """

    book: ReadBook
    zone: str = "UTC"
    given: dict[Account, int] = field(default_factory=_sums)
    days: dict[tuple[int, str, str, str], int] = field(default_factory=_sums)
    heard: date = date.min
    there: dict[Account, int] = field(default_factory=_sums)
    withdrawn: set[str] = field(default_factory=set)
    happened: Callable[..., bool] = awaiting.has_happened
    _counts: dict[CountKey, list[int]] = field(default_factory=dict)
    _budgets: dict[str, int] = field(default_factory=_sums)
    _gifts: list[Gift] = field(default_factory=list)
    _about: dict[str, list[Gift]] = field(default_factory=lambda: defaultdict(list))
    _until: dict[tuple[str, str, str], list[Gift]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _dated: dict[Account, list[Gift]] = field(default_factory=lambda: defaultdict(list))

    def add(self, fact: Fact) -> None:
        """Let the rules decide about one more fact."""
        self.heard = clock.business_date(self.zone, fact.created_at)
        if fact.member_id is None or fact.subject in self.withdrawn:
            return
        values = values_of(fact, fact.seen)
        for rule in self.book.of(fact.source):
            verdict = judge(rule, values, fact.business_date)
            if not verdict.reason:
                self._post(fact, rule, verdict.amount)
        self._meet(fact)

    def count_before(self, key: CountKey, times: int, points: int) -> None:
        """Count what a limit had used before the first fact."""
        count = self._counts.setdefault(key, [0, 0])
        count[0], count[1] = count[0] + times, count[1] + points

    def budgets_before(self, used: Mapping[str, int]) -> None:
        """Count what budgets had given before the first fact."""
        for code, points in used.items():
            self._budgets[code] += points

    def withdraw(self, subject: str, moment: datetime) -> None:
        """Take back what was given for facts about a subject, at a moment."""
        self.heard = clock.business_date(self.zone, moment)
        self.withdrawn.add(subject)
        for gift in self._about.pop(subject, ()):
            if gift.amount:
                self.given[gift.account] -= gift.amount
            if gift.amount and gift.waits_for is None:
                self._make_available(gift, -gift.amount, self.heard)
            gift.withdrawn = True
            for place in gift.counts:
                count = self._counts[_place(place)]
                count[0], count[1] = count[0] - 1, count[1] - gift.counted
            if gift.budget is not None:
                self._budgets[gift.budget] -= gift.counted

    @property
    def takes(self) -> bool:
        """Tell whether a rule takes points: only then it matters what members did with theirs."""
        return any(
            rule.get("effect") == Effect.FORFEIT
            for rules in self.book.rules.values()
            for rule in rules
        )

    def move(self, movement: Movement) -> None:
        """Count what no rule did to the available points of a member."""
        self.there[movement.member_id, movement.currency] += movement.amount

    def finish(self, today: date) -> None:
        """Let free what waited for days that are over."""
        for account in list(self._dated):
            self._mature(account, today)

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON, for `load`."""
        return {
            "given": [[*key, amount] for key, amount in self.given.items()],
            "earned": [[*key, amount] for key, amount in self.days.items()],
            "there": [[*key, amount] for key, amount in self.there.items()],
            "counts": [[*key, *count] for key, count in self._counts.items()],
            "budgets": dict(self._budgets),
            "withdrawn": sorted(self.withdrawn),
            "gifts": [asdict(gift) for gift in self._gifts if not gift.withdrawn],
        }

    def load(self, kept: Mapping[str, Any]) -> None:
        """Take up what `dump` gave."""
        self.given.update({(row[0], row[1]): row[2] for row in kept["given"]})
        self.days.update({(row[0], row[1], row[2], row[3]): row[4] for row in kept["earned"]})
        self.there.update({(row[0], row[1]): row[2] for row in kept["there"]})
        self._counts.update({_place(row): [row[4], row[5]] for row in kept["counts"]})
        self._budgets.update(kept["budgets"])
        self.withdrawn.update(kept["withdrawn"])
        for row in kept["gifts"]:
            self.remember(Gift(**row))

    def _post(self, fact: Fact, rule: Mapping[str, Any], amount: int) -> None:
        accounts = [(fact.member_id or 0, currency) for currency in rule["to"]]
        try:
            counters = [] if amount == EVERYTHING else counters_of(fact, rule)
        except NobodyToCountError:
            return
        forfeits = rule.get("effect") == Effect.FORFEIT
        if not self._has_room(rule, counters, amount):
            return
        if forfeits and not self._has_points(accounts, fact):
            return
        budget = (rule.get("budget") or {}).get("code")
        self._count(rule["key"], counters, budget, amount)
        waits_for = None if forfeits else self._waits_for(fact, rule)
        for number, account in enumerate(accounts):
            there = self.there[account]
            change = amount
            if forfeits:
                change = -(there if amount == EVERYTHING else min(amount, there))
            gift = Gift(
                *account,
                day=fact.business_date.isoformat(),
                amount=change,
                waits_for=waits_for,
                subject=fact.subject,
            )
            if not number and amount != EVERYTHING:
                gift.counted, gift.budget = amount, budget
                gift.counts = [list(_key(rule["key"], counter)) for counter in counters]
            self.given[account] += change
            if waits_for is None:
                self._make_available(gift, change, self.heard)
            self.remember(gift)

    def _has_room(self, rule: Mapping[str, Any], counters: list[Counter], amount: int) -> bool:
        for counter in counters:
            times, points = self._counts.get(_key(rule["key"], counter), (0, 0))
            if times >= counter.most_times or points + amount > counter.most_points:
                return False
        budget = rule.get("budget")
        return not budget or self._budgets[budget["code"]] + amount <= milli(budget["points"])

    def _has_points(self, accounts: list[Account], fact: Fact) -> bool:
        heard = clock.business_date(self.zone, fact.created_at)
        for account in accounts:
            self._mature(account, heard)
        return all(self.there[account] > 0 for account in accounts)

    def _count(self, rule: str, counters: list[Counter], budget: str | None, amount: int) -> None:
        for counter in counters:
            self.count_before(_key(rule, counter), 1, amount)
        if budget is not None:
            self._budgets[budget] += amount

    def remember(self, gift: Gift) -> None:
        """Keep a gift that may still change."""
        if gift.subject is None and gift.waits_for is None:
            return
        self._gifts.append(gift)
        if gift.subject is not None:
            self._about[gift.subject].append(gift)
        waits_for = gift.waits_for
        if waits_for is not None and "on" in waits_for:
            self._dated[gift.account].append(gift)
        elif waits_for is not None:
            where = (waits_for["until"], waits_for["same"], waits_for["value"])
            self._until[where].append(gift)

    def _waits_for(self, fact: Fact, rule: Mapping[str, Any]) -> dict[str, Any] | None:
        pending = rule.get("pending") or {}
        if "days" in pending:
            on = fact.business_date + timedelta(days=pending["days"])
            heard = clock.business_date(self.zone, fact.created_at)
            return {"on": on.isoformat()} if on > heard else None
        if "until" not in pending or self.happened(fact, pending, heard_before=True):
            return None
        value = awaiting.things_of(fact).get(pending["same"], "")
        return {**pending, "value": value}

    def _meet(self, fact: Fact) -> None:
        for same, value in awaiting.things_of(fact).items():
            waiting = self._until.get((fact.source, same, value))
            for gift in list(waiting or ()):
                if awaiting.reaches(fact.facts, (gift.waits_for or {}).get("percent")):
                    self._free(gift, self.heard)
                    self._until[(fact.source, same, value)].remove(gift)

    def _mature(self, account: Account, today: date) -> None:
        for gift in self._dated.get(account, ()):
            if gift.waits_for is not None and gift.waits_for["on"] <= today.isoformat():
                # It is booked before the evaluation of that night: as if known the day before.
                day = date.fromisoformat(gift.waits_for["on"])
                self._free(gift, day - timedelta(days=1))

    def _free(self, gift: Gift, known: date) -> None:
        gift.waits_for = None
        if not gift.withdrawn:
            self._make_available(gift, gift.amount, known)

    def _make_available(self, gift: Gift, amount: int, known: date) -> None:
        self.there[gift.account] += amount
        self.days[(*gift.account, gift.day, known.isoformat())] += amount


def _key(rule: str, counter: Counter) -> CountKey:
    return rule, counter.per, counter.holder_id, counter.period


def _place(row: list[Any]) -> CountKey:
    return row[0], row[1], row[2], row[3]
