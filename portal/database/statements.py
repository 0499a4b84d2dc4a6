"""Statements that both databases understand."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db


def insert_new(model: Any, rows: Sequence[dict[str, Any]]) -> int:
    """Insert rows in the session's transaction, leaving out those that a unique index has.

    Returns how many were new.
    """
    return int(db.session.execute(_insert_new(model, rows)).rowcount)  # type: ignore[attr-defined]


def insert_new_returning(
    model: Any, rows: Sequence[dict[str, Any]], *columns: Any
) -> Sequence[sa.Row[Any]]:
    """Insert likewise, and return columns of the rows that were new."""
    return db.session.execute(_insert_new(model, rows).returning(*columns)).all()


def _insert_new(model: Any, rows: Sequence[dict[str, Any]]) -> Any:
    return _dialect().insert(model.__table__).values(list(rows)).on_conflict_do_nothing()


def put(model: Any, key: Sequence[str], row: Mapping[str, Any], **changes: Any) -> sa.Executable:
    """Return the statement that inserts a row, or changes the one with the same key to it.

    `changes`: what else becomes of columns then, or becomes of them instead.
    """
    statement = _dialect().insert(model.__table__).values(dict(row))
    rest = {name: value for name, value in row.items() if name not in key}
    changed: sa.Executable = statement.on_conflict_do_update(
        index_elements=list(key), set_={**rest, **changes}
    )
    return changed


def _dialect() -> Any:
    return postgresql if db.engine.dialect.name == "postgresql" else sqlite
