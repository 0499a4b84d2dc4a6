"""Lots: which are used next, and the guarded updates that use, hold and open them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.points import policy
from portal.points.accounts import Place
from portal.points.errors import PointsError
from portal.points.kinds import SpendOrder
from portal.points.ledger import Take, expect
from portal.points.models import Entry, Lot

lots: Any = Lot.__table__
_CHUNK = 1000
_FIRST_LOTS = 8
_add_lots = sa.insert(lots)


def add_lot(
    place: Place,
    lot_id: int,
    amount: int,
    effective_on: date | None,
    expires_on: date,
    *,
    pending: bool = False,
    bonus: bool = False,
) -> None:
    """Add the lot that an entry has opened."""
    row = {
        "id": lot_id,
        "account_id": place.account_id,
        "original": amount,
        "remaining": amount,
        "held": 0,
        "pending": pending,
        "bonus": bonus,
        "effective_on": effective_on,
        "expires_on": expires_on,
        "spend_order": effective_on and policy.rank(place.spend_order, effective_on, bonus=bonus),
    }
    place.connection.execute(_add_lots, row)


_opened = (
    sa.select(lots)
    .join(Entry, Entry.id == lots.c.id)
    .where(Entry.transaction_id == sa.bindparam("posting"))
)


def opened_lot(posting_id: int) -> Any:
    """Return the row of the lot that a transaction opened; None when it opened none."""
    return db.session.connection().execute(_opened, {"posting": posting_id}).first()


def check_enough(takes: Sequence[Take], amount: int) -> None:
    """Raise PointsError("not_enough") unless the lots come to an amount: some begin later."""
    if sum(take.amount for take in takes) != amount:
        raise PointsError("not_enough")


def pick(place: Place, amount: int) -> list[Take]:
    """Return the free, living lots to use for up to `amount`, first in the order of spending.

    The balance must be locked. May come to less than `amount`.
    """
    size = _FIRST_LOTS
    while True:
        found = _free_lots(place, size)
        takes, wanted = [], amount
        for row in found:
            part = min(row.free, wanted)
            days = (row.effective_on, row.expires_on)
            takes.append(Take(row.id, part, *days, whole=part == row.free, bonus=row.bonus))
            wanted -= part
            if not wanted:
                return takes
        if len(found) < size:
            return takes
        size *= 8


_free = (
    sa.select(
        lots.c.id,
        (lots.c.remaining - lots.c.held).label("free"),
        lots.c.effective_on,
        lots.c.expires_on,
        lots.c.bonus,
    )
    .where(
        lots.c.account_id == sa.bindparam("account_id"),
        lots.c.remaining > lots.c.held,
        ~lots.c.pending,
        lots.c.effective_on <= sa.bindparam("today"),
    )
    .limit(sa.bindparam("size", type_=sa.Integer))
)
_soonest = _free.where(lots.c.expires_on >= sa.bindparam("today")).order_by(
    lots.c.expires_on, lots.c.id
)
# A plain comparison would lead SQLite to the index of the other order, and to sorting.
_last_day = sa.func.coalesce(lots.c.expires_on, lots.c.expires_on)
_ranked = _free.where(lots.c.spend_order.is_not(None), _last_day >= sa.bindparam("today")).order_by(
    lots.c.spend_order, lots.c.expires_on, lots.c.id
)

# A posting that was under way when the order changed may have opened one.
_unranked = _soonest.where(lots.c.spend_order.is_(None))


def _free_lots(place: Place, size: int) -> Sequence[Any]:
    statement = _soonest if place.spend_order == SpendOrder.EXPIRY_FIRST else _ranked
    parameters = {"account_id": place.account_id, "today": place.today, "size": size}
    found = list(place.connection.execute(statement, parameters).all())
    if statement is _ranked and len(found) < size:
        parameters["size"] = size - len(found)
        found += place.connection.execute(_unranked, parameters).all()
    return found


_use_part = (
    sa.update(lots)
    .where(
        lots.c.id == sa.bindparam("lot"), lots.c.remaining - lots.c.held >= sa.bindparam("amount")
    )
    .values(remaining=lots.c.remaining - sa.bindparam("amount"))
)
_hold_part = (
    sa.update(lots)
    .where(
        lots.c.id == sa.bindparam("lot"), lots.c.remaining - lots.c.held >= sa.bindparam("amount")
    )
    .values(held=lots.c.held + sa.bindparam("amount"))
)
_whole = lots.c.id.in_(sa.bindparam("ids", expanding=True))
_use_whole = (
    sa.update(lots).where(_whole, lots.c.remaining > lots.c.held).values(remaining=lots.c.held)
)
_hold_whole = (
    sa.update(lots).where(_whole, lots.c.remaining > lots.c.held).values(held=lots.c.remaining)
)


def use_lots(place: Place, takes: Sequence[Take]) -> None:
    """Take points that `pick` found out of their lots."""
    _change_lots(place, takes, _use_part, _use_whole)


def hold_lots(place: Place, takes: Sequence[Take]) -> None:
    """Set points that `pick` found aside in their lots."""
    _change_lots(place, takes, _hold_part, _hold_whole)


def _change_lots(place: Place, takes: Sequence[Take], part: Any, whole: Any) -> None:
    connection = place.connection
    ids = [take.lot_id for take in takes if take.whole]
    for first in range(0, len(ids), _CHUNK):
        chunk = ids[first : first + _CHUNK]
        expect(connection.execute(whole, {"ids": chunk}), len(chunk))
    for take in takes:
        if not take.whole:
            expect(connection.execute(part, {"lot": take.lot_id, "amount": take.amount}), 1)
