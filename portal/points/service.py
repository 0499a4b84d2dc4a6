"""Posting points: earning, spending, forfeiting, maturing. Holds, reversals and transfers have
modules of their own and are offered here.

Every function takes part in the caller's transaction and never commits. A refusal leaves nothing
behind, so that a caller may go on after it. The order in every posting: transaction (its key) and
entries · the balance, locked by its guarded update in ascending order of accounts · what is due ·
lots. What takes from lots can name them only once the balance is locked: its entries come last.
"""

from datetime import date, datetime

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.extensions import db
from portal.points import balances, policy
from portal.points.accounts import REDEEMABLE, Place, find_place, place_of
from portal.points.checks import ask_plugins
from portal.points.converting import bring_bonus
from portal.points.due import book_due, book_due_first, mature_lot, settle
from portal.points.errors import PointsError
from portal.points.holds import capture, hold, time_out, void
from portal.points.kinds import NEVER, Kind, Part, System
from portal.points.ledger import (
    add_entries,
    add_entry,
    check_amount,
    claim,
    find_posting,
    lock,
    refusable,
)
from portal.points.lots import add_lot, check_enough, opened_lot, pick, use_lots
from portal.points.models import Budget, Transaction
from portal.points.renewing import decay, extend
from portal.points.reversal import reverse
from portal.points.terms import NO_TERMS, Holder, Posting, Terms, Why
from portal.points.transfers import transfer

__all__ = [
    "capture",
    "deduct",
    "forfeit",
    "hold",
    "mature",
    "post",
    "reverse",
    "spend",
    "time_out",
    "transfer",
    "void",
]


def post(
    *,
    actor: Account | None,
    holder: Holder,
    amount: int,
    key: str,
    why: Why,
    currency: str = REDEEMABLE,
    terms: Terms = NO_TERMS,
    by_hand: bool = False,
    at: datetime | None = None,
) -> Posting:
    """Give points: available at once, or pending by `terms`. What is owed is paid first.

    `amount`: milli-points. `by_hand`: an award by staff, booked against the adjusting account.
    `at`: the moment it is booked at (default: now; earlier for imports). The same key and body
    gives the same posting again. Raises PointsError: amount_invalid, key_used, unknown_currency,
    account_closed, sealed_month, expired_before, budget_spent.
    """
    check_amount(amount)
    kind = Kind.AWARD if by_hand else Kind.EARN
    ask_plugins(kind, holder, amount, currency, why)
    db.session.flush()
    place = find_place(
        holder=holder,
        currency=currency,
        opposite=System.ADJUST if by_hand else System.ISSUED,
        at=at,
    )
    with refusable(place, possible=at is not None or terms.budget is not None):
        posting = claim(
            place=place,
            kind=kind,
            amount=amount,
            key=key,
            why=why,
            actor_id=actor.id if actor else None,
            body=(amount, currency, terms),
            budget_id=_budget(terms),
        )
        if posting.is_new:
            if terms.budget is not None:
                _use_budget(terms.budget, amount)
            _open_lot(place, posting, terms)
    return posting


def spend(
    *,
    actor: Account | None,
    holder: Holder,
    amount: int,
    key: str,
    why: Why,
    currency: str = REDEEMABLE,
    at: datetime | None = None,
) -> Posting:
    """Use up available points, lot by lot in the currency's order.

    Raises PointsError like `post`, and: not_enough, never_spent (a qualifying currency).
    """
    return _debit(actor, holder, amount, key, why, currency, at, Kind.SPEND, System.SPENT)


def forfeit(
    *,
    actor: Account | None,
    holder: Holder,
    amount: int,
    key: str,
    why: Why,
    currency: str = REDEEMABLE,
    at: datetime | None = None,
) -> Posting:
    """Take points of any currency away for a breach of the rules.

    Raises PointsError like `spend`.
    """
    return _debit(actor, holder, amount, key, why, currency, at, Kind.FORFEIT, System.FORFEITED)


def deduct(
    *,
    actor: Account | None,
    holder: Holder,
    amount: int,
    key: str,
    why: Why,
    currency: str = REDEEMABLE,
    at: datetime | None = None,
) -> Posting:
    """Take points away by hand, to correct a mistake. Raises PointsError: not_enough."""
    return _debit(actor, holder, amount, key, why, currency, at, Kind.DEDUCT, System.ADJUST)


def mature(*, actor: Account | None, posting_id: int, at: datetime | None = None) -> Posting:
    """Let the pending points of an earning begin now; a second call gives the same answer.

    Raises PointsError: unknown_transaction, not_pending (reversed, or never pending).
    """
    db.session.flush()
    account_id = db.session.scalar(
        sa.select(Transaction.account_id).where(Transaction.id == posting_id)
    )
    if account_id is None:
        raise PointsError("unknown_transaction")
    place = place_of(account_id=account_id, opposite=System.ISSUED, at=at)
    lock(account_id)
    lot = opened_lot(posting_id)
    if lot is None:
        raise PointsError("not_pending")
    if not lot.pending or not lot.remaining:
        done = find_posting(f"mature:{lot.id}")
        if done is None:
            raise PointsError("not_pending")
        return done
    posting = mature_lot(place, lot, effective_on=place.today, actor_id=actor.id if actor else None)
    book_due(place, cause=str(posting.id))
    return posting


def _open_lot(place: Place, posting: Posting, terms: Terms) -> None:
    effective, expires = _days(place, terms)
    pending = effective is None or effective > place.today
    here = place.account_id
    lot_id = add_entry(
        posting.id,
        place,
        (place.opposite_id, Part.SYSTEM),
        (here, Part.PENDING if pending else Part.AVAILABLE),
        posting.amount,
        opens=(effective, expires),
        bonus=terms.bonus,
    )
    due = (effective or NEVER) if pending else policy.due_day(expires)
    after = balances.gain(place, posting.amount, due, pending=pending)
    if not pending:
        book_due_first(place, after, due, cause=str(posting.id))
    add_lot(place, lot_id, posting.amount, effective, expires, pending=pending, bonus=terms.bonus)
    if not pending:
        decay(place, lot_id)
        if after.owed:
            settle(place, cause=str(posting.id))
    if posting.kind == Kind.EARN:
        extend(place, cause=str(posting.id))


def _days(place: Place, terms: Terms) -> tuple[date | None, date]:
    """Return when the points begin (None: nobody knows yet) and their last day."""
    if terms.waits:
        return None, terms.expires_on or NEVER
    effective = max(terms.matures_on or place.today, place.today)
    expires = terms.expires_on or policy.last_day(place, effective)
    if expires < effective:
        raise PointsError("expired_before")
    return effective, expires


def _budget(terms: Terms) -> int | None:
    if terms.budget is None:
        return None
    found = db.session.scalar(sa.select(Budget.id).where(Budget.code == terms.budget))
    if found is None:
        raise PointsError("unknown_budget")
    return found


def _use_budget(code: str, amount: int) -> None:
    """Take a campaign's points: first come, first served. The row is locked before the balance."""
    done = db.session.connection().execute(
        sa.update(Budget)
        .where(Budget.code == code, Budget.used + amount <= Budget.total)
        .values(used=Budget.used + amount)
    )
    if done.rowcount != 1:
        raise PointsError("budget_spent")


def _debit(
    actor: Account | None,
    holder: Holder,
    amount: int,
    key: str,
    why: Why,
    currency: str,
    at: datetime | None,
    kind: Kind,
    system: System,
) -> Posting:
    check_amount(amount)
    ask_plugins(kind, holder, amount, currency, why)
    db.session.flush()
    place = find_place(holder=holder, currency=currency, opposite=system, at=at)
    with refusable(place):
        posting = claim(
            place=place,
            kind=kind,
            amount=amount,
            key=key,
            why=why,
            actor_id=actor.id if actor else None,
            body=(amount, currency),
        )
        if posting.is_new:
            bring_bonus(place, amount, cause=str(posting.id))
            balances.take(
                place, amount, hold=False, book_due=lambda: book_due(place, cause=str(posting.id))
            )
            takes = pick(place, amount)
            check_enough(takes, amount)
            here = (place.account_id, Part.AVAILABLE)
            add_entries(posting.id, place, here, (place.opposite_id, Part.SYSTEM), takes)
            use_lots(place, takes)
            if kind == Kind.SPEND:
                extend(place, cause=str(posting.id))
    return posting
