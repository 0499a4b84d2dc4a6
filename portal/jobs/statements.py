"""Statements that both databases understand."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db


def insert_new(model: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows in the session's transaction, leaving out those that a unique index has."""
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    db.session.execute(dialect.insert(model.__table__).values(list(rows)).on_conflict_do_nothing())
