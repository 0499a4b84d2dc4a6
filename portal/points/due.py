"""What a day brings to an account: pending points mature, dead lots are booked as expired.

Called with the balance locked, inside the posting that needs it, so that nobody ever spends what is
dead, whether or not the nightly job has run.
"""

from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.points import balances, events, policy
from portal.points.accounts import Place, system_account
from portal.points.kinds import NEVER, Kind, Part, System
from portal.points.ledger import Take, add_entries, add_entry, claim_new, expect, lock
from portal.points.lots import lots, pick, use_lots
from portal.points.renewing import decay
from portal.points.terms import Posting, Why

_dead = (
    sa.select(
        lots.c.id,
        (lots.c.remaining - lots.c.held).label("free"),
        lots.c.effective_on,
        lots.c.expires_on,
    )
    .where(
        lots.c.account_id == sa.bindparam("account"),
        lots.c.remaining > lots.c.held,
        ~lots.c.pending,
        lots.c.expires_on < sa.bindparam("today"),
    )
    .order_by(lots.c.expires_on, lots.c.id)
)
_ripe = (
    sa.select(lots)
    .where(
        lots.c.account_id == sa.bindparam("account"),
        lots.c.pending,
        lots.c.remaining > 0,
        lots.c.effective_on <= sa.bindparam("today"),
    )
    .order_by(lots.c.effective_on, lots.c.id)
)
_next_due = sa.select(
    sa.select(sa.func.min(lots.c.expires_on))
    .where(
        lots.c.account_id == sa.bindparam("account"),
        lots.c.remaining > lots.c.held,
        ~lots.c.pending,
    )
    .scalar_subquery()
    .label("expires_on"),
    sa.select(sa.func.min(lots.c.effective_on))
    .where(lots.c.account_id == sa.bindparam("account"), lots.c.pending, lots.c.remaining > 0)
    .scalar_subquery()
    .label("matures_on"),
)


def book_due(place: Place, *, cause: str) -> None:
    """Mature and expire what is due today, each as transactions of their own.

    The balance must be locked. `cause` makes the keys: a posting's id, or the day of the job.
    """
    for lot in _rows(_ripe, place):
        mature_lot(place, lot, effective_on=lot.effective_on)
    _expire(place, cause)
    found = db.session.connection().execute(_next_due, {"account": place.account_id}).one()
    days = [policy.due_day(found.expires_on)] if found.expires_on else []
    days += [found.matures_on] if found.matures_on else []
    balances.set_due(place, min(days, default=NEVER))
    settle(place, cause=f"{cause}:due")


def mature_lot(
    place: Place, lot: Any, *, effective_on: date, actor_id: int | None = None
) -> Posting:
    """Move a pending lot's points to those available; its days are fixed from now on."""
    expires_on = lot.expires_on
    if lot.effective_on is None and expires_on == NEVER:
        expires_on = policy.last_day(place, effective_on)
    posting = claim_new(
        place=place,
        kind=Kind.MATURE,
        amount=lot.remaining,
        key=f"mature:{lot.id}",
        why=Why("points.matured", str(lot.id)),
        actor_id=actor_id,
    )
    take = Take(lot.id, lot.remaining, effective_on, max(expires_on, effective_on))
    here = place.account_id
    add_entry(posting.id, place, (here, Part.PENDING), (here, Part.AVAILABLE), take.amount, take)
    balances.move(
        place, policy.due_day(take.expires_on), pending=-take.amount, available=take.amount
    )
    done = db.session.connection().execute(
        sa.update(lots)
        .where(lots.c.id == lot.id, lots.c.pending, lots.c.remaining == lot.remaining)
        .values(
            pending=False,
            effective_on=effective_on,
            expires_on=take.expires_on,
            spend_order=policy.rank(place.spend_order, effective_on, bonus=lot.bonus),
        )
    )
    expect(done, 1)
    decay(place, lot.id)
    return posting


def _expire(place: Place, cause: str) -> None:
    takes = [
        Take(row.id, row.free, row.effective_on, row.expires_on, whole=True)
        for row in _rows(_dead, place)
    ]
    if not takes:
        return
    total = sum(take.amount for take in takes)
    posting = claim_new(
        place=place,
        kind=Kind.EXPIRE,
        amount=total,
        key=f"expire:{place.account_id}:{cause}",
        why=Why("points.expired", facts={"last": takes[-1].expires_on.isoformat()}),
        actor_id=None,
    )
    expired = system_account(place, System.EXPIRED)
    here = (place.account_id, Part.AVAILABLE)
    add_entries(posting.id, place, here, (expired, Part.SYSTEM), takes)
    use_lots(place, takes)
    balances.move(place, available=-total)
    events.tell_expired(place, lots=len(takes), points=total)


def book_due_first(place: Place, after: Any, due: date, *, cause: str) -> None:
    """Let what has matured meanwhile pay what is owed, before the lot of new points is there.

    `after`: the locked balance, which counts the new points already; `due`: their day. What the
    nightly job would have done must not depend on whether it has run.
    """
    if after.owed and after.due_on <= place.today:
        book_due(place, cause=cause)
        balances.move(place, due)


def settle(place: Place, *, cause: str) -> None:
    """Pay what is owed out of what is available; the balance must be locked."""
    row = lock(place.account_id)[place.account_id]
    if not row.owed or not row.available:
        return
    takes = pick(place, min(row.owed, row.available))
    total = sum(take.amount for take in takes)
    if not total:
        return
    posting = claim_new(
        place=place,
        kind=Kind.SETTLE,
        amount=total,
        key=f"settle:{place.account_id}:{cause}",
        why=Why("points.settled"),
        actor_id=None,
    )
    here = place.account_id
    add_entries(posting.id, place, (here, Part.AVAILABLE), (here, Part.OWED), takes)
    use_lots(place, takes)
    balances.move(place, available=-total, owed=-total)


def _rows(statement: Any, place: Place) -> Any:
    parameters = {"account": place.account_id, "today": place.today}
    return db.session.connection().execute(statement, parameters).all()
