"""What the tables of the ledger are made with."""

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import mapped_column

from portal.columns import BIG


def index_where(name: str, *columns: str, where: str) -> sa.Index:
    """Return an index over the rows that fulfil `where` only, on both databases.

    SQLite uses it only for queries that say the same in the same words: `pending` is `pending = 1`
    there.
    """
    words = re.sub(r"NOT pending\b", "pending = 0", where)
    words = re.sub(r"\bpending$", "pending = 1", words)
    return sa.Index(name, *columns, sqlite_where=sa.text(words), postgresql_where=sa.text(where))


def same_id(target: str) -> Any:
    """Return a primary key that is the id of a row of another table."""
    return mapped_column(
        BIG, sa.ForeignKey(target, ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
