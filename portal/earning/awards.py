"""What staff record by hand: that a member did something, for which the rules may give points."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.club.queries import current_club
from portal.earning.books import book_on
from portal.earning.kinds import Outcome
from portal.earning.models import Decision
from portal.earning.service import Told, record_fact
from portal.earning.words import category_title
from portal.extensions import db
from portal.facts.service import FactError, NewFact
from portal.i18n import format_day
from portal.members.models import Member
from portal.points.accounts import REDEEMABLE
from portal.points.by_hand import ALONE_KEYS, by_hand_today, limit_alone
from portal.points.errors import PointsError
from portal.points.kinds import Kind
from portal.points.models import Proposal, Transaction
from portal.points.proposals import DEEDS, Deed, propose

AWARD = "manual.award"
NO_CATEGORY = ""
_ALONE = "staff:"
"""How the keys of what one person records begin."""


def award_categories() -> list[str]:
    """Return the categories that today's rules on awards ask for; "" where a rule takes any."""
    found: set[str] = set()
    for rule in book_on(_today()).of(AWARD):
        asked = {*_asked(rule.get("when")), *_rated(rule["amount"])}
        found |= asked or {NO_CATEGORY}
    return sorted(found)


def record_award(
    *,
    actor: Account,
    member: Member,
    project_id: int,
    category: str,
    on: date,
    note: str,
    key: str,
) -> tuple[Told, None] | tuple[None, Proposal]:
    """Record that a member did something on a day; the same key again changes nothing.

    What one person has given the member by hand in a day, with this, beyond the limit of the
    points' rules is proposed to a second one; either is returned. `note`: why, for the audit
    trail. Raises FactError: own_award, day_invalid, unknown_category, and those of record_fact.
    """
    if member.account_id == actor.id:
        raise FactError("own_award")
    if not member.joined_on <= on <= _today():
        raise FactError("day_invalid")
    if category not in award_categories():
        raise FactError("unknown_category")
    new = NewFact(
        AWARD, f"{_ALONE}{key}"[:60], on, member_id=member.id, project_id=project_id,
        category=category,
    )  # fmt: skip
    with db.session.begin_nested() as alone:
        told = record_fact(actor=actor, new=new)
        if not told.is_new or not _is_too_much(actor, told):
            _note(actor, member, told, note)
            return told, None
        amount = _amount(told)
        alone.rollback()
    proposal = propose(
        actor=actor,
        member=member,
        project_id=project_id,
        kind=Kind.AWARD,
        amount=amount,
        reason=note or category,
        fact={"source": AWARD, "category": category, "on": on.isoformat()},
    )
    return None, proposal


def _record_agreed(actor: Account, proposal: Proposal, member: Member) -> int:
    """Record what a colleague proposed, if the rules still give what was proposed."""
    fact = proposal.fact or {}
    new = NewFact(
        AWARD,
        f"proposal:{proposal.public_id}",
        date.fromisoformat(fact["on"]),
        member_id=member.id,
        project_id=proposal.project_id,
        category=fact["category"],
    )
    told = record_fact(actor=actor, new=new)
    given = _given(told)
    if not given or _amount(told) != proposal.amount:
        raise PointsError("award_changed")
    _note(actor, member, told, proposal.reason)
    return next(each.posting_id for each in given if each.posting_id is not None)


def _describe(fact: Mapping[str, Any]) -> str:
    return f"{category_title(fact['category'])} · {format_day(date.fromisoformat(fact['on']))}"


DEEDS[AWARD] = Deed(_record_agreed, _describe)
ALONE_KEYS.append(f"earn:{AWARD}:{_ALONE}")


def _is_too_much(actor: Account, told: Told) -> bool:
    """Tell whether one person has now given more in a day than may be given alone."""
    limit = limit_alone()
    postings = [each.posting_id for each in _given(told)]
    accounts = db.session.scalars(
        sa.select(Transaction.account_id).where(Transaction.id.in_(postings)).distinct()
    ).all()
    return any(
        (db.session.scalar(by_hand_today(actor.id, account)) or 0) > limit for account in accounts
    )


def _given(told: Told) -> list[Decision]:
    return [each for each in told.decisions if each.outcome == Outcome.POSTED]


def _amount(told: Told) -> int:
    """Return the points that a fact gives; where it gives only others, the most of one kind."""
    sums: Counter[str] = Counter()
    for each in _given(told):
        sums[each.currency] += each.amount
    return sums.get(REDEEMABLE) or max(sums.values(), default=0)


def _note(actor: Account, member: Member, told: Told, note: str) -> None:
    if told.is_new:
        fact = told.fact
        record(
            actor=actor,
            action="earning.fact_recorded",
            subject=("member", member.public_id),
            project_id=fact.project_id,
            facts={
                "fact": fact.public_id,
                "category": fact.category,
                "on": fact.business_date.isoformat(),
            },
            reason=note or None,
        )


def _today() -> date:
    return clock.business_date(current_club().time_zone)


def _asked(condition: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield the categories that a condition compares with."""
    if not condition:
        return
    if condition.get("field") == "category":
        value = condition["value"]
        yield from (str(each) for each in (value if isinstance(value, list) else [value]))
    for part in (*(condition.get("all") or ()), *(condition.get("any") or ())):
        yield from _asked(part)


def _rated(formula: Mapping[str, Any]) -> Iterator[str]:
    yield from (formula.get("rates") or {})
