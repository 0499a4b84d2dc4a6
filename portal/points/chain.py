"""The hash chain: transactions are sealed in batches, apart from posting, and proved by verify."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.extensions import db
from portal.points.faults import Fault
from portal.points.ledger import entries, transactions
from portal.points.models import Seal, SealedTransaction

RULE = "chain_is_unbroken"
BATCH = 1000
LOOK_BACK = timedelta(days=2)
"""How old a transaction is at most when a quick sealing meets it: none commits later than that."""
_FIRST = bytes(32)


def seal_batch(*, everything: bool = False) -> int:
    """Seal up to a thousand transactions that no seal holds and return how many.

    `everything` looks for those of any age. The caller commits. Two sealers at once: one gets 0.
    """
    sealed = sa.exists().where(SealedTransaction.transaction_id == transactions.c.id)
    statement = sa.select(transactions.c.id).where(~sealed)
    if not everything:
        statement = statement.where(transactions.c.created_at > clock.now() - LOOK_BACK)
    connection = db.session.connection()
    order = (transactions.c.created_at, transactions.c.id)
    ids = sorted(connection.scalars(statement.order_by(*order).limit(BATCH)))
    if not ids:
        return 0
    last = connection.execute(
        sa.select(Seal.position, Seal.digest).order_by(Seal.position.desc()).limit(1)
    ).first()
    position, previous = (last.position + 1, bytes(last.digest)) if last else (1, _FIRST)
    try:
        with db.session.begin_nested():
            connection.execute(
                sa.insert(Seal).values(
                    position=position,
                    previous=previous,
                    digest=_digest(previous, ids),
                    transactions=len(ids),
                    created_at=clock.now(),
                )
            )
            connection.execute(
                sa.insert(SealedTransaction),
                [{"transaction_id": id_, "position": position} for id_ in ids],
            )
    except IntegrityError:
        return 0
    return len(ids)


def faults() -> Iterator[Fault]:
    """Yield what does not fit: a link that is missing, or one whose transactions were changed."""
    previous, expected = _FIRST, 1
    for seal in db.session.execute(sa.select(Seal.__table__).order_by(Seal.position)).all():
        ids = db.session.scalars(
            sa.select(SealedTransaction.transaction_id)
            .where(SealedTransaction.position == seal.position)
            .order_by(SealedTransaction.transaction_id)
        ).all()
        digest = _digest(bytes(seal.previous), ids)
        if seal.position != expected or bytes(seal.previous) != previous:
            yield Fault(RULE, 0, f"seal {seal.position} does not follow the one before")
        elif len(ids) != seal.transactions or digest != bytes(seal.digest):
            yield Fault(RULE, _account_of(ids), f"seal {seal.position}: postings were changed")
        previous, expected = bytes(seal.digest), seal.position + 1


def _account_of(ids: Sequence[int]) -> int:
    """Return the account to begin looking at: that of the first transaction of a link."""
    find = sa.select(transactions.c.account_id).where(transactions.c.id.in_(ids[:1]))
    return db.session.scalar(find) or 0


def _digest(previous: bytes, ids: Sequence[int]) -> bytes:
    connection = db.session.connection()
    lines: dict[int, list[list[Any]]] = defaultdict(list)
    for row in connection.execute(
        sa.select(entries).where(entries.c.transaction_id.in_(ids)).order_by(entries.c.id)
    ):
        lines[row.transaction_id].append(_plain(row))
    digest = hashlib.sha256(previous)
    for row in connection.execute(
        sa.select(transactions).where(transactions.c.id.in_(ids)).order_by(transactions.c.id)
    ):
        text = json.dumps([_plain(row), lines[row.id]], sort_keys=True, ensure_ascii=False)
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.digest()


def _plain(row: Any) -> list[Any]:
    return [_text(value) for value in row]


def _text(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value.isoformat() if isinstance(value, date) else value
