"""The statements of a posting: claiming its key, entries, lots, guarded balances.

They are built once and sent as they are: a posting is a few round trips, and the time between them
is what the next posting to the same account waits for.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.columns import new_public_id
from portal.extensions import db
from portal.jobs import waking
from portal.points import events
from portal.points.accounts import Place
from portal.points.errors import PointsError
from portal.points.keys import body_hash, check_lengths, note_digest
from portal.points.kinds import Kind, Part
from portal.points.models import Balance, Entry, Note, Transaction
from portal.points.terms import Posting, Why

MOST = 10**12
"""The most milli-points that one posting may move."""
transactions: Any = Transaction.__table__
entries: Any = Entry.__table__
balances: Any = Balance.__table__

_CLAIMED = tuple(column for column in transactions.c if column.name != "id")
# As text: SQLAlchemy compiles an INSERT with ON CONFLICT anew each time, which takes longer than
# all other statements of a posting.
_CLAIM = (
    f"INSERT INTO {transactions.name} ({', '.join(column.name for column in _CLAIMED)})"  # noqa: S608
    f" VALUES ({', '.join(f':{column.name}' for column in _CLAIMED)})"
    " ON CONFLICT (key) DO NOTHING RETURNING id"
)
_typed = tuple(sa.bindparam(column.name, type_=column.type) for column in _CLAIMED)
_claim = sa.text(_CLAIM).bindparams(*_typed).columns(id=sa.BigInteger)
_claim_and_tell = events.told_with(_CLAIM, _typed)
_by_key = sa.select(transactions).where(transactions.c.key == sa.bindparam("key"))
_add_entry = sa.insert(entries).returning(entries.c.id)
_add_entries = sa.insert(entries)
_locked = (
    sa.select(balances)
    .where(balances.c.account_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(balances.c.account_id)
    .with_for_update()
)


class LedgerDamagedError(RuntimeError):
    """Lots and balance of an account do not fit together: `portal points verify` says how."""


@dataclass(frozen=True)
class Take:
    """Points taken from, or returned to, one lot."""

    lot_id: int
    amount: int
    effective_on: date | None
    expires_on: date
    whole: bool = False
    bonus: bool = False


def check_amount(amount: object) -> int:
    """Return an amount of milli-points. Raises PointsError("amount_invalid")."""
    if type(amount) is not int or not 1 <= amount <= MOST:
        raise PointsError("amount_invalid")
    return amount


def claim(
    *,
    place: Place,
    kind: Kind,
    amount: int,
    key: str,
    why: Why,
    actor_id: int | None,
    body: Sequence[object] = (),
    **columns: int | None,
) -> Posting:
    """Insert a transaction under its key, or return the one that the same key and body made.

    A posting with the same key that is under way is waited for. Raises PointsError: key_used
    (with another body), key_invalid, too_long, sealed_month.
    """
    check_lengths(key, why)
    salt = secrets.token_bytes(16)
    digest = note_digest(salt, why.note) if why.note else None
    row: dict[str, Any] = {
        "public_id": new_public_id(),
        "kind": kind,
        "account_id": place.account_id,
        "amount": amount,
        "key": key,
        "body_hash": body_hash(place, kind, why, body),
        "business_date": why.business_date or place.today,
        "booked_at": place.at,
        "booked_on": place.today,
        "project_id": why.project_id,
        "rule": why.rule,
        "rule_version": why.rule_version,
        "source": why.source,
        "source_key": why.source_key,
        "facts": dict(why.facts),
        "reverses_id": columns.get("reverses_id"),
        "ends_hold_id": columns.get("ends_hold_id"),
        "budget_id": columns.get("budget_id"),
        "actor_id": actor_id,
        "note_digest": digest,
        "created_at": clock.now(),
    }
    connection = place.connection
    try:
        made = _insert(connection, row, events.data_of(place, row))
    except IntegrityError as error:
        if "month is sealed" in str(error.orig):
            raise PointsError("sealed_month") from error
        raise
    if made is None:
        return _repeated(place, key, row["body_hash"])
    if why.note:
        connection.execute(sa.insert(Note).values(transaction_id=made, text=why.note, salt=salt))
    return Posting(made, row["public_id"], kind, place.account_id, amount)


def _insert(
    connection: sa.Connection, row: dict[str, Any], told: dict[str, Any] | None
) -> int | None:
    """Insert a transaction, and tell of it in the same round trip where the database can."""
    if told is None:
        return connection.execute(_claim, row).scalar()
    if connection.dialect.name == "postgresql":
        made = connection.execute(_claim_and_tell, row | {"told": told}).scalar()
    else:
        made = connection.execute(_claim, row).scalar()
        if made is not None:
            events.tell_posted(connection, row, told)
    if made is not None:
        waking.after_commit(db.session())
    return made


def claim_new(**arguments: Any) -> Posting:
    """Claim a key that nobody can have used: one that the ledger gives itself."""
    posting = claim(**arguments)
    if not posting.is_new:
        raise LedgerDamagedError(f"posted already: {arguments['key']}")
    return posting


def find_posting(key: str) -> Posting | None:
    """Return the posting made under a key."""
    row = db.session.connection().execute(_by_key, {"key": key}).first()
    return None if row is None else _made_before(row)


@contextmanager
def refusable(place: Place, *, possible: bool = True) -> Iterator[None]:
    """Undo what the block has written when it is refused, so that the caller may go on."""
    if not possible:
        yield
        return
    # Plain statements: the session keeps out of it, since none of its rows is written within.
    place.connection.exec_driver_sql("SAVEPOINT points_posting")
    try:
        yield
    except Exception:
        place.connection.exec_driver_sql("ROLLBACK TO SAVEPOINT points_posting")
        raise
    finally:
        place.connection.exec_driver_sql("RELEASE SAVEPOINT points_posting")


def _repeated(place: Place, key: str, said: bytes) -> Posting:
    first = place.connection.execute(_by_key, {"key": key}).one()
    if bytes(first.body_hash) != said:
        raise PointsError("key_used")
    return _made_before(first)


def _made_before(row: Any) -> Posting:
    return Posting(row.id, row.public_id, row.kind, row.account_id, row.amount, is_new=False)


def add_entry(
    posting_id: int,
    place: Place,
    debit: tuple[int, Part],
    credit: tuple[int, Part],
    amount: int,
    lot: Take | None = None,
    *,
    opens: tuple[date | None, date] | None = None,
    bonus: bool = False,
    root_id: int | None = None,
) -> int:
    """Add one entry and return its id; `opens`: the days of the lot that it opens.

    `root_id`: the lot that the opened one goes on from.
    """
    row = _entry(posting_id, place, debit, credit, amount, lot, opens) | {
        "bonus": bonus,
        "root_id": root_id,
    }
    return int(place.connection.execute(_add_entry, row).scalar_one())


def add_entries(
    posting_id: int,
    place: Place,
    debit: tuple[int, Part],
    credit: tuple[int, Part],
    takes: Iterable[Take],
) -> None:
    """Add an entry for each lot of `takes`."""
    rows = [_entry(posting_id, place, debit, credit, take.amount, take, None) for take in takes]
    if rows:
        place.connection.execute(_add_entries, rows)


def _entry(
    posting_id: int,
    place: Place,
    debit: tuple[int, Part],
    credit: tuple[int, Part],
    amount: int,
    lot: Take | None,
    opens: tuple[date | None, date] | None,
) -> dict[str, Any]:
    if lot is not None:
        days: tuple[date | None, date | None] = (lot.effective_on, lot.expires_on)
    else:
        days = opens or (None, None)
    return {
        "transaction_id": posting_id,
        "currency_id": place.currency_id,
        "debit_account_id": debit[0],
        "debit_part": debit[1],
        "credit_account_id": credit[0],
        "credit_part": credit[1],
        "amount": amount,
        "lot_id": lot.lot_id if lot else None,
        "effective_on": days[0],
        "expires_on": days[1],
        "bonus": False,
        "root_id": None,
    }


def lock(*account_ids: int) -> dict[int, Any]:
    """Lock balances, in ascending order of their ids, and return their rows."""
    found = db.session.connection().execute(_locked, {"ids": sorted(account_ids)})
    return {row.account_id: row for row in found}


def expect(result: Any, rows: int) -> None:
    """Raise LedgerDamagedError unless a guarded update changed so many rows."""
    if result.rowcount != rows:
        raise LedgerDamagedError("a lot or balance holds less than its ledger says")
