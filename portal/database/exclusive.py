"""One migrator at a time, without the limits of a web request."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import sqlalchemy as sa

SQLITE_PATIENCE_SECONDS = 600
MIGRATION_LOCK = 7256101
TABLE_PATIENCE_SECONDS = 60
TABLE_PAUSE_SECONDS = 2
_LOCK_NOT_AVAILABLE = "55P03"
# Others may migrate first, for minutes. Pages queue behind who waits for a table, and give up after
# two seconds: let go before them.
_LOCK = (
    "SET statement_timeout = 0",
    "SET lock_timeout = '10min'",
    f"SELECT pg_advisory_lock({MIGRATION_LOCK})",
    "SET lock_timeout = '1s'",
)
_UNLOCK = (
    f"SELECT pg_advisory_unlock({MIGRATION_LOCK})",
    "RESET lock_timeout",
    "RESET statement_timeout",
)


def patiently(migrate: Callable[[], object]) -> None:
    """Migrate; when a table is in use let go of all, and try again for a minute.

    Raises OperationalError when it is in use even then.
    """
    end = time.monotonic() + TABLE_PATIENCE_SECONDS
    while True:
        try:
            migrate()
            return
        except sa.exc.OperationalError as error:
            in_use = getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE
            if not in_use or time.monotonic() > end:
                raise
        time.sleep(TABLE_PAUSE_SECONDS)


@contextmanager
def one_migrator(url: sa.URL) -> Iterator[None]:
    """On SQLite let one process at a time run the block; the others wait for it.

    The database itself cannot be held: the migrations in the block begin and end transactions. So
    an empty one beside it is; the system lets go of it even when the process is killed.
    """
    if not url.drivername.startswith("sqlite") or url.database in (None, "", ":memory:"):
        yield
        return
    beside = f"{url.database}-migrating"
    lock = sqlite3.connect(beside, timeout=SQLITE_PATIENCE_SECONDS, isolation_level=None)
    with closing(lock):
        lock.execute("BEGIN EXCLUSIVE")
        yield


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
