"""What staff record by hand: that a member did something, for which the rules may give points."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.club.queries import current_club
from portal.earning.books import book_on
from portal.earning.service import Told, record_fact
from portal.facts.service import FactError, NewFact
from portal.members.models import Member

AWARD = "manual.award"
NO_CATEGORY = ""


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
) -> Told:
    """Record that a member did something on a day; the same key again changes nothing.

    `note`: why, for the audit trail. Raises FactError: own_award, day_invalid, unknown_category,
    and those of record_fact.
    """
    if member.account_id == actor.id:
        raise FactError("own_award")
    if not member.joined_on <= on <= _today():
        raise FactError("day_invalid")
    if category not in award_categories():
        raise FactError("unknown_category")
    new = NewFact(AWARD, key, on, member_id=member.id, project_id=project_id, category=category)
    told = record_fact(actor=actor, new=new)
    if told.is_new:
        record(
            actor=actor,
            action="earning.fact_recorded",
            subject=("member", member.public_id),
            project_id=project_id,
            facts={"fact": told.fact.public_id, "category": category, "on": on.isoformat()},
            reason=note or None,
        )
    return told


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
