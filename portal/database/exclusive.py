"""One migrator at a time, without the limits of a web request."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

MIGRATION_LOCK = 7256101
# Others may migrate first, for minutes; a table that is in use must not hold up the site.
_LOCK = (
    "SET statement_timeout = 0",
    "SET lock_timeout = '10min'",
    f"SELECT pg_advisory_lock({MIGRATION_LOCK})",
    "SET lock_timeout = '10s'",
)
_UNLOCK = (
    f"SELECT pg_advisory_unlock({MIGRATION_LOCK})",
    "RESET lock_timeout",
    "RESET statement_timeout",
)


@contextmanager
def exclusive(connection: sa.Connection) -> Iterator[None]:
    """Hold the migration lock on PostgreSQL, and SQLite's foreign keys off, for the block.

    What the block leaves uncommitted is rolled back. Raises RuntimeError when it leaves a row
    that points at nothing.
    """
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        # A batch "move and copy" drops the old table: keep the rows that refer to it.
        _foreign_keys(connection, "OFF")
    else:
        _run(connection, _LOCK)
    try:
        yield
        if sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"migration left broken foreign keys: {broken[:5]}")
    finally:
        connection.rollback()
        if sqlite:
            _foreign_keys(connection, "ON")
        else:
            _run(connection, _UNLOCK)


def _run(connection: sa.Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.commit()


def _foreign_keys(connection: sa.Connection, value: str) -> None:
    # The pragma works outside of a transaction only: end SQLAlchemy's, and begin one to be ended.
    for statement in ("COMMIT", f"PRAGMA foreign_keys={value}", "BEGIN"):
        connection.exec_driver_sql(statement)
    connection.commit()
