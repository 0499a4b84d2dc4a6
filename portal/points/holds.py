"""Holds: points set aside, then captured, given back, or timed out. Each hold ends once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.points import balances, policy
from portal.points.accounts import REDEEMABLE, Place, find_place, place_of
from portal.points.checks import ask_plugins
from portal.points.converting import bring_bonus
from portal.points.due import book_due, settle
from portal.points.errors import PointsError
from portal.points.kinds import HoldState, Kind, Part, System
from portal.points.ledger import (
    Take,
    add_entries,
    check_amount,
    claim,
    entries,
    expect,
    lock,
    refusable,
)
from portal.points.lots import check_enough, hold_lots, lots, pick
from portal.points.models import Hold
from portal.points.renewing import extend, reinstate
from portal.points.terms import Holder, Posting, Why

_STATES = {
    Kind.CAPTURE: HoldState.CAPTURED,
    Kind.VOID: HoldState.VOIDED,
    Kind.TIME_OUT: HoldState.TIMED_OUT,
}


def hold(
    *,
    actor: Account | None,
    holder: Holder,
    amount: int,
    key: str,
    why: Why,
    currency: str = REDEEMABLE,
    ends_at: datetime | None = None,
    at: datetime | None = None,
) -> Posting:
    """Set available points aside, until `ends_at` if given; the posting's id is the hold's.

    The points keep until the hold ends, even past their last day. Raises PointsError like `spend`.
    """
    check_amount(amount)
    ask_plugins(Kind.HOLD, holder, amount, currency, why)
    db.session.flush()
    place = find_place(holder=holder, currency=currency, opposite=System.SPENT, at=at)
    with refusable(place):
        posting = claim(
            place=place,
            kind=Kind.HOLD,
            amount=amount,
            key=key,
            why=why,
            actor_id=actor.id if actor else None,
            body=(amount, currency, ends_at),
        )
        if posting.is_new:
            bring_bonus(place, amount, cause=str(posting.id))
            balances.take(
                place, amount, hold=True, book_due=lambda: book_due(place, cause=str(posting.id))
            )
            takes = pick(place, amount)
            check_enough(takes, amount)
            here = place.account_id
            add_entries(posting.id, place, (here, Part.AVAILABLE), (here, Part.HELD), takes)
            hold_lots(place, takes)
            db.session.connection().execute(
                sa.insert(Hold).values(
                    id=posting.id, account_id=here, amount=amount, ends_at=ends_at
                )
            )
    return posting


def capture(
    *,
    actor: Account | None,
    hold_id: int,
    why: Why,
    amount: int | None = None,
    at: datetime | None = None,
) -> Posting:
    """Spend what a hold has set aside: all of it, or `amount`, the rest given back.

    The same call again gives the same posting. Raises PointsError: unknown_hold, hold_ended (with
    its state; also when its time is over), over_held.
    """
    if amount is not None:
        check_amount(amount)
    return _end(actor, hold_id, why, Kind.CAPTURE, amount, at)


def void(*, actor: Account | None, hold_id: int, why: Why, at: datetime | None = None) -> Posting:
    """Give held points back; those past their last day expire at once.

    Raises PointsError: unknown_hold, hold_ended.
    """
    return _end(actor, hold_id, why, Kind.VOID, None, at)


def time_out(*, hold_id: int, at: datetime | None = None) -> Posting:
    """End a hold whose time is over. Raises PointsError: unknown_hold, hold_ended."""
    return _end(None, hold_id, Why("points.timed_out"), Kind.TIME_OUT, None, at)


def _end(
    actor: Account | None,
    hold_id: int,
    why: Why,
    kind: Kind,
    amount: int | None,
    at: datetime | None,
) -> Posting:
    db.session.flush()
    found = db.session.connection().execute(sa.select(Hold).where(Hold.id == hold_id)).first()
    if found is None:
        raise PointsError("unknown_hold")
    captured = (found.amount if amount is None else amount) if kind == Kind.CAPTURE else 0
    if captured > found.amount:
        raise PointsError("over_held")
    place = place_of(account_id=found.account_id, opposite=System.SPENT, at=at)
    with refusable(place):
        try:
            posting = claim(
                place=place,
                kind=kind,
                amount=captured or found.amount,
                key=f"end:{hold_id}",
                why=why,
                actor_id=actor.id if actor else None,
                body=(captured,),
                ends_hold_id=hold_id,
            )
        except PointsError as error:
            if error.code != "key_used":
                raise
            raise PointsError("hold_ended", state=_state(hold_id)) from error
        if posting.is_new:
            _move(place, posting, found, kind, captured)
    return posting


def _state(hold_id: int) -> str:
    return db.session.scalars(sa.select(Hold.state).where(Hold.id == hold_id)).one()


def _move(place: Place, posting: Posting, found: Any, kind: Kind, captured: int) -> None:
    _close(place, found, kind, captured)
    if lock(place.account_id)[place.account_id].due_on <= place.today:
        book_due(place, cause=f"{posting.id}:before")
    held = _held_lots(found.id)
    spent, returned = _split(held, captured)
    here = place.account_id
    add_entries(posting.id, place, (here, Part.HELD), (place.opposite_id, Part.SYSTEM), spent)
    add_entries(posting.id, place, (here, Part.HELD), (here, Part.AVAILABLE), returned)
    for take in spent:
        _change(take, used=take.amount)
    for take in returned:
        _change(take, used=0)
    due = min((policy.due_day(take.expires_on) for take in returned), default=None)
    back = found.amount - captured
    after = balances.move(place, due, held=-found.amount, available=back)
    reinstate(place, returned, cause=str(posting.id))
    if after.due_on <= place.today:
        book_due(place, cause=str(posting.id))
    if back and after.owed:
        settle(place, cause=str(posting.id))
    if kind == Kind.CAPTURE:
        extend(place, cause=str(posting.id))


def _close(place: Place, found: Any, kind: Kind, captured: int) -> None:
    guards = [Hold.id == found.id, Hold.state == HoldState.HELD]
    if kind == Kind.CAPTURE:
        guards.append(sa.or_(Hold.ends_at.is_(None), Hold.ends_at > place.at))
    if kind == Kind.TIME_OUT:
        guards.append(Hold.ends_at <= place.at)
    done = db.session.connection().execute(
        sa.update(Hold)
        .where(*guards)
        .values(state=_STATES[kind], captured=captured, ended_at=clock.now())
    )
    if done.rowcount != 1:
        raise PointsError("hold_ended", state=_state(found.id))


def _held_lots(hold_id: int) -> list[Take]:
    """Return what a hold has set aside: its transaction has no other entries."""
    rows = db.session.connection().execute(
        sa.select(entries)
        .where(entries.c.transaction_id == hold_id)
        .order_by(entries.c.expires_on, entries.c.lot_id)
    )
    return [Take(row.lot_id, row.amount, row.effective_on, row.expires_on) for row in rows]


def _split(held: Sequence[Take], captured: int) -> tuple[list[Take], list[Take]]:
    """Return what is captured, soonest to expire first, and what is given back."""
    spent: list[Take] = []
    returned: list[Take] = []
    for take in held:
        part = min(take.amount, captured)
        captured -= part
        for amount, takes in ((part, spent), (take.amount - part, returned)):
            if amount:
                takes.append(Take(take.lot_id, amount, take.effective_on, take.expires_on))
    return spent, returned


_unhold = (
    sa.update(lots)
    .where(lots.c.id == sa.bindparam("lot"), lots.c.held >= sa.bindparam("amount"))
    .values(
        held=lots.c.held - sa.bindparam("amount"),
        remaining=lots.c.remaining - sa.bindparam("used"),
    )
)


def _change(take: Take, *, used: int) -> None:
    parameters = {"lot": take.lot_id, "amount": take.amount, "used": used}
    expect(db.session.connection().execute(_unhold, parameters), 1)
