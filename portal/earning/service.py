"""Recording a fact: kept, judged by the rules of its day, and posted, in one transaction.

The order of locks is always the same: the fact's subject · member and household · and for each
rule, by its key: limits · budget · balance. Withdrawing takes them in the same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.earning import awaiting, limits
from portal.earning.books import ReadBook, book_on
from portal.earning.fields import values_of
from portal.earning.judging import Verdict
from portal.earning.kinds import Outcome
from portal.earning.models import Decision
from portal.earning.posting import counters_of, decide, limits_undone, refusal
from portal.earning.seen import lock_member, look
from portal.earning.sources import known_sources
from portal.earning.telling import tell_tiers
from portal.extensions import db
from portal.facts import service as facts
from portal.facts.models import Fact
from portal.facts.service import FactError, NewFact
from portal.points import service as points
from portal.points.errors import PointsError
from portal.points.terms import Why


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
        made = [refusal(done.fact, rule, book, refused) for rule in book.of(new.source)]
    else:
        values = values_of(done.fact, seen)
        made = [
            decision
            for rule in book.of(new.source)
            for decision in decide(actor, done.fact, rule, book, values)
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
        .order_by(Decision.rule, Decision.member_id, Decision.id)
    ).all()
    for member_id in sorted({row.member_id for row in rows if row.member_id is not None}):
        lock_member(member_id)
    return sum(_take_back(actor, row, reason) for row in rows)


def _keep(made: Sequence[Decision]) -> None:
    """Write decisions past the session, in one statement: nobody changes them here any more."""
    now = clock.now()
    rows = [
        {column: getattr(each, column) for column in _DECIDED} | {"created_at": now}
        for each in made
    ]
    if rows:
        db.session.connection().execute(_add_decisions, rows)


def _take_back(actor: Account | None, decision: Decision, reason: str) -> bool:
    # What became of the decisions before is written outside of this one's savepoint.
    db.session.flush()
    try:
        with limits_undone():
            _reverse(actor, decision, reason)
    except PointsError as error:
        decision.reason = error.code
        return error.code == "reversed_already"
    decision.outcome = Outcome.WITHDRAWN
    decision.reason = "withdrawn"
    return True


def _reverse(actor: Account | None, decision: Decision, reason: str) -> None:
    """Uncount what was given and take it back: limits first, then the budget and the balance."""
    fact = decision.fact
    for counter in counters_of(fact, decision.details):
        limits.give_back(decision.rule, counter, decision.details["counted"])
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
