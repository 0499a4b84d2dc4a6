"""Reversals: a spend gives the same lots back, an earning is clawed back, beyond it is owed."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts.models import Account
from portal.extensions import db
from portal.points import balances, policy
from portal.points.accounts import Place, place_of, system_account
from portal.points.due import book_due, settle
from portal.points.errors import PointsError
from portal.points.kinds import Kind, NegativePolicy, Part, System
from portal.points.ledger import (
    Take,
    add_entries,
    add_entry,
    check_amount,
    claim,
    entries,
    expect,
    lock,
    refusable,
    transactions,
)
from portal.points.lots import lots, opened_lot, pick, use_lots
from portal.points.models import Budget, Reversed
from portal.points.renewing import reinstate
from portal.points.terms import Posting, Why

_OPPOSITE = {
    Kind.EARN: System.ISSUED,
    Kind.AWARD: System.ADJUST,
    Kind.SPEND: System.SPENT,
    Kind.CAPTURE: System.SPENT,
    Kind.DEDUCT: System.ADJUST,
    Kind.FORFEIT: System.FORFEITED,
}
GIVEN = (Kind.EARN, Kind.AWARD)
"""The kinds of which a reversal takes points away; of the others it gives them back."""


def reverse(
    *,
    actor: Account | None,
    posting_id: int,
    key: str,
    why: Why,
    amount: int | None = None,
    ratio: Fraction | None = None,
    at: datetime | None = None,
) -> Posting:
    """Take a posting back: `amount` milli-points of it, a `ratio` of it (floored), or the rest.

    What was spent returns to its lots with their last days; what is past its last day expires at
    once. What was earned is taken from its own lot, then from others; beyond the balance it is
    owed, as the currency's policy allows. Raises PointsError: unknown_transaction, not_reversible,
    reversed_already (more than is left), not_enough (the policy forbids owing), key_used.
    """
    db.session.flush()
    row = (
        db.session.connection()
        .execute(sa.select(transactions).where(transactions.c.id == posting_id))
        .first()
    )
    if row is None:
        raise PointsError("unknown_transaction")
    if row.kind not in _OPPOSITE:
        raise PointsError("not_reversible")
    wanted = _wanted(row, amount, ratio)
    place = place_of(account_id=row.account_id, opposite=_OPPOSITE[row.kind], at=at)
    with refusable(place):
        posting = claim(
            place=place,
            kind=Kind.REVERSE,
            amount=wanted or row.amount,
            key=key,
            why=why,
            actor_id=actor.id if actor else None,
            body=(posting_id, amount, ratio),
            reverses_id=posting_id,
        )
        if posting.is_new:
            if not wanted:
                raise PointsError("reversed_already")
            _count(row, wanted)
            if row.budget_id is not None:
                _refill(row.budget_id, wanted)
            (_claw_back if row.kind in GIVEN else _restore)(place, posting, row)
    return posting


def _wanted(row: Any, amount: int | None, ratio: Fraction | None) -> int:
    if amount is not None:
        return check_amount(amount)
    if ratio is not None:
        return check_amount(int(row.amount * ratio))
    done = db.session.scalar(sa.select(Reversed.reversed).where(Reversed.transaction_id == row.id))
    return int(row.amount) - (done or 0)


def _count(row: Any, wanted: int) -> None:
    """Add to what is reversed of a transaction; two at once wait for each other at its row."""
    connection = db.session.connection()
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(Reversed)
    if wanted > row.amount:
        raise PointsError("reversed_already")
    statement = insert.values(transaction_id=row.id, amount=row.amount, reversed=wanted)
    done = connection.execute(
        statement.on_conflict_do_update(
            index_elements=[Reversed.transaction_id],
            set_={"reversed": Reversed.reversed + wanted},
            where=Reversed.reversed + wanted <= Reversed.amount,
        ).returning(Reversed.transaction_id)
    ).first()
    if done is None:
        raise PointsError("reversed_already")


def _refill(budget_id: int, amount: int) -> None:
    """Let a campaign give again what it gets back; the row is locked before the balance, as when
    it gives."""
    done = db.session.connection().execute(
        sa.update(Budget)
        .where(Budget.id == budget_id, Budget.used >= amount)
        .values(used=Budget.used - amount)
    )
    expect(done, 1)


def _restore(place: Place, posting: Posting, row: Any) -> None:
    if lock(place.account_id)[place.account_id].due_on <= place.today:
        book_due(place, cause=f"{posting.id}:before")
    takes = _to_restore(row.id, posting)
    here = place.account_id
    add_entries(posting.id, place, (place.opposite_id, Part.SYSTEM), (here, Part.AVAILABLE), takes)
    due = min(policy.due_day(take.expires_on) for take in takes)
    after = balances.move(place, due, available=posting.amount)
    for take in takes:
        done = db.session.connection().execute(
            sa.update(lots)
            .where(lots.c.id == take.lot_id, lots.c.remaining + take.amount <= lots.c.original)
            .values(remaining=lots.c.remaining + take.amount)
        )
        expect(done, 1)
    reinstate(place, takes, cause=str(posting.id))
    if after.due_on <= place.today:
        book_due(place, cause=str(posting.id))
    if after.owed:
        settle(place, cause=str(posting.id))


def _to_restore(transaction_id: int, posting: Posting) -> list[Take]:
    """Return the lots that get points back, the last used first; earlier reversals are left out."""
    connection = db.session.connection()
    used = connection.execute(
        sa.select(entries)
        .where(entries.c.transaction_id == transaction_id, entries.c.credit_part == Part.SYSTEM)
        .order_by(entries.c.expires_on.desc(), entries.c.lot_id.desc())
    ).all()
    given: dict[int, int] = defaultdict(int)
    for row in connection.execute(
        sa.select(entries.c.lot_id, entries.c.amount)
        .join(transactions, transactions.c.id == entries.c.transaction_id)
        .where(transactions.c.reverses_id == transaction_id)
    ):
        given[row.lot_id] += row.amount
    takes, wanted = [], posting.amount
    for row in used:
        part = min(row.amount - given[row.lot_id], wanted)
        if part > 0:
            takes.append(Take(row.lot_id, part, row.effective_on, row.expires_on))
            wanted -= part
    return takes


def _claw_back(place: Place, posting: Posting, row: Any) -> None:
    before = lock(place.account_id)[place.account_id]
    if before.due_on <= place.today:
        book_due(place, cause=str(posting.id))
    here, there = place.account_id, (place.opposite_id, Part.SYSTEM)
    lot = opened_lot(row.id)
    own = Take(lot.id, 0, lot.effective_on, lot.expires_on)
    left = posting.amount
    if lot.pending:
        taken = min(left, lot.remaining)
        part = replace(own, amount=taken)
        add_entries(posting.id, place, (here, Part.PENDING), there, [part])
        balances.move(place, pending=-taken)
        use_lots(place, [part])
        return
    takes = _from_own(place, lot.id, left)
    left -= sum(take.amount for take in takes)
    use_lots(place, takes)
    left -= _from_expired(place, posting, own, left)
    if left:
        others = pick(place, left)
        use_lots(place, others)
        takes += others
        left -= sum(take.amount for take in others)
    add_entries(posting.id, place, (here, Part.AVAILABLE), there, takes)
    total = sum(take.amount for take in takes)
    balances.move(place, available=-total)
    if left:
        _owe(place, posting, left)


_family = sa.select(entries.c.id).where(
    sa.or_(entries.c.id == sa.bindparam("own"), entries.c.root_id == sa.bindparam("own"))
)
_own_lots = sa.select(lots).where(lots.c.id.in_(_family)).order_by(lots.c.expires_on, lots.c.id)


def _from_own(place: Place, own_id: int, wanted: int) -> list[Take]:
    """Return what is free of the lot that the posting opened, and of those that go on from it."""
    takes = []
    for row in place.connection.execute(_own_lots, {"own": own_id}):
        part = min(wanted, row.remaining - row.held)
        wanted -= part
        if part:
            takes.append(Take(row.id, part, row.effective_on, row.expires_on))
    return takes


def _from_expired(place: Place, posting: Posting, own: Take, wanted: int) -> int:
    """Take back what of the lot has expired anyway: nobody pays twice. Return how much."""
    if not wanted:
        return 0
    expired = system_account(place, System.EXPIRED)
    signed = sa.case(
        (entries.c.credit_account_id == expired, entries.c.amount),
        (entries.c.debit_account_id == expired, -entries.c.amount),
        else_=0,
    )
    gone = db.session.connection().scalar(
        sa.select(sa.func.coalesce(sa.func.sum(signed), 0)).where(
            sa.or_(entries.c.lot_id.in_(_family), entries.c.id.in_(_family))
        ),
        {"own": own.lot_id},
    )
    part = min(wanted, int(gone or 0))
    if part:
        take = replace(own, amount=part)
        add_entries(
            posting.id,
            place,
            (expired, Part.SYSTEM),
            (place.opposite_id, Part.SYSTEM),
            [take],
        )
    return part


def _owe(place: Place, posting: Posting, amount: int) -> None:
    if place.negative_policy == NegativePolicy.FORBID:
        raise PointsError("not_enough")
    after = balances.move(place, owed=amount)
    if place.negative_policy == NegativePolicy.LIMIT and after.owed > place.negative_limit:
        raise PointsError("not_enough")
    add_entry(
        posting.id,
        place,
        (place.account_id, Part.OWED),
        (place.opposite_id, Part.SYSTEM),
        amount,
    )
