"""Lots that go on with other days: in parts (decay), longer (activity), or once more (a window).

A lot's days never change. What goes on leaves its lot and opens others, which name it as their
root, in transactions of their own under the locked balance.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from portal.points import balances, policy
from portal.points.accounts import Place, system_account
from portal.points.kinds import Kind, Part, System
from portal.points.ledger import Take, add_entries, add_entry, claim_new, entries
from portal.points.lots import add_lot, lots, use_lots
from portal.points.terms import Why

_free = (
    sa.select(
        lots.c.id,
        (lots.c.remaining - lots.c.held).label("free"),
        lots.c.effective_on,
        lots.c.expires_on,
        lots.c.bonus,
        sa.func.coalesce(entries.c.root_id, lots.c.id).label("root_id"),
    )
    .join(entries, entries.c.id == lots.c.id)
    .where(
        lots.c.account_id == sa.bindparam("account"),
        lots.c.remaining > lots.c.held,
        ~lots.c.pending,
    )
    .order_by(lots.c.expires_on, lots.c.id)
)
_one = _free.where(lots.c.id == sa.bindparam("lot"))
_shorter = _free.where(
    lots.c.effective_on <= sa.bindparam("today"),
    lots.c.expires_on >= sa.bindparam("today"),
    lots.c.expires_on < sa.bindparam("until"),
)
_dead = _free.where(
    lots.c.expires_on < sa.bindparam("today"), lots.c.id.in_(sa.bindparam("ids", expanding=True))
)


def decay(place: Place, lot_id: int) -> None:
    """Split a lot that lives by the policy into parts that go one after the other."""
    if place.decay_parts == 1:
        return
    for row in place.connection.execute(_one, {"account": place.account_id, "lot": lot_id}):
        days = policy.last_days(place, row.effective_on)
        if row.expires_on != days[-1] or row.expires_on < place.today:
            continue
        amounts = [row.free * part // len(days) for part in range(len(days) + 1)]
        parts = [
            (row, after - before, day)
            for before, after, day in zip(amounts, amounts[1:], days, strict=False)
            if after > before
        ]
        _move_on(place, [row], parts, f"decay:{lot_id}")


def extend(place: Place, *, cause: str) -> None:
    """Let the living lots last as long as points that begin today: the member was active."""
    if not place.activity_extends:
        return
    until = policy.last_day(place, place.today)
    rows = place.connection.execute(
        _shorter, {"account": place.account_id, "today": place.today, "until": until}
    ).all()
    if rows:
        parts = [(row, row.free, until) for row in rows]
        _move_on(place, rows, parts, f"extend:{place.account_id}:{cause}")


def reinstate(place: Place, takes: Sequence[Take], *, cause: str) -> None:
    """Let what has come back past its last day live again for the policy's days.

    It is booked as expired and reinstated, in the locked account; without a window it waits to be
    booked as expired with whatever else is due.
    """
    if not place.reinstate_days or not takes:
        return
    parameters = {
        "account": place.account_id,
        "today": place.today,
        "ids": [take.lot_id for take in takes],
    }
    returned = {take.lot_id: take.amount for take in takes}
    rows = place.connection.execute(_dead, parameters).all()
    if not rows:
        return
    expired = (system_account(place, System.EXPIRED), Part.SYSTEM)
    here = (place.account_id, Part.AVAILABLE)
    dead = [_take(row, min(row.free, returned[row.id]), row.free) for row in rows]
    total = sum(take.amount for take in dead)
    gone = claim_new(
        place=place,
        kind=Kind.EXPIRE,
        amount=total,
        key=f"expire:{place.account_id}:{cause}:returned",
        why=Why("points.expired", facts={"last": rows[-1].expires_on.isoformat()}),
        actor_id=None,
    )
    add_entries(gone.id, place, here, expired, dead)
    use_lots(place, dead)
    back = claim_new(
        place=place,
        kind=Kind.REINSTATE,
        amount=total,
        key=f"reinstate:{place.account_id}:{cause}",
        why=Why("points.reinstated", facts={"days": place.reinstate_days}),
        actor_id=None,
    )
    until = place.today + timedelta(days=place.reinstate_days - 1)
    for row, take in zip(rows, dead, strict=True):
        _open(place, back.id, expired, row, take.amount, until)
    balances.move(place, policy.due_day(until), available=0)


def _move_on(
    place: Place,
    rows: Sequence[Any],
    parts: Sequence[tuple[Any, int, date]],
    key: str,
) -> None:
    """Take free points out of their lots into others: `parts` says of which, how many, until."""
    takes = [_take(row, row.free, row.free) for row in rows]
    posting = claim_new(
        place=place,
        kind=Kind.EXTEND,
        amount=sum(take.amount for take in takes),
        key=key,
        why=Why("points.decays" if key.startswith("decay:") else "points.extended"),
        actor_id=None,
    )
    there = (system_account(place, System.CONVERT), Part.SYSTEM)
    add_entries(posting.id, place, (place.account_id, Part.AVAILABLE), there, takes)
    use_lots(place, takes)
    for row, amount, until in parts:
        _open(place, posting.id, there, row, amount, until)
    due = policy.due_day(min(until for _row, _amount, until in parts))
    balances.move(place, due, available=0)


def _take(row: Any, amount: int, free: int) -> Take:
    return Take(row.id, amount, row.effective_on, row.expires_on, whole=amount == free)


def _open(
    place: Place, posting_id: int, source: tuple[int, Part], row: Any, amount: int, until: date
) -> None:
    days = (row.effective_on, until)
    lot_id = add_entry(
        posting_id,
        place,
        source,
        (place.account_id, Part.AVAILABLE),
        amount,
        opens=days,
        bonus=row.bonus,
        root_id=row.root_id,
    )
    add_lot(place, lot_id, amount, *days, bonus=row.bonus)
