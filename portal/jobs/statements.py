"""Statements that both databases understand."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db


def insert_new(model: Any, rows: Sequence[dict[str, Any]]) -> int:
    """Insert rows in the session's transaction, leaving out those that a unique index has.

    Returns how many were new.
    """
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(model.__table__).values(list(rows)).on_conflict_do_nothing()
    return int(db.session.execute(statement).rowcount)  # type: ignore[attr-defined]
