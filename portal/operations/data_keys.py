"""Which data key the values of the database are under, and encrypting them under a newer one.

While the portal serves: each value is replaced only if it is still what was read.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from portal.crypto import Encrypted, decrypt, encrypt, key_in_use, key_version
from portal.extensions import db

BATCH = 500


class Standing(NamedTuple):
    """How many values of one column are under a version of the key."""

    column: str
    version: int
    values: int


def encrypted_columns() -> list[sa.Column[Any]]:
    """Return every column of ciphertext of the portal and of the installed plugins."""
    return [
        column
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Encrypted)
    ]


def standing() -> list[Standing]:
    """Count the values of each column by the version of their key."""
    found = []
    for column in encrypted_columns():
        head = sa.func.substr(_bytes(column), 1, 1, type_=sa.LargeBinary)
        counted = sa.select(head, sa.func.count()).where(column.is_not(None)).group_by(head)
        found += [
            Standing(_name(column), key_version(bytes(first)), number)
            for first, number in db.session.execute(counted)
        ]
    return sorted(found)


def rotate() -> Iterator[tuple[str, int]]:
    """Encrypt under the key in use what is under another, committing batch by batch.

    Yields the column and how many values each batch replaced. It may be broken off and run again.
    Raises KeyError when a value is under a key that is not there.
    """
    for column in encrypted_columns():
        last = 0
        while rows := _under_another_key(column, last):
            last = rows[-1].row_id
            yield _name(column), _replace(column, rows)


def _under_another_key(column: sa.Column[Any], last: int) -> Any:
    row_id = _row_id(column)
    head = sa.func.substr(_bytes(column), 1, 1, type_=sa.LargeBinary)
    rows = db.session.execute(
        sa.select(row_id.label("row_id"), _bytes(column).label("sealed"))
        .where(column.is_not(None), head != bytes([key_in_use()[0]]), row_id > last)
        .order_by(row_id)
        .limit(BATCH)
    ).all()
    db.session.commit()
    return rows


def _replace(column: sa.Column[Any], rows: Any) -> int:
    """Replace the values that are still as they were read; return how many."""
    replaced = 0
    for row_id, sealed in rows:
        done = db.session.execute(
            sa.update(column.table)
            .where(_row_id(column) == row_id, _bytes(column) == sealed)
            .values({column.name: sa.literal(encrypt(decrypt(sealed)), sa.LargeBinary)})
        )
        replaced += done.rowcount  # type: ignore[attr-defined]
    db.session.commit()
    return replaced


def _row_id(column: sa.Column[Any]) -> sa.Column[Any]:
    (key,) = column.table.primary_key
    return key


def _bytes(column: sa.Column[Any]) -> sa.ColumnElement[bytes]:
    return sa.type_coerce(column, sa.LargeBinary)


def _name(column: sa.Column[Any]) -> str:
    return f"{column.table.name}.{column.name}"
