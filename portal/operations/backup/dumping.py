"""The database as a file and back: SQLite's VACUUM INTO, PostgreSQL's pg_dump and pg_restore.

Both see one moment of a database that goes on serving, and so do the rows that are counted.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from portal.extensions import db
from portal.operations.backup.manifest import BackupError

Counts = dict[str, int]


def dump(target: Path) -> Counts:
    """Write the database to `target`; return the rows of each table in it.

    Raises BackupError when PostgreSQL's tools are missing, too old, or refuse.
    """
    return _dump_sqlite(target) if _is_sqlite() else _dump_postgresql(target)


def restore(source: Path) -> None:
    """Fill the empty database from a dump. Raises BackupError; then it is as empty as before."""
    if _is_sqlite():
        _restore_sqlite(source)
    else:
        _postgresql_tool(
            "pg_restore",
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            "--dbname",
            _conninfo(),
            str(source),
        )


def is_empty() -> bool:
    """Return whether the database has no table yet."""
    return not sa.inspect(db.engine).get_table_names()


def counts() -> Counts:
    """Return the rows of each table that is in the database now."""
    tables = sa.inspect(db.engine).get_table_names()
    with db.engine.connect() as connection:
        return _count(tables, lambda text: int(connection.exec_driver_sql(text).scalar_one()))


def _count(tables: list[str], ask: Callable[[str], int]) -> Counts:
    return {name: ask(f'SELECT count(*) FROM "{name}"') for name in sorted(tables)}  # noqa: S608 (names of the catalogue)


def _is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def _sqlite_path() -> Path:
    return Path(db.engine.url.database or "")


def _dump_sqlite(target: Path) -> Counts:
    with closing(
        sqlite3.connect(f"{_sqlite_path().absolute().as_uri()}?mode=ro", uri=True)
    ) as file:
        file.execute("VACUUM INTO ?", (str(target),))
    tables = sa.inspect(db.engine).get_table_names()
    with closing(sqlite3.connect(target)) as copy:
        return _count(tables, lambda text: int(copy.execute(text).fetchone()[0]))


def _restore_sqlite(source: Path) -> None:
    path = _sqlite_path()
    db.engine.dispose()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    aside = path.with_name(path.name + ".restoring")
    shutil.copy(source, aside)
    aside.replace(path)


def _dump_postgresql(target: Path) -> Counts:
    tables = sa.inspect(db.engine).get_table_names()
    engine = db.engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.begin() as connection:
        # The tool reads the moment of this transaction, which is open for as long as it works.
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        found = _count(tables, lambda text: int(connection.exec_driver_sql(text).scalar_one()))
        _postgresql_tool(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={snapshot}",
            f"--file={target}",
            "--dbname",
            _conninfo(),
        )
    return found


def _conninfo() -> str:
    """Return the database's address without its password, which others could read in a list of
    processes."""
    url = db.engine.url.set(drivername="postgresql", password=None)
    return url.render_as_string(hide_password=False)


def _postgresql_tool(name: str, *words: str) -> None:
    env = dict(os.environ)
    if db.engine.url.password:
        env["PGPASSWORD"] = str(db.engine.url.password)
    try:
        done = subprocess.run(  # noqa: S603 (our words alone)
            [name, *words], env=env, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise BackupError(
            f"{name} is not on the PATH: install PostgreSQL's client tools, "
            "of the server's version or a newer one."
        ) from error
    if done.returncode:
        raise BackupError(f"{name} refused: {done.stderr.strip()}")
