"""Postings for tests: short calls of the service that commit."""

import itertools
from datetime import UTC, date, datetime
from typing import Any

from portal.extensions import db
from portal.members.models import Member
from portal.points import queries, service
from portal.points.kinds import NEVER
from portal.points.terms import Holder, Posting, Terms, Why
from portal.points.verify import verify

WHY = Why("test")
_keys = itertools.count(1)


def key() -> str:
    """Return a key that no other posting has."""
    return f"test:{next(_keys)}"


def holder(member: Member) -> Holder:
    """Return a member as a holder."""
    return Holder.member(member.id)


def noon(day: date) -> datetime:
    """Return the middle of a day in the club's time zone."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def earn(member: Member, amount: int, **values: Any) -> Posting:
    """Give points that do not expire unless `expires_on` says so, and commit."""
    terms = values.pop("terms", None) or Terms(expires_on=values.pop("expires_on", NEVER))
    posting = service.post(
        actor=None,
        holder=holder(member),
        amount=amount,
        key=values.pop("key", None) or key(),
        why=values.pop("why", WHY),
        terms=terms,
        **values,
    )
    db.session.commit()
    return posting


def spend(member: Member, amount: int, **values: Any) -> Posting:
    """Use points, and commit."""
    values = {"key": key(), "why": WHY, **values}
    posting = service.spend(actor=None, holder=holder(member), amount=amount, **values)
    db.session.commit()
    return posting


def hold(member: Member, amount: int, **values: Any) -> Posting:
    """Set points aside, and commit."""
    values.setdefault("key", key())
    posting = service.hold(actor=None, holder=holder(member), amount=amount, why=WHY, **values)
    db.session.commit()
    return posting


def reverse(posting: Posting, **values: Any) -> Posting:
    """Reverse a posting, and commit."""
    values = {"key": key(), "why": WHY, **values}
    done = service.reverse(actor=None, posting_id=posting.id, **values)
    db.session.commit()
    return done


def figures(member: Member) -> tuple[int, int, int, int]:
    """Return available, pending, held and owed."""
    found = queries.balance(holder(member))
    return found.available, found.pending, found.held, found.owed


def damage() -> list[tuple[str, int]]:
    """Return the rules that the ledger breaks, and the accounts where."""
    return [(found.rule, found.account_id) for found in verify()]
