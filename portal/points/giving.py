"""Giving points within the household: who may receive them, how many, and the giving itself."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.members.queries import members_of_household
from portal.points import queries
from portal.points.accounts import REDEEMABLE
from portal.points.errors import PointsError
from portal.points.expiring import club_today
from portal.points.kinds import Kind
from portal.points.models import Currency, Transaction
from portal.points.service import transfer
from portal.points.terms import Holder, Posting, Why

SOURCE = "transfer"
DEFAULT_LIMIT: int = Currency.__table__.c.transfer_limit.default.arg


@dataclass(frozen=True)
class Allowance:
    """What a member may give this month, in milli-points."""

    available: int
    limit: int
    given: int

    @property
    def most(self) -> int:
        """Return how many points can be given now."""
        return max(0, min(self.available, self.limit - self.given))


def receivers(member: Member) -> list[Member]:
    """Return the others of the member's household who have an account."""
    return [each for each in members_of_household(member.household_id) if each.id != member.id]


def allowance(member: Member) -> Allowance:
    """Return what the member may give: three statements."""
    figures = queries.balance(Holder.member(member.id))
    given = sa.select(sa.func.coalesce(sa.func.sum(Transaction.amount), 0)).where(
        Transaction.account_id == figures.account_id,
        Transaction.kind == Kind.GIVE,
        Transaction.booked_on >= club_today().replace(day=1),
    )
    limit = sa.select(Currency.transfer_limit).where(Currency.key == REDEEMABLE)
    row = db.session.execute(sa.select(limit.scalar_subquery(), given.scalar_subquery())).one()
    return Allowance(figures.available, DEFAULT_LIMIT if row[0] is None else row[0], int(row[1]))


def give(
    *, actor: Account, member: Member, receiver_key: str, amount: int, key: str
) -> tuple[Posting, Member]:
    """Give milli-points to somebody of the household, by their public id; once for a `key`.

    Raises PointsError like `transfer`; other_household for anybody else, too.
    """
    receiver = next((each for each in receivers(member) if each.public_id == receiver_key), None)
    if receiver is None:
        raise PointsError("same_member" if receiver_key == member.public_id else "other_household")
    posting = transfer(
        actor=actor,
        giver_id=member.id,
        receiver_id=receiver.id,
        amount=amount,
        key=f"give:{member.public_id}:{key}",
        why=Why(SOURCE, facts={"from": member.public_id, "to": receiver.public_id}),
    )
    return posting, receiver
