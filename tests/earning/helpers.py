"""Rules and facts for tests: short calls that commit."""

import itertools
from datetime import date
from typing import Any

from portal import clock
from portal.earning import drafting, publishing
from portal.earning.models import Book
from portal.earning.schema import load_rule
from portal.earning.service import Told, record_fact
from portal.extensions import db
from portal.facts.service import NewFact
from portal.members.models import Member
from portal.points import queries
from portal.points.terms import Holder

TODAY = clock.business_date("Asia/Shanghai")
_keys = itertools.count(1)


def rule(key: str = "welcome", source: str = "member.joined", **values: Any) -> dict[str, Any]:
    """Return a rule's JSON: 100 points at once, unless told otherwise."""
    points = values.pop("points", "100")
    return load_rule(
        {
            "key": key,
            "title": {"zh_Hans_CN": "规则", "en": "A rule"},
            "source": source,
            "amount": {"kind": "fixed", "points": points},
            "to": ["redeemable"],
            **values,
        }
    )


def publish(*rules: dict[str, Any], begins_on: date = TODAY, **values: Any) -> Book:
    """Publish a book of exactly these rules, and commit."""
    draft = drafting.start_draft(actor=values.get("maker"))
    for old in drafting.rules_of(draft):
        drafting.remove_rule(actor=values.get("maker"), draft=draft, key=old.key)
    for each in rules:
        drafting.save_rule(actor=values.get("maker"), draft=draft, definition=each)
    values.pop("maker", None)
    book = publishing.install(
        actor=values.pop("actor", None), draft=draft, begins_on=begins_on, **values
    )
    db.session.commit()
    return book


def fact(member: Member, source: str = "member.joined", **values: Any) -> NewFact:
    """Return a new fact about a member."""
    values.setdefault("key", f"k{next(_keys)}")
    values.setdefault("business_date", TODAY)
    return NewFact(source=source, member_id=member.id, **values)


def tell(member: Member, source: str = "member.joined", **values: Any) -> Told:
    """Record a fact about a member, and commit."""
    told = record_fact(actor=None, new=fact(member, source, **values))
    db.session.commit()
    return told


def available(member: Member, currency: str = "redeemable") -> int:
    """Return a member's available milli-points."""
    return queries.balance(Holder.member(member.id), currency).available


def reasons(told: Told) -> list[str]:
    """Return why each rule gave nothing, an empty text where it gave."""
    return [decision.reason for decision in told.decisions]
