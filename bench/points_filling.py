"""Lots in bulk for the benchmark of points: as fast as the database writes them."""

import itertools
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.columns import new_public_id
from portal.extensions import db
from portal.points.ledger import entries, transactions
from portal.points.lots import lots

CHUNK = 200_000
"""Lots that one statement adds on PostgreSQL; each is committed."""
_keys = itertools.count(1)
_SERIES = """
WITH made AS (
    INSERT INTO points_transaction (public_id, kind, account_id, amount, key, body_hash,
        business_date, booked_at, booked_on, source, source_key, facts, created_at)
    SELECT substr(md5(random()::text || n), 1, 22), 'earn',
        (CAST(:owners AS bigint[]))[1 + n % :count], 1000, :prefix || n,
        decode(repeat('00', 32), 'hex'), :day, :at, :day, 'bench', '', '{}', :now
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) n
    RETURNING id, account_id
), opened AS (
    INSERT INTO points_entry (transaction_id, currency_id, debit_account_id, debit_part,
        credit_account_id, credit_part, amount, effective_on, expires_on, bonus)
    SELECT id, :currency, :issued, 'system', account_id, 'available', 1000, :day, :expires, false
    FROM made RETURNING id, credit_account_id
)
INSERT INTO points_lot (id, account_id, original, remaining, held, pending, bonus, effective_on,
    expires_on)
SELECT id, credit_account_id, 1000, 1000, 0, false, false, :day, :expires FROM opened
"""
_BALANCES = """
UPDATE points_balance SET available = s.free, due_on = s.due
FROM (SELECT account_id, sum(remaining - held) AS free,
    coalesce(min(CASE WHEN remaining > held THEN expires_on END), '9999-12-31') AS due
    FROM points_lot WHERE NOT pending GROUP BY account_id) s
WHERE s.account_id = points_balance.account_id
"""


def fill(ids: Sequence[int], number: int, *, expires_on: date, at: datetime) -> None:
    """Add `number` one-point lots, the same to each member's account in turn, and commit."""
    connection = db.session.connection()
    pairs = sa.text("SELECT member_id, id FROM points_account WHERE member_id IS NOT NULL")
    table = dict(connection.execute(pairs).tuples().all())
    issued, currency = connection.execute(
        sa.text(
            "SELECT a.id, a.currency_id FROM points_account a JOIN points_currency c"
            " ON c.id = a.currency_id WHERE a.system = 'issued' AND c.key = 'redeemable'"
        )
    ).one()
    day = clock.business_date("Asia/Shanghai", at)
    owners = [table[id_] for id_ in ids]
    if connection.dialect.name == "postgresql":
        prefix, now = f"fill:{next(_keys)}:", clock.now()
        for first in range(0, number, CHUNK):
            # A page's limit on a statement is not for filling.
            db.session.execute(sa.text("SET LOCAL statement_timeout = 0"))
            db.session.execute(
                sa.text(_SERIES),
                {
                    "owners": owners, "count": len(owners), "prefix": prefix,
                    "first": first, "last": min(first + CHUNK, number) - 1,
                    "currency": currency, "issued": issued,
                    "day": day, "expires": expires_on, "at": at, "now": now,
                },
            )  # fmt: skip
            db.session.commit()
        db.session.execute(sa.text("SET LOCAL statement_timeout = 0"))
    else:
        for first in range(0, number, 5_000):
            size = min(5_000, number - first)
            chunk = [owners[(first + i) % len(owners)] for i in range(size)]
            _add(connection, chunk, currency, issued, day, expires_on, at)
    db.session.execute(sa.text(_BALANCES))
    db.session.commit()
    # Outside of a transaction: statistics and, on PostgreSQL, the visibility map.
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
        plain.exec_driver_sql(
            "VACUUM ANALYZE" if db.engine.dialect.name == "postgresql" else "ANALYZE"
        )


def _add(
    connection: sa.Connection,
    owners: Sequence[int],
    currency: int,
    issued: int,
    day: date,
    expires_on: date,
    at: datetime,
) -> None:
    """Add a lot to each of `owners` by rows: SQLite writes no rows of a statement's rows."""
    postings = connection.scalars(
        sa.insert(transactions).returning(transactions.c.id, sort_by_parameter_order=True),
        [
            {
                "public_id": new_public_id(), "kind": "earn", "account_id": owner,
                "amount": 1_000, "key": f"fill:{next(_keys)}", "body_hash": bytes(32),
                "business_date": day, "booked_at": at, "booked_on": day, "source": "bench",
                "facts": {},
            }
            for owner in owners
        ],
    ).all()  # fmt: skip
    days: dict[str, Any] = {"effective_on": day, "expires_on": expires_on}
    opened = connection.scalars(
        sa.insert(entries).returning(entries.c.id, sort_by_parameter_order=True),
        [
            {
                "transaction_id": posting, "currency_id": currency,
                "debit_account_id": issued, "debit_part": "system",
                "credit_account_id": owner, "credit_part": "available",
                "amount": 1_000, **days,
            }
            for posting, owner in zip(postings, owners, strict=True)
        ],
    ).all()  # fmt: skip
    connection.execute(
        sa.insert(lots),
        [
            {"id": entry, "account_id": owner, "original": 1_000, "remaining": 1_000, **days}
            for entry, owner in zip(opened, owners, strict=True)
        ],
    )
