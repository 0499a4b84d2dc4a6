"""What the ledger tells others, in the transaction of the posting.

A posting is told with the statement that claims its key, so that telling costs no round trip of its
own on PostgreSQL. Expiries are told once a batch, not once an account.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.extensions import db
from portal.jobs import waking
from portal.outbox.models import DomainEventRow
from portal.points.accounts import Place
from portal.points.kinds import Kind

POSTED, EXPIRED = "points.posted", "points.expired"
_SUBJECT = "points_posting"
_table: Any = DomainEventRow.__table__
_told = sa.bindparam("told", type_=sa.JSON)
_tell = sa.insert(_table)


def told_with(claim: str, parameters: Sequence[sa.BindParameter[Any]]) -> Any:
    """Return the statement that claims a key and, if it is new, tells of it (PostgreSQL)."""
    return (
        sa.text(
            f"WITH made AS ({claim}), told AS (INSERT INTO {_table.name}"  # noqa: S608
            " (kind, project_id, subject_kind, subject_key, data, created_at)"
            f" SELECT '{POSTED}', :project_id, '{_SUBJECT}', :public_id, :told, :created_at"
            " FROM made) SELECT id FROM made"
        )
        .bindparams(*parameters, _told)
        .columns(id=sa.BigInteger)
    )


def tell_posted(connection: sa.Connection, row: dict[str, Any], told: dict[str, Any]) -> None:
    """Tell of a transaction that was inserted just now."""
    connection.execute(
        _tell,
        {
            "kind": POSTED,
            "project_id": row["project_id"],
            "subject_kind": _SUBJECT,
            "subject_key": row["public_id"],
            "data": told,
            "created_at": row["created_at"],
        },
    )


def data_of(place: Place, row: dict[str, Any]) -> dict[str, Any] | None:
    """Return what is told of a transaction; None for an expiry, which `tell_expired` tells."""
    if row["kind"] == Kind.EXPIRE:
        return None
    return {
        "kind": str(row["kind"]),
        "member": place.member,
        "currency": place.currency_kind,
        "amount": row["amount"],
        "source": row["source"],
        "booked_on": row["booked_on"].isoformat(),
    }


def tell_expired(place: Place, *, lots: int, points: int) -> None:
    """Tell that an account's dead lots were booked by a posting."""
    tell_batch(place.connection, place.today, accounts=1, lots=lots, points=points)


def tell_batch(
    connection: sa.Connection, day: date, *, accounts: int, lots: int, points: int
) -> None:
    """Tell that dead lots were booked: one event, however many lots and accounts.

    Past the session: a posting that is refused goes back to its savepoint, and this with it.
    """
    connection.execute(
        _tell,
        {
            "kind": EXPIRED,
            "project_id": None,
            "subject_kind": "day",
            "subject_key": day.isoformat(),
            "data": {"accounts": accounts, "lots": lots, "amount": points},
            "created_at": clock.now(),
        },
    )
    waking.after_commit(db.session())
