"""Sealed months: their statements tie, and corrections are new entries of a later month."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.club.queries import current_club
from portal.extensions import db
from portal.points.errors import PointsError
from portal.points.models import SealedMonth

_STATEMENTS = """
    INSERT INTO points_statement (account_id, month, opening, gained, used, expired, closing)
    SELECT account_id, :month, sum(before), sum(gained), sum(used), sum(expired),
        sum(before) + sum(gained) - sum(used) - sum(expired)
    FROM (
        SELECT t.account_id,
            CASE WHEN {month} < :month THEN
                CASE WHEN e.credit_part = 'system' THEN -e.amount ELSE e.amount END
            ELSE 0 END AS before,
            CASE WHEN {month} = :month AND e.debit_part = 'system' THEN e.amount ELSE 0 END
                AS gained,
            CASE WHEN {month} = :month AND e.credit_part = 'system'
                AND c.system <> 'expired' THEN e.amount ELSE 0 END AS used,
            CASE WHEN {month} = :month AND c.system = 'expired' THEN e.amount ELSE 0 END
                AS expired
        FROM points_entry e
        JOIN points_transaction t ON t.id = e.transaction_id
        JOIN points_account c ON c.id = e.credit_account_id
        WHERE (e.debit_part = 'system') <> (e.credit_part = 'system') AND {month} <= :month
    ) moved GROUP BY account_id
"""
MONTH = {
    "sqlite": "substr(t.booked_on, 1, 7)",
    "postgresql": "to_char(t.booked_on, 'YYYY-MM')",
}


def seal_month(*, actor: Account | None, month: str, at: datetime | None = None) -> int:
    """Close a month ("2026-10") for postings and write its statements; return how many.

    A month is sealed on the second day of the next one at the earliest, when nothing is under way
    any more. Raises PointsError: month_invalid, month_not_over, sealed_month.
    """
    try:
        first = datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007 - a month, no moment
    except ValueError as error:
        raise PointsError("month_invalid") from error
    today = clock.business_date(current_club().time_zone, at)
    if (today.year, today.month) <= (first.year, first.month) or (
        today.day == 1 and (today.year * 12 + today.month) - (first.year * 12 + first.month) == 1
    ):
        raise PointsError("month_not_over")
    try:
        with db.session.begin_nested():
            db.session.add(SealedMonth(month=month, actor_id=actor.id if actor else None))
    except IntegrityError as error:
        raise PointsError("sealed_month") from error
    connection = db.session.connection()
    text = _STATEMENTS.replace("{month}", MONTH[connection.dialect.name])
    written: Any = connection.execute(sa.text(text), {"month": month})
    return int(written.rowcount)
