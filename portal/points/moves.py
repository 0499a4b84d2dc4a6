"""What each month did to the points outstanding: summed once when it is sealed, else from entries.

Points are told apart by currency, by the project and the month that gave them (their cohort), and
by the month in which they end. What lots go on as, keeps its cohort. What is owed is no lot's.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.points.kinds import NEVER
from portal.points.models.reports import MOVES

FOREVER = f"{NEVER:%Y-%m}"
_LOTS = "('available', 'pending', 'held')"
_MONTH = {"sqlite": "substr({day}, 1, 7)", "postgresql": "to_char({day}, 'YYYY-MM')"}
_SIDES = """
    SELECT t.booked_on, e.currency_id, g.project_id, g.booked_on AS given_on,
        e.expires_on AS ends_on, d.system, e.amount
    FROM points_transaction t
    JOIN points_entry e ON e.transaction_id = t.id
    JOIN points_account d ON d.id = e.debit_account_id
    JOIN points_entry o ON o.id = coalesce(e.lot_id, e.id)
    JOIN points_entry r ON r.id = coalesce(o.root_id, o.id)
    JOIN points_transaction g ON g.id = r.transaction_id
    WHERE e.credit_part IN {lots} AND {tail}
    UNION ALL
    SELECT t.booked_on, e.currency_id, g.project_id, g.booked_on,
        CASE WHEN e.debit_part = 'pending' THEN o.expires_on ELSE e.expires_on END,
        c.system, -e.amount
    FROM points_transaction t
    JOIN points_entry e ON e.transaction_id = t.id
    JOIN points_account c ON c.id = e.credit_account_id
    JOIN points_entry o ON o.id = e.lot_id
    JOIN points_entry r ON r.id = coalesce(o.root_id, o.id)
    JOIN points_transaction g ON g.id = r.transaction_id
    WHERE e.debit_part IN {lots} AND {tail}
    UNION ALL
    SELECT t.booked_on, e.currency_id, NULL, NULL, NULL, d.system, e.amount
    FROM points_transaction t
    JOIN points_entry e ON e.transaction_id = t.id
    JOIN points_account d ON d.id = e.debit_account_id
    WHERE e.credit_part = 'owed' AND {tail}
    UNION ALL
    SELECT t.booked_on, e.currency_id, NULL, NULL, NULL, c.system, -e.amount
    FROM points_transaction t
    JOIN points_entry e ON e.transaction_id = t.id
    JOIN points_account c ON c.id = e.credit_account_id
    WHERE e.debit_part = 'owed' AND {tail}
    UNION ALL
    SELECT t.booked_on, e.currency_id, g.project_id, g.booked_on, e.expires_on, d.system, e.amount
    FROM points_transaction t
    JOIN points_entry e ON e.transaction_id = t.id
    JOIN points_account d ON d.id = e.debit_account_id
    JOIN points_entry r ON r.id = e.lot_id
    JOIN points_transaction g ON g.id = r.transaction_id
    WHERE e.debit_part = 'system' AND e.credit_part = 'system' AND {tail}
    UNION ALL
    SELECT t.booked_on, e.currency_id, g.project_id, g.booked_on, e.expires_on, c.system, -e.amount
    FROM points_transaction t
    JOIN points_entry e ON e.transaction_id = t.id
    JOIN points_account c ON c.id = e.credit_account_id
    JOIN points_entry r ON r.id = e.lot_id
    JOIN points_transaction g ON g.id = r.transaction_id
    WHERE e.debit_part = 'system' AND e.credit_part = 'system' AND {tail}
"""
# What two sides of one account do to each other is nothing, as long as their keys are the same.
_TAIL = "t.created_at >= :created_from AND t.booked_on >= :first_day AND t.booked_on < :end_day"
_CLASSES = {
    "issued": "system = 'issued'",
    "spent": "system = 'spent'",
    "expired": "system = 'expired'",
    "forfeited": "system = 'forfeited'",
    "adjusted": "system = 'adjust'",
    "moved": "coalesce(system, 'none') IN ('convert', 'transfer', 'none')",
}


def moves_sql() -> str:
    """Return the statement of what happened from `first_day` up to before `end_day`.

    Its columns: month, currency_id, project_id, cohort, ends, and each of MOVES.
    """
    month = _MONTH[db.session.connection().dialect.name]
    sums = ", ".join(
        f"sum(CASE WHEN {condition} THEN amount ELSE 0 END) AS {name}"
        for name, condition in _CLASSES.items()
    )
    # Signs: each is what it does to the points outstanding.
    some = " OR ".join(f"{name} <> 0" for name in MOVES)
    return f"""
        SELECT * FROM (
            SELECT {month.format(day="booked_on")} AS month, currency_id, project_id,
                coalesce({month.format(day="given_on")}, '') AS cohort,
                coalesce({month.format(day="ends_on")}, '{FOREVER}') AS ends, {sums}
            FROM ({_SIDES.format(lots=_LOTS, tail=_TAIL)}) sides
            GROUP BY 1, 2, 3, 4, 5
        ) moves WHERE {some}
    """  # noqa: S608 - no value from outside


def tail_from(first_day: date, end_day: date) -> dict[str, object]:
    """Return the parameters of `moves_sql` for what is booked on days from one to another."""
    begins = datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC)
    # Nothing is booked for a day that has not come: what is older was written earlier.
    created = begins - timedelta(days=1) if first_day.year > 1 else begins
    return {"created_from": created, "first_day": first_day, "end_day": end_day}


TYPES = (
    sa.bindparam("created_from", type_=sa.DateTime(timezone=True)),
    sa.bindparam("first_day", type_=sa.Date),
    sa.bindparam("end_day", type_=sa.Date),
)


def write_moves(first_day: date, end_day: date) -> int:
    """Keep what was booked on days from one to another, as they are closed; return the rows."""
    columns = "month, currency_id, project_id, cohort, ends, " + ", ".join(MOVES)
    text = f"INSERT INTO points_move ({columns}) SELECT {columns} FROM ({moves_sql()}) m"  # noqa: S608
    done: Any = db.session.connection().execute(
        sa.text(text).bindparams(*TYPES), tail_from(first_day, end_day)
    )
    return int(done.rowcount)
