"""Recording a fact: kept, judged by the rules of its day, and posted, in one transaction.

The order of locks is always the same: the fact's subject · member and household · and for each
rule, by its key: limits · budget · balance.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.earning import awaiting, limits
from portal.earning.books import ReadBook, book_on
from portal.earning.fields import values_of
from portal.earning.judging import EVERYTHING, Verdict, judge
from portal.earning.kinds import Effect, Outcome, Per
from portal.earning.models import Decision
from portal.earning.seen import lock_member, look
from portal.earning.sources import known_sources
from portal.earning.telling import tell_tiers
from portal.extensions import db
from portal.facts import service as facts
from portal.facts.models import Fact
from portal.facts.service import FactError, NewFact
from portal.points import queries as points_queries
from portal.points import service as points
from portal.points.errors import PointsError
from portal.points.terms import Holder, Posting, Terms, Why

FORFEIT_TRIES = 3


@dataclass(frozen=True)
class Told:
    """What became of a fact: its row, whether it is new, and what each rule made of it."""

    fact: Fact
    is_new: bool
    decisions: tuple[Decision, ...] = ()


_DECIDED = (
    *("fact_id", "member_id", "rule", "version", "currency"),
    *("outcome", "amount", "reason", "details", "posting_id"),
)
_decisions: Any = Decision.__table__
_add_decisions = sa.insert(_decisions)


class _LimitError(Exception):
    """A limit is reached: what was counted for this rule already is undone."""

    def __init__(self, counter: limits.Counter) -> None:
        super().__init__(counter.per)
        self.counter = counter


def record_fact(*, actor: Account | None, new: NewFact, draft: ReadBook | None = None) -> Told:
    """Keep a fact about a member and post what the rules of its day give for it.

    Told again, it changes nothing. A refusal of one rule leaves the others alone. `draft`: the
    rules of a dry run, which the caller rolls back. Raises
    FactError: unknown_source, unknown_member, and those of portal.facts.service.
    """
    if new.source not in known_sources():
        raise FactError("unknown_source")
    if new.member_id is None:
        raise FactError("unknown_member")
    facts.check(new)
    if new.subject is not None:
        facts.lock_subject(new.subject)
    holder = lock_member(new.member_id)
    on = new.business_date
    seen = look(holder, source=new.source, on=on, project_id=new.project_id)
    done = facts.record(new=replace(new, household_id=holder.household_id), seen=seen)
    if not done.is_new:
        return Told(done.fact, is_new=False)
    book = draft or book_on(on)
    if done.is_withdrawn:
        refused = Verdict(reason="withdrawn")
        made = [_refusal(done.fact, rule, book, refused) for rule in book.of(new.source)]
    else:
        values = values_of(done.fact, seen)
        made = [
            decision
            for rule in book.of(new.source)
            for decision in _decide(actor, done.fact, rule, book, values)
        ]
        awaiting.meet(actor=actor, fact=done.fact)
    _keep(made)
    if all(decision.outcome != Outcome.POSTED for decision in made):
        tell_tiers(Fact.id == done.fact.id)
    return Told(done.fact, is_new=True, decisions=tuple(made))


def withdraw_facts(*, actor: Account | None, subject: str, on: date, reason: str = "") -> int:
    """Withdraw every fact about a subject and take back what was given for it; return how many
    postings. What still comes about the subject gives nothing. A second call does nothing."""
    if not facts.withdraw(subject=subject, on=on, reason=reason):
        return 0
    tell_tiers(Fact.subject == subject)
    rows = db.session.scalars(
        sa.select(Decision)
        .join(Fact, Fact.id == Decision.fact_id)
        .where(Fact.subject == subject, Decision.outcome == Outcome.POSTED)
        .options(sa.orm.contains_eager(Decision.fact))
        .order_by(Decision.member_id, Decision.rule, Decision.id)
    ).all()
    for member_id in sorted({row.member_id for row in rows if row.member_id is not None}):
        lock_member(member_id)
    return sum(_take_back(actor, row, reason) for row in rows)


def _decide(
    actor: Account | None,
    fact: Fact,
    rule: Mapping[str, Any],
    book: ReadBook,
    values: Mapping[str, Any],
) -> list[Decision]:
    verdict = judge(rule, values, fact.business_date)
    if verdict.reason:
        return [_refusal(fact, rule, book, verdict)]
    try:
        with _undone_together(rule):
            return _post(actor, fact, rule, book, verdict.amount)
    except _LimitError as error:
        verdict = Verdict(reason="limit", details=error.counter.as_json())
    except limits.NobodyToCountError:
        verdict = Verdict(reason="no_figure", details={"field": "unit"})
    except PointsError as error:
        verdict = Verdict(reason=error.code, details={"words": list(error.details)})
    return [_refusal(fact, rule, book, verdict)]


def _undone_together(rule: Mapping[str, Any]) -> AbstractContextManager[Any]:
    """Return a savepoint for a rule that writes more than one posting, which undoes itself."""
    if len(rule["to"]) > 1:
        return db.session.begin_nested()
    return _limits_undone() if rule.get("limits") else nullcontext()


@contextmanager
def _limits_undone() -> Iterator[None]:
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


def _keep(made: Sequence[Decision]) -> None:
    """Write decisions past the session, in one statement: nobody changes them here any more."""
    now = clock.now()
    rows = [
        {column: getattr(each, column) for column in _DECIDED} | {"created_at": now}
        for each in made
    ]
    if rows:
        db.session.connection().execute(_add_decisions, rows)


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


def _refusal(fact: Fact, rule: Mapping[str, Any], book: ReadBook, verdict: Verdict) -> Decision:
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


def _take_back(actor: Account | None, decision: Decision, reason: str) -> bool:
    fact = decision.fact
    try:
        points.reverse(
            actor=actor,
            posting_id=decision.posting_id or 0,
            key=f"earn-back:{decision.posting_id}",
            why=Why(
                fact.source,
                source_key=fact.key,
                project_id=fact.project_id,
                rule=decision.rule,
                rule_version=decision.version,
                facts={"withdrawn": reason},
            ),
        )
    except PointsError as error:
        decision.reason = error.code
        return error.code == "reversed_already"
    for counter in counters_of(fact, decision.details):
        limits.give_back(decision.rule, counter, decision.details["counted"])
    decision.outcome = Outcome.WITHDRAWN
    decision.reason = "withdrawn"
    return True
