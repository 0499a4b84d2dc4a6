"""Keyset pages: the next page begins after the last row seen, however many rows there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from flask import current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import InstrumentedAttribute
from werkzeug.exceptions import BadRequest

from portal.extensions import db

T = TypeVar("T")
PAGE_SIZE = 20
_READERS = {"datetime": datetime.fromisoformat, "date": date.fromisoformat}


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of rows and the cursors that lead to its neighbours."""

    items: Sequence[T]
    next_cursor: str | None
    previous_cursor: str | None


def page_of(
    statement: sa.Select[Any],
    *keys: sa.ColumnElement[Any] | InstrumentedAttribute[Any],
    descending: bool = False,
    size: int = PAGE_SIZE,
    cursor: str | None = None,
) -> Page[Any]:
    """Return one page of `statement` in the order of `keys`, the last of which is unique.

    The cursor (default: `?cursor=` of the request) is signed for these keys; a forged one, or one
    of a list in another order, is a 400.
    A call of the JSON API has said both. Rows are tuples when the statement has several columns,
    single values otherwise.
    """
    size = g.get("page_size", size)
    cursor = cursor or g.get("page_cursor", request.args.get("cursor"))
    signer = _serializer(*keys)
    backward, values = _read(signer, cursor) if cursor else (False, None)
    reverse = descending != backward
    if values is not None:
        bounds = sa.tuple_(*(sa.literal(v, k.type) for v, k in zip(values, keys, strict=True)))
        row = sa.tuple_(*keys)
        statement = statement.where(row < bounds if reverse else row > bounds)
    statement = statement.order_by(*(key.desc() if reverse else key.asc() for key in keys))
    entities = len(statement.column_descriptions)
    rows = db.session.execute(statement.add_columns(*keys).limit(size + 1)).all()
    more, rows = len(rows) > size, rows[:size]
    if backward:
        rows = rows[::-1]
    first, last = (list(rows[0][entities:]), list(rows[-1][entities:])) if rows else (None, None)
    has_next, has_previous = (values is not None, more) if backward else (more, values is not None)
    items = [row[0] if entities == 1 else tuple(row[:entities]) for row in rows]
    return Page(
        items=items,
        next_cursor=_write(signer, last) if has_next and last else None,
        previous_cursor=_write(signer, first, backward=True) if has_previous and first else None,
    )


def _serializer(*keys: object) -> URLSafeSerializer:
    salt = f"cursor {', '.join(map(str, keys))}"
    return URLSafeSerializer(current_app.secret_key or "", salt=salt)


def _write(signer: URLSafeSerializer, values: list[Any], *, backward: bool = False) -> str:
    plain = [value.isoformat() if hasattr(value, "isoformat") else value for value in values]
    kinds = [type(value).__name__ for value in values]
    return str(signer.dumps([int(backward), kinds, plain]))


def _read(signer: URLSafeSerializer, cursor: str) -> tuple[bool, list[Any]]:
    try:
        backward, kinds, plain = signer.loads(cursor)
    except (BadSignature, ValueError) as error:
        raise BadRequest from error
    return bool(backward), [
        _READERS.get(kind, lambda same: same)(value)
        for kind, value in zip(kinds, plain, strict=True)
    ]
