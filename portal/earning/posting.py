"""What a rule gives for a fact, posted within its limits; or why it gives nothing."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any

from portal.accounts.models import Account
from portal.earning import awaiting, limits
from portal.earning.books import ReadBook
from portal.earning.judging import EVERYTHING, Verdict, judge
from portal.earning.kinds import Effect, Outcome, Per
from portal.earning.models import Decision
from portal.extensions import db
from portal.facts.models import Fact
from portal.points import queries as points_queries
from portal.points import service as points
from portal.points.errors import PointsError
from portal.points.terms import Holder, Posting, Terms, Why

FORFEIT_TRIES = 3


class _LimitError(Exception):
    """A limit is reached: what was counted for this rule already is undone."""

    def __init__(self, counter: limits.Counter) -> None:
        super().__init__(counter.per)
        self.counter = counter


def decide(
    actor: Account | None,
    fact: Fact,
    rule: Mapping[str, Any],
    book: ReadBook,
    values: Mapping[str, Any],
) -> list[Decision]:
    """Return what a rule makes of a fact: a decision for each currency that it gave, or its
    refusal. `values`: what conditions read."""
    verdict = judge(rule, values, fact.business_date)
    if verdict.reason:
        return [refusal(fact, rule, book, verdict)]
    try:
        with _undone_together(rule):
            return _post(actor, fact, rule, book, verdict.amount)
    except _LimitError as error:
        verdict = Verdict(reason="limit", details=error.counter.as_json())
    except limits.NobodyToCountError:
        verdict = Verdict(reason="no_figure", details={"field": "unit"})
    except PointsError as error:
        verdict = Verdict(reason=error.code, details={"words": list(error.details)})
    return [refusal(fact, rule, book, verdict)]


def _undone_together(rule: Mapping[str, Any]) -> AbstractContextManager[Any]:
    """Return a savepoint for a rule that writes more than one posting, which undoes itself."""
    if len(rule["to"]) > 1:
        return db.session.begin_nested()
    return limits_undone() if rule.get("limits") else nullcontext()


@contextmanager
def limits_undone() -> Iterator[None]:
    """Uncount a rule's limits when it is refused. Plain statements: the session's own savepoint
    takes longer than all else, and none of its rows is written before the posting is made."""
    connection = db.session.connection()
    connection.exec_driver_sql("SAVEPOINT earning_rule")
    try:
        yield
    except Exception:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT earning_rule")
        raise
    finally:
        connection.exec_driver_sql("RELEASE SAVEPOINT earning_rule")


def _post(
    actor: Account | None, fact: Fact, rule: Mapping[str, Any], book: ReadBook, amount: int
) -> list[Decision]:
    taken: list[tuple[str, Posting]] = []
    if amount != EVERYTHING:
        for counter in counters_of(fact, rule):
            if not limits.take(rule["key"], counter, amount):
                raise _LimitError(counter)
    for number, currency in enumerate(rule["to"]):
        key = f"earn:{fact.source}:{fact.key}:{rule['key']}" + (f":{currency}" if number else "")
        if rule.get("effect") == Effect.FORFEIT:
            posting = _forfeit(actor, fact, rule, book, currency, amount, key)
        else:
            posting = _earn(actor, fact, rule, book, currency, amount, key)
        taken.append((currency, posting))
    counted = {"limits": list(rule.get("limits") or ()), "counted": amount}
    return [
        Decision(
            fact_id=fact.id,
            member_id=fact.member_id,
            rule=rule["key"],
            version=book.version,
            currency=currency,
            outcome=Outcome.POSTED,
            reason="",
            amount=posting.amount,
            posting_id=posting.id,
            details=counted if not number and amount != EVERYTHING else {},
        )
        for number, (currency, posting) in enumerate(taken)
    ]


def _earn(
    actor: Account | None,
    fact: Fact,
    rule: Mapping[str, Any],
    book: ReadBook,
    currency: str,
    amount: int,
    key: str,
) -> Posting:
    pending = rule.get("pending") or {}
    waits = "until" in pending and not awaiting.has_happened(fact, pending)
    budget = rule.get("budget")
    terms = Terms(
        matures_on=fact.business_date + timedelta(days=pending["days"])
        if "days" in pending
        else None,
        waits=waits,
        budget=budget["code"] if budget and currency == rule["to"][0] else None,
    )
    posting = points.post(
        actor=actor,
        holder=Holder.member(fact.member_id or 0),
        amount=amount,
        key=key,
        why=_why(fact, rule, book),
        currency=currency,
        terms=terms,
    )
    if waits:
        awaiting.wait(posting_id=posting.id, fact=fact, pending=pending)
    return posting


def _forfeit(
    actor: Account | None,
    fact: Fact,
    rule: Mapping[str, Any],
    book: ReadBook,
    currency: str,
    amount: int,
    key: str,
) -> Posting:
    """Take points away: at most what is there. Whoever spends meanwhile makes it less."""
    holder = Holder.member(fact.member_id or 0)
    for _ in range(FORFEIT_TRIES):
        there = int(points_queries.balance(holder, currency).available)
        if there <= 0:
            break
        try:
            return points.forfeit(
                actor=actor,
                holder=holder,
                amount=there if amount == EVERYTHING else min(amount, there),
                key=key,
                why=_why(fact, rule, book),
                currency=currency,
            )
        except PointsError as error:
            if error.code != "not_enough":
                raise
    raise PointsError("nothing_there")


def counters_of(fact: Fact, rule: Mapping[str, Any]) -> list[limits.Counter]:
    """Return the counts that a rule's points for a fact are limited by. Raises
    limits.NobodyToCountError."""
    holders: dict[str, int | None] = {
        Per.MEMBER: fact.member_id,
        Per.HOUSEHOLD: fact.household_id,
        Per.UNIT: fact.unit_id,
    }
    return list(limits.counters(rule.get("limits") or (), holders, fact.business_date))


def _why(fact: Fact, rule: Mapping[str, Any], book: ReadBook) -> Why:
    told = {"title": rule["title"], **({"fen": fact.amount} if fact.amount is not None else {})}
    return Why(
        fact.source,
        source_key=fact.key,
        facts=told,
        project_id=fact.project_id,
        business_date=fact.business_date,
        rule=rule["key"],
        rule_version=book.version,
    )


def refusal(fact: Fact, rule: Mapping[str, Any], book: ReadBook, verdict: Verdict) -> Decision:
    """Return the decision that a rule gives nothing for a fact."""
    return Decision(
        fact_id=fact.id,
        member_id=fact.member_id,
        rule=rule["key"],
        version=book.version,
        currency="",
        outcome=Outcome.REFUSED,
        amount=0,
        reason=verdict.reason,
        details=dict(verdict.details),
    )
