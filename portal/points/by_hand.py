"""What staff book by hand: a wish, the day's sum of one person, and the posting."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.members.models import Member
from portal.points import service
from portal.points.accounts import REDEEMABLE
from portal.points.expiring import club_today
from portal.points.kinds import Kind
from portal.points.models import Currency, Transaction
from portal.points.models.currencies import ALONE
from portal.points.terms import Holder, Posting, Why

SOURCE = "manual"
KEY = "manual:"
"""How the keys of what one person adjusts begin."""
ALONE_KEYS = [KEY]
"""How the keys of all postings begin that one person makes by hand."""


@dataclass(frozen=True)
class Wish:
    """Points to give or take by hand: `amount` milli-points, or of the posting `reverses_id`
    (None: all that is left of it).
    """

    member: Member
    project_id: int
    kind: Kind
    reason: str
    amount: int | None
    reverses_id: int | None = None


def by_hand_today(actor_id: int, account_id: Any) -> sa.Select[tuple[int]]:
    """Return the statement of the milli-points that somebody has given to and taken from an
    account today, lines taken back among them, without a second person.
    """
    return sa.select(sa.func.coalesce(sa.func.sum(Transaction.amount), 0)).where(
        Transaction.account_id == account_id,
        Transaction.booked_on == club_today(),
        Transaction.actor_id == actor_id,
        sa.or_(*(Transaction.key.startswith(key, autoescape=True) for key in ALONE_KEYS)),
    )


def alone_limit() -> sa.ColumnElement[int]:
    """Return the expression of the milli-points that one person may give and take in a day."""
    limit = sa.select(Currency.alone_limit).where(Currency.key == REDEEMABLE).scalar_subquery()
    return sa.func.coalesce(limit, ALONE)


@dataclass(frozen=True)
class Tried:
    """What one person has booked alone; `may_stay` is false when it was undone as too much."""

    posting: Posting
    may_stay: bool


def limit_alone() -> int:
    """Return the milli-points that one person may give and take in a day."""
    return int(db.session.scalars(sa.select(alone_limit())).one())


def post_alone(actor: Account, wish: Wish, key: str) -> Tried:
    """Book what one person wishes, and undo it if that is more than one may do in a day.

    The balance is locked: whoever adjusts the same account at once waits, and counts it.
    """
    with db.session.begin_nested() as alone:
        posting = post(actor, wish, f"{KEY}{key}")
        if posting.is_new:
            today = db.session.connection().scalar(by_hand_today(actor.id, posting.account_id))
            if int(today or 0) > limit_alone():
                alone.rollback()
                return Tried(posting, may_stay=False)
    return Tried(posting, may_stay=True)


def post(actor: Account, wish: Wish, key: str) -> Posting:
    """Book what is wished, and tell the audit trail. Raises PointsError."""
    why = Why(SOURCE, project_id=wish.project_id, note=wish.reason)
    holder, action = Holder.member(wish.member.id), f"points.{wish.kind}ed"
    if wish.reverses_id is not None:
        action = "points.reversed"
        posting = service.reverse(
            actor=actor, posting_id=wish.reverses_id, amount=wish.amount, key=key, why=why
        )
    elif wish.kind == Kind.AWARD:
        posting = service.post(
            actor=actor, holder=holder, amount=wish.amount or 0, key=key, why=why, by_hand=True
        )
    else:
        posting = service.deduct(
            actor=actor, holder=holder, amount=wish.amount or 0, key=key, why=why
        )
    if posting.is_new:
        record(
            actor=actor,
            action=action,
            subject=("member", wish.member.public_id),
            project_id=wish.project_id,
            facts={"posting": posting.public_id, "amount": posting.amount},
        )
    return posting
