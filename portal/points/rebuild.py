"""Making lots and balances anew from the entries, which alone are the truth."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.points import policy
from portal.points.kinds import SpendOrder
from portal.points.ledger import balances
from portal.points.lots import lots
from portal.points.models import Currency, PointsAccount
from portal.points.rules import BALANCES, LOTS

_CHUNK = 1000
_WRONG_LOTS = f"""
    SELECT x.* FROM ({LOTS}) x LEFT JOIN points_lot l ON l.id = x.id
    WHERE l.id IS NULL OR l.account_id <> x.account_id OR l.original <> x.original
        OR l.remaining <> x.remaining OR l.held <> x.held OR l.pending <> x.pending
        OR l.bonus <> x.bonus OR l.expires_on <> x.expires_on
        OR coalesce(l.effective_on, '0001-01-01') <> coalesce(x.effective_on, '0001-01-01')
"""  # noqa: S608 - no value from outside
_STRAY_LOTS = f"SELECT id FROM points_lot WHERE id NOT IN (SELECT id FROM ({LOTS}) x)"  # noqa: S608
_WRONG_BALANCES = f"""
    SELECT x.* FROM ({BALANCES}) x LEFT JOIN points_balance b ON b.account_id = x.account_id
    WHERE b.account_id IS NULL OR b.available <> x.available OR b.pending <> x.pending
        OR b.held <> x.held OR b.owed <> x.owed
"""  # noqa: S608
_DUE = """
    UPDATE points_balance SET due_on = coalesce((
        SELECT min(CASE WHEN pending THEN effective_on ELSE expires_on END) FROM points_lot l
        WHERE l.account_id = points_balance.account_id AND l.remaining > l.held
    ), '9999-12-31')
"""


@dataclass(frozen=True)
class Rebuilt:
    """How many rows differed from the entries, and are as they must be now."""

    lots: int
    balances: int


def rebuild() -> Rebuilt:
    """Bring every lot and balance to what the entries say; nobody posts meanwhile.

    On a sound ledger nothing differs. The caller commits.
    """
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE points_balance IN SHARE ROW EXCLUSIVE MODE"))
    changed = _put_lots_right() + _take_strays_out()
    wrong = connection.execute(_typed(_WRONG_BALANCES)).mappings().all()
    known = set(connection.scalars(sa.select(balances.c.account_id)))
    for row in wrong:
        if row["account_id"] in known:
            connection.execute(
                sa.update(balances).where(balances.c.account_id == row["account_id"]), dict(row)
            )
        else:
            connection.execute(sa.insert(balances), dict(row))
    # Never too late, and at most a day too early.
    connection.execute(sa.text(_DUE))
    return Rebuilt(changed, len(wrong))


def _typed(text: str) -> Any:
    return sa.text(text)


def _put_lots_right() -> int:
    connection = db.session.connection()
    days = sa.text(_WRONG_LOTS).columns(
        effective_on=sa.Date, expires_on=sa.Date, pending=sa.Boolean, bonus=sa.Boolean
    )
    wrong = [dict(row) for row in connection.execute(days).mappings()]
    orders = _spend_orders()
    for row in wrong:
        begins: date | None = row["effective_on"]
        row["spend_order"] = begins and policy.rank(
            orders[row["account_id"]], begins, bonus=row["bonus"]
        )
        row["lot"] = row["id"]
    known = set(connection.scalars(sa.select(lots.c.id).where(lots.c.id.in_(_ids(wrong)))))
    fresh = [
        {name: value for name, value in row.items() if name != "lot"}
        for row in wrong
        if row["id"] not in known
    ]
    if fresh:
        connection.execute(sa.insert(lots), fresh)
    for row in wrong:
        if row["id"] in known:
            values = {name: value for name, value in row.items() if name not in ("id", "lot")}
            connection.execute(sa.update(lots).where(lots.c.id == row["id"]).values(values))
    return len(wrong)


def _ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


def _take_strays_out() -> int:
    connection = db.session.connection()
    strays = connection.scalars(sa.text(_STRAY_LOTS)).all()
    if strays:
        connection.execute(sa.delete(lots).where(lots.c.id.in_(strays)))
    return len(strays)


def _spend_orders() -> dict[int, str]:
    rows = db.session.connection().execute(
        sa.select(PointsAccount.id, Currency.spend_order)
        .join(Currency, Currency.id == PointsAccount.currency_id)
        .where(Currency.spend_order != SpendOrder.EXPIRY_FIRST)
    )
    orders: dict[int, str] = _Orders({row.id: row.spend_order for row in rows})
    return orders


class _Orders(dict[int, str]):
    def __missing__(self, account_id: int) -> str:
        return SpendOrder.EXPIRY_FIRST
