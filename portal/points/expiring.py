"""Booking what is due, many accounts at once: the nightly job's work, in batches.

Reads and debits do not wait for it: points are dead by date. It books what nobody has asked about.
Balances are locked first, in ascending order, then lots: the order of every posting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.club.queries import current_club
from portal.columns import new_public_id
from portal.extensions import db
from portal.points import events, policy
from portal.points.accounts import place_of
from portal.points.due import book_due
from portal.points.holds import time_out
from portal.points.kinds import NEVER, HoldState, Kind, Part, System
from portal.points.ledger import balances, entries, expect, transactions
from portal.points.lots import lots
from portal.points.models import Hold, PointsAccount
from portal.points.terms import Why

ACCOUNTS = 500
_WHY = Why("points.expired")
accounts: Any = PointsAccount.__table__


@dataclass(frozen=True)
class Batch:
    """What a batch did; `after` is the account at which the next begins, None at the end."""

    after: int | None
    accounts: int = 0
    lots: int = 0
    points: int = 0


def club_today(at: datetime | None = None) -> date:
    """Return the day in the club's time zone."""
    return clock.business_date(current_club().time_zone, at)


def due_report(at: datetime | None = None) -> Batch:
    """Return what a run would look at and expire, without doing it."""
    today = club_today(at)
    dead = (lots.c.remaining > lots.c.held, ~lots.c.pending, lots.c.expires_on < today)
    row = db.session.execute(
        sa.select(
            sa.func.count(sa.distinct(lots.c.account_id)),
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(lots.c.remaining - lots.c.held), 0),
        ).where(*dead)
    ).one()
    return Batch(None, row[0], row[1], int(row[2]))


def expire_batch(*, after: int = 0, size: int = ACCOUNTS, at: datetime | None = None) -> Batch:
    """Book what is due at up to `size` accounts with ids above `after`. The caller commits."""
    at = at or clock.now()
    today = club_today(at)
    connection = db.session.connection()
    ids = connection.scalars(
        sa.select(balances.c.account_id)
        .where(balances.c.account_id > after, balances.c.due_on <= today)
        .order_by(balances.c.account_id)
        .limit(size)
        .with_for_update()
    ).all()
    if not ids:
        return Batch(None)
    ripe = set(
        connection.scalars(
            sa.select(lots.c.account_id).where(
                lots.c.account_id.in_(ids),
                lots.c.pending,
                lots.c.remaining > 0,
                lots.c.effective_on <= today,
            )
        )
    )
    for account_id in sorted(ripe):
        place = place_of(account_id=account_id, opposite=System.EXPIRED, at=at)
        book_due(place, cause=f"{today}:{new_public_id()}")
    plain = [account_id for account_id in ids if account_id not in ripe]
    done_lots, points = _expire(plain, today, at) if plain else (0, 0)
    return Batch(ids[-1], len(ids), done_lots, points)


def time_out_batch(*, size: int = ACCOUNTS, at: datetime | None = None) -> int:
    """End up to `size` holds whose time is over and return how many. The caller commits."""
    at = at or clock.now()
    ids = db.session.scalars(
        sa.select(Hold.id)
        .where(Hold.state == HoldState.HELD, Hold.ends_at <= at)
        .order_by(Hold.account_id, Hold.id)
        .limit(size)
    ).all()
    for hold_id in ids:
        time_out(hold_id=hold_id, at=at)
    return len(ids)


def _expire(ids: Sequence[int], today: date, at: datetime) -> tuple[int, int]:
    """Expire the dead lots of locked accounts, a transaction each; return lots and points."""
    connection = db.session.connection()
    dead = (
        lots.c.account_id.in_(ids),
        lots.c.remaining > lots.c.held,
        ~lots.c.pending,
        lots.c.expires_on < today,
    )
    totals = connection.execute(
        sa.select(
            lots.c.account_id,
            sa.func.sum(lots.c.remaining - lots.c.held).label("total"),
            sa.func.count().label("lots"),
            sa.func.max(lots.c.expires_on).label("last"),
        )
        .where(*dead)
        .group_by(lots.c.account_id)
        .order_by(lots.c.account_id)
    ).all()
    if totals:
        added = connection.scalars(
            sa.insert(transactions).returning(transactions.c.id),
            [_transaction(row, today, at) for row in totals],
        ).all()
        _add_entries(dead, added)
        expect(
            connection.execute(sa.update(lots).where(*dead).values(remaining=lots.c.held)),
            sum(row.lots for row in totals),
        )
    _update_balances(ids, {row.account_id: int(row.total) for row in totals})
    done_lots, points = sum(row.lots for row in totals), sum(int(row.total) for row in totals)
    if totals:
        events.tell_batch(connection, today, accounts=len(totals), lots=done_lots, points=points)
    return done_lots, points


def _transaction(row: Any, today: date, at: datetime) -> dict[str, Any]:
    public_id = new_public_id()
    return {
        "public_id": public_id,
        "kind": Kind.EXPIRE,
        "account_id": row.account_id,
        "amount": int(row.total),
        # The lots are the guard against a second time; an import may bring more on the same day.
        "key": f"expire:{row.account_id}:{today}:{public_id}",
        "body_hash": bytes(32),
        "business_date": today,
        "booked_at": at,
        "booked_on": today,
        "source": _WHY.source,
        "source_key": "",
        "facts": {"last": row.last.isoformat()},
        "created_at": clock.now(),
    }


def _add_entries(dead: tuple[Any, ...], added: Sequence[int]) -> None:
    """Add an entry for each dead lot to its account's transaction, one of those `added`."""
    expired = sa.alias(accounts, "expired")
    db.session.connection().execute(
        sa.insert(entries).from_select(
            [
                "transaction_id",
                "currency_id",
                "debit_account_id",
                "debit_part",
                "credit_account_id",
                "credit_part",
                "amount",
                "lot_id",
                "effective_on",
                "expires_on",
                "bonus",
            ],
            sa.select(
                transactions.c.id,
                accounts.c.currency_id,
                lots.c.account_id,
                sa.literal(Part.AVAILABLE.value),
                expired.c.id,
                sa.literal(Part.SYSTEM.value),
                lots.c.remaining - lots.c.held,
                lots.c.id,
                lots.c.effective_on,
                lots.c.expires_on,
                sa.false(),
            )
            .select_from(lots)
            .join(accounts, accounts.c.id == lots.c.account_id)
            .join(
                expired,
                sa.and_(
                    expired.c.currency_id == accounts.c.currency_id,
                    expired.c.system == System.EXPIRED,
                ),
            )
            .join(
                transactions,
                sa.and_(
                    transactions.c.account_id == lots.c.account_id, transactions.c.id.in_(added)
                ),
            )
            .where(*dead),
            include_defaults=False,
        )
    )


_take = (
    sa.update(balances)
    .where(
        balances.c.account_id == sa.bindparam("account"),
        balances.c.available >= sa.bindparam("total"),
    )
    .values(available=balances.c.available - sa.bindparam("total"), due_on=sa.bindparam("due"))
)


def _update_balances(ids: Sequence[int], totals: dict[int, int]) -> None:
    connection = db.session.connection()
    next_days: dict[int, date] = {}
    for day, condition in (
        (lots.c.expires_on, sa.and_(lots.c.remaining > lots.c.held, ~lots.c.pending)),
        (lots.c.effective_on, sa.and_(lots.c.pending, lots.c.remaining > 0)),
    ):
        for row in connection.execute(
            sa.select(lots.c.account_id, sa.func.min(day).label("day"))
            .where(lots.c.account_id.in_(ids), condition, day.is_not(None))
            .group_by(lots.c.account_id)
        ):
            due = policy.due_day(row.day) if day is lots.c.expires_on else row.day
            next_days[row.account_id] = min(due, next_days.get(row.account_id, NEVER))
    done = connection.execute(
        _take,
        [
            {"account": id_, "total": totals.get(id_, 0), "due": next_days.get(id_, NEVER)}
            for id_ in ids
        ],
    )
    expect(done, len(ids))
