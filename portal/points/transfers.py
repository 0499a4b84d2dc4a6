"""Giving points to somebody of the same household: the lots keep their last days, and bonus."""

from datetime import datetime

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.points import balances, policy
from portal.points.accounts import REDEEMABLE, Place, find_place
from portal.points.due import book_due, book_due_first, settle
from portal.points.errors import PointsError
from portal.points.kinds import Kind, Part, System
from portal.points.ledger import (
    Take,
    add_entries,
    add_entry,
    check_amount,
    claim,
    claim_new,
    lock,
    refusable,
    transactions,
)
from portal.points.lots import add_lot, check_enough, pick, use_lots
from portal.points.terms import Holder, Posting, Why


def transfer(
    *,
    actor: Account | None,
    giver_id: int,
    receiver_id: int,
    amount: int,
    key: str,
    why: Why,
    currency: str = REDEEMABLE,
    at: datetime | None = None,
) -> Posting:
    """Move points between two members of one household; return the giver's posting.

    Two transactions that meet in the system account TRANSFER, written together. Raises PointsError
    like `spend`, and: same_member, other_household, over_limit (the month's limit).
    """
    check_amount(amount)
    db.session.flush()
    _check_household(giver_id, receiver_id)
    there = System.TRANSFER
    giver = find_place(holder=Holder.member(giver_id), currency=currency, opposite=there, at=at)
    receiver = find_place(
        holder=Holder.member(receiver_id), currency=currency, opposite=there, at=at
    )
    with refusable(giver):
        posting = claim(
            place=giver,
            kind=Kind.GIVE,
            amount=amount,
            key=key,
            why=why,
            actor_id=actor.id if actor else None,
            body=(amount, currency, receiver_id),
        )
        if posting.is_new:
            lock(giver.account_id, receiver.account_id)
            _check_limit(giver)
            _receive(receiver, posting, _give(giver, posting), why)
    return posting


def _check_household(giver_id: int, receiver_id: int) -> None:
    if giver_id == receiver_id:
        raise PointsError("same_member")
    # Locked, so that neither leaves the household before the points have arrived.
    households = db.session.scalars(
        sa.select(Member.household_id)
        .where(Member.id.in_([giver_id, receiver_id]))
        .order_by(Member.id)
        .with_for_update(read=True)
    ).all()
    if len(households) != 2 or households[0] != households[1]:
        raise PointsError("other_household")


def _check_limit(place: Place) -> None:
    """Hold a giver to the month's limit; the locked balance keeps others of theirs waiting."""
    first = place.today.replace(day=1)
    given = db.session.connection().scalar(
        sa.select(sa.func.coalesce(sa.func.sum(transactions.c.amount), 0)).where(
            transactions.c.account_id == place.account_id,
            transactions.c.kind == Kind.GIVE,
            transactions.c.booked_on >= first,
        )
    )
    # This transfer's own row is among them.
    if int(given or 0) > place.transfer_limit:
        raise PointsError("over_limit")


def _give(place: Place, posting: Posting) -> list[Take]:
    balances.take(
        place,
        posting.amount,
        hold=False,
        book_due=lambda: book_due(place, cause=str(posting.id)),
    )
    takes = pick(place, posting.amount)
    check_enough(takes, posting.amount)
    here = (place.account_id, Part.AVAILABLE)
    add_entries(posting.id, place, here, (place.opposite_id, Part.SYSTEM), takes)
    use_lots(place, takes)
    return takes


def _receive(place: Place, given: Posting, takes: list[Take], why: Why) -> None:
    posting = claim_new(
        place=place,
        kind=Kind.RECEIVE,
        amount=given.amount,
        key=f"receive:{given.id}",
        why=Why(why.source, str(given.id), why.facts),
        actor_id=None,
    )
    there, here = (place.opposite_id, Part.SYSTEM), (place.account_id, Part.AVAILABLE)
    due = min(policy.due_day(take.expires_on) for take in takes)
    after = balances.gain(place, given.amount, due)
    book_due_first(place, after, due, cause=str(posting.id))
    for take in takes:
        days = (take.effective_on, take.expires_on)
        lot_id = add_entry(
            posting.id, place, there, here, take.amount, opens=days, bonus=take.bonus
        )
        add_lot(place, lot_id, take.amount, *days, bonus=take.bonus)
    if after.owed:
        settle(place, cause=str(posting.id))
