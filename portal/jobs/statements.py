"""Statements that both databases understand."""

from collections.abc import Sequence
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
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    return dialect.insert(model.__table__).values(list(rows)).on_conflict_do_nothing()
