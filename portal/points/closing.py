"""Closing an erased member's accounts: what is left is forfeited, what is owed is let go."""

from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.extensions import db
from portal.points import balances
from portal.points.accounts import Place, place_of, system_account
from portal.points.due import book_due
from portal.points.kinds import NEVER, Kind, Part, System
from portal.points.ledger import Take, add_entries, add_entry, claim_new, lock
from portal.points.lots import lots, pick, use_lots
from portal.points.models import PointsAccount
from portal.points.terms import Why
from portal.points.titles import ERASED

_pending = (
    sa.select(lots.c.id, lots.c.remaining, lots.c.effective_on, lots.c.expires_on)
    .where(lots.c.account_id == sa.bindparam("account"), lots.c.pending, lots.c.remaining > 0)
    .order_by(lots.c.id)
)


def close_accounts(*, member_id: int) -> None:
    """Forfeit what a member's accounts hold, let go what they owe, and close them for good, so
    that nothing of theirs is outstanding. Nothing may be held: a hold is settled before.

    No plugin is asked: each has had its say before the erasure began.
    """
    db.session.flush()
    accounts = db.session.scalars(
        sa.select(PointsAccount.id)
        .where(PointsAccount.member_id == member_id, PointsAccount.closed_at.is_(None))
        .order_by(PointsAccount.id)
    ).all()
    for account_id in accounts:
        _close(place_of(account_id=account_id, opposite=System.FORFEITED))


def _close(place: Place) -> None:
    here = place.account_id
    if not lock(here):
        return
    book_due(place, cause="erased")
    _forfeit(place)
    owed = lock(here)[here].owed
    if owed:
        _let_go(place, owed)
    balances.set_due(place, NEVER)
    db.session.execute(
        sa.update(PointsAccount)
        .where(PointsAccount.id == here)
        .values(closed_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _forfeit(place: Place) -> None:
    here = place.account_id
    available = lock(here)[here].available
    takes = pick(place, available) if available else []
    waiting = [
        Take(row.id, row.remaining, row.effective_on, row.expires_on)
        for row in place.connection.execute(_pending, {"account": here})
    ]
    free, pending = _total(takes), _total(waiting)
    if not free + pending:
        return
    posting = claim_new(**_posting(place, Kind.FORFEIT, free + pending))
    there = (place.opposite_id, Part.SYSTEM)
    add_entries(posting.id, place, (here, Part.AVAILABLE), there, takes)
    add_entries(posting.id, place, (here, Part.PENDING), there, waiting)
    use_lots(place, [*takes, *waiting])
    balances.move(place, available=-free, pending=-pending)


def _let_go(place: Place, owed: int) -> None:
    posting = claim_new(**_posting(place, Kind.AWARD, owed))
    source = (system_account(place, System.ADJUST), Part.SYSTEM)
    add_entry(posting.id, place, source, (place.account_id, Part.OWED), owed)
    balances.move(place, owed=-owed)


def _posting(place: Place, kind: Kind, amount: int) -> dict[str, Any]:
    return {
        "place": place,
        "kind": kind,
        "amount": amount,
        "key": f"erased:{kind}:{place.account_id}",
        "why": Why(ERASED),
        "actor_id": None,
    }


def _total(takes: list[Take]) -> int:
    return sum(take.amount for take in takes)
