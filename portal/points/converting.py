"""Bonus points first: they are turned into redeemable ones before a spending uses anything else."""

import sqlalchemy as sa

from portal.points import balances, policy
from portal.points.accounts import HOLDER_COLUMNS, Place, place_of, system_account
from portal.points.due import book_due, settle
from portal.points.kinds import CurrencyKind, Kind, Part, SpendOrder, System
from portal.points.ledger import add_entries, add_entry, claim_new, lock
from portal.points.lots import add_lot, pick, use_lots
from portal.points.models import PointsAccount
from portal.points.terms import Why

_mine = PointsAccount.__table__
_bonus = sa.alias(_mine, "bonus_account")
_find = sa.select(_bonus.c.id).where(
    _mine.c.id == sa.bindparam("account"),
    _bonus.c.currency_kind == CurrencyKind.BONUS,
    _bonus.c.closed_at.is_(None),
    sa.or_(*(_bonus.c[column.name] == column for column in HOLDER_COLUMNS.values())),
)


def bring_bonus(place: Place, amount: int, *, cause: str) -> None:
    """Turn bonus points of the same holder into redeemable ones, days and all: up to `amount`, and
    what is owed, which they pay first.

    Only where the club's order of spending is "bonus first, across currencies".
    """
    if place.spend_order != SpendOrder.BONUS_ACROSS or place.currency_kind == CurrencyKind.BONUS:
        return
    bonus_id = place.connection.scalar(_find, {"account": place.account_id})
    if bonus_id is None:
        return
    source = place_of(account_id=bonus_id, opposite=System.CONVERT, at=place.at)
    locked = lock(place.account_id, bonus_id)
    if locked[bonus_id].due_on <= place.today:
        book_due(source, cause=cause)
    wanted = amount + locked[place.account_id].owed
    takes = pick(source, min(wanted, lock(bonus_id)[bonus_id].available))
    total = sum(take.amount for take in takes)
    if not total:
        return
    why = Why("points.bonus_first", cause)
    out = claim_new(
        place=source,
        kind=Kind.CONVERT,
        amount=total,
        key=f"convert:{bonus_id}:{cause}",
        why=why,
        actor_id=None,
    )
    here = (bonus_id, Part.AVAILABLE)
    add_entries(out.id, source, here, (source.opposite_id, Part.SYSTEM), takes)
    use_lots(source, takes)
    balances.move(source, available=-total)
    into = claim_new(
        place=place,
        kind=Kind.CONVERTED,
        amount=total,
        key=f"converted:{out.id}",
        why=why,
        actor_id=None,
    )
    there = (system_account(place, System.CONVERT), Part.SYSTEM)
    for take in takes:
        days = (take.effective_on, take.expires_on)
        lot_id = add_entry(
            into.id, place, there, (place.account_id, Part.AVAILABLE), take.amount,
            opens=days, bonus=True,
        )  # fmt: skip
        add_lot(place, lot_id, take.amount, *days, bonus=True)
    due = policy.due_day(min(take.expires_on for take in takes))
    if balances.gain(place, total, due).owed:
        settle(place, cause=str(into.id))
