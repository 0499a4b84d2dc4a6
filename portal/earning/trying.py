"""A dry run: a fact is recorded, judged and posted, and everything is taken back."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.earning.books import ReadBook, book_on
from portal.earning.kinds import Outcome
from portal.earning.sentences import Reason, reason_of
from portal.earning.service import record_fact
from portal.earning.words import rule_title
from portal.extensions import db
from portal.facts.service import NewFact
from portal.members.models import Member
from portal.points.amounts import read_number


@dataclass(frozen=True)
class Tried:
    """What one rule would make of a fact: milli-points of a currency, or why none."""

    rule: str
    title: str
    version: int
    currency: str
    amount: int
    reason: Reason


def try_fact(*, new: NewFact, draft: ReadBook | None = None) -> list[Tried]:
    """Return what the rules of the fact's day, or a draft's, would make of it; nothing stays.

    Raises FactError.
    """
    titles: dict[str, str] = {}
    with db.session.begin_nested() as point:
        told = record_fact(actor=None, new=new, draft=draft)
        rules = _rules(told.decisions, new, draft)
        titles = {rule["key"]: rule_title(rule) for rule in rules}
        found = [
            Tried(
                decision.rule,
                titles.get(decision.rule, decision.rule),
                decision.version,
                decision.currency,
                decision.amount if decision.outcome == Outcome.POSTED else 0,
                reason_of(decision, told.fact),
            )
            for decision in told.decisions
        ]
        point.rollback()
    db.session.expire_all()
    return found


def _rules(decisions: Any, new: NewFact, draft: ReadBook | None) -> Any:
    return (draft or book_on(new.business_date)).of(new.source) if decisions else ()


def find_card(card: str) -> Member | None:
    """Return the member of a card number, however it is spaced."""
    digits = "".join(char for char in card if char.isdigit())
    return db.session.scalar(sa.select(Member).where(Member.card_number == digits))


def read_fen(text: str) -> int | None:
    """Return yuan as typed in fen; None for an empty text. Raises ValueError."""
    if not text.strip():
        return None
    fen = read_number(text, 100)
    if fen is None:
        raise ValueError(text)
    return fen


def read_facts(text: str) -> dict[str, Any]:
    """Return further facts as typed: "percent=30, days_late=3". Raises ValueError."""
    found: dict[str, Any] = {}
    for part in text.replace("，", ",").split(","):
        if not part.strip():
            continue
        key, equals, value = (each.strip() for each in part.partition("="))
        if not equals or not key or len(key) > 40 or len(value) > 60:
            raise ValueError(part)
        found[key] = int(value) if value.lstrip("-").isdecimal() and len(value) < 18 else value
    return found
