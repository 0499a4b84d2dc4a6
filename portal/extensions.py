"""The Flask extensions, unbound, and how a database connection is used.

A GET reads only: SQLite runs it in a deferred transaction under `PRAGMA query_only`, PostgreSQL
in a READ ONLY one. Everything else may write: SQLite takes the write lock at once (BEGIN
IMMEDIATE), so that two writers queue instead of failing half way.
"""

import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from flask import has_request_context
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from flask_wtf import CSRFProtect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLITE_BUSY_MS = 15_000
GIVE_WAY_SECONDS = 2.0
PAGE_STATEMENT_MS = 20_000
WORK_STATEMENT_MS = 900_000
"""How long PostgreSQL works on one statement: for a page, whose reader goes away, and for jobs and
commands, which sum up months of a whole club."""
POSTGRES_OPTIONS = f"-c statement_timeout={PAGE_STATEMENT_MS} -c lock_timeout=2000 -c timezone=UTC"


_DETAIL = re.compile(r"\n(DETAIL|CONTEXT|LINE \d+):.*", re.DOTALL)
_QUOTES_VALUES = ("22", "42601")
"""SQLSTATEs whose first line quotes what somebody wrote: data that has no form, and questions that
are no tsquery. Others quote names of tables, columns and constraints, which help."""


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)


_log = logging.getLogger(__name__)
_keeps_transaction: ContextVar[bool] = ContextVar("keeps_transaction", default=False)


@contextmanager
def transaction_kept() -> Iterator[None]:
    """Let nobody in the block end the session's transaction: what core has read would be lost."""
    token = _keeps_transaction.set(True)
    try:
        yield
    finally:
        _keeps_transaction.reset(token)


class GuardedSession(Session):
    """The session; its transaction can be kept from being ended by a plugin's hook."""

    def commit(self) -> None:
        _refuse("commit")
        super().commit()

    def rollback(self) -> None:
        """Undo what was begun; a connection that the database has ended has undone it."""
        _refuse("roll back")
        self._unless_away(super().rollback)

    def close(self) -> None:
        """Give the connection back; one that the database has ended is thrown away."""
        _refuse("close the session")
        self._unless_away(super().close)

    def _unless_away(self, end: Callable[[], None]) -> None:
        try:
            end()
        except DBAPIError as error:
            # An answer may be on its way, or an error's page be made: it goes out all the same.
            _log.warning("the database went away before a transaction ended: %s", error.orig)
            self.invalidate()


def _refuse(act: str) -> None:
    if _keeps_transaction.get():
        raise RuntimeError(f"a hook must not {act}: the portal does")


# Rows stay readable after a commit: what changed meanwhile is caught by guarded updates.
db = SQLAlchemy(
    model_class=Base, session_options={"class_": GuardedSession, "expire_on_commit": False}
)
migrate = Migrate()
babel = Babel()
csrf = CSRFProtect()
login_manager = LoginManager()
limiter = Limiter(key_func=get_remote_address, in_memory_fallback_enabled=True)

read_only: ContextVar[bool] = ContextVar("read_only", default=False)
"""Whether transactions that begin now may only read; the web layer sets it for a GET."""


_pages_asking: set[int] = set()
"""The threads whose request waits for SQLite's write lock."""


@contextmanager
def writable() -> Iterator[None]:
    """Let the block write although the request is a GET: for declared exceptions only."""
    token = read_only.set(False)
    try:
        yield
    finally:
        read_only.reset(token)


@contextmanager
def reading() -> Iterator[None]:
    """Let the transactions that the block begins only read: they wait for no writer."""
    token = read_only.set(True)
    try:
        yield
    finally:
        read_only.reset(token)


def engine_options(database_url: str, *, pooled: bool = False) -> dict[str, Any]:
    """Return SQLAlchemy's engine options for an installation's database.

    `pooled`: PgBouncer stands before it in transaction mode, which knows neither prepared
    statements nor what a session has set; then the limits of time are those of the database's role.
    """
    # Errors go to the log: the values in them (names, addresses, hashes) must not.
    common = {"hide_parameters": True}
    if database_url.startswith("sqlite"):
        return {**common, "connect_args": {"timeout": SQLITE_BUSY_MS / 1000}}
    how: dict[str, Any] = {"prepare_threshold": None} if pooled else {"options": POSTGRES_OPTIONS}
    return {
        **common,
        "connect_args": {**how, "connect_timeout": 5},
        "pool_pre_ping": True,
        "pool_size": 5,
        "max_overflow": 5,
    }


@sa.event.listens_for(sa.Engine, "connect")
def _prepare_connection(connection: Any, record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        # Python's driver would begin transactions by itself, late: a savepoint's rows would then
        # survive the outer rollback.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={SQLITE_BUSY_MS}",
        ):
            connection.execute(f"PRAGMA {pragma}")


@sa.event.listens_for(sa.Pool, "checkout")
def _set_patience(connection: Any, record: Any, proxy: Any) -> None:
    """Give PostgreSQL's statements the time of who takes the connection, when it changes."""
    if isinstance(connection, sqlite3.Connection) or connection.prepare_threshold is None:
        return  # Behind PgBouncer the session is not ours to change.
    allowed = PAGE_STATEMENT_MS if has_request_context() else WORK_STATEMENT_MS
    if record.info.get("statement_ms", PAGE_STATEMENT_MS) != allowed:
        connection.execute(f"SET statement_timeout = {allowed}")
        connection.commit()
        record.info["statement_ms"] = allowed


@sa.event.listens_for(sa.Engine, "handle_error")
def _tell_no_values(context: sa.ExceptionContext) -> None:
    """Take the values out of an error: those of the row that PostgreSQL refused, which it adds, and
    those that the first line quotes."""
    original = context.original_exception
    state = getattr(original, "sqlstate", None) or ""
    quotes = state.startswith(_QUOTES_VALUES) or str(original).startswith(("fts5:", "malformed"))
    for error in (original, context.sqlalchemy_exception):
        if error is not None and error.args and isinstance(error.args[0], str):
            text = _DETAIL.sub("", error.args[0])
            error.args = (_without_quoted(text) if quotes else text, *error.args[1:])


def _without_quoted(text: str) -> str:
    """Return a line without all from its first opening quote or bracket to the last closing one."""
    begin = min((text.index(mark) for mark in '"[' if mark in text), default=len(text))
    end = max(text.rfind('"'), text.rfind("]"))
    return f"{text[:begin]}…{text[end + 1 :]}" if begin < end else text


@sa.event.listens_for(sa.Engine, "begin")
def _begin(connection: sa.Connection) -> None:
    reading = read_only.get()
    if connection.dialect.name == "sqlite":
        file = connection.connection.driver_connection
        assert isinstance(file, sqlite3.Connection)
        begin = "BEGIN" if reading else "BEGIN IMMEDIATE"
        try:
            file.execute(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
            if reading:
                file.execute(begin)
            else:
                with _in_turn():
                    file.execute(begin)
        except sqlite3.OperationalError as error:
            # Past SQLAlchemy, so told as it tells: "busy" is answered with 503, not with 500.
            raise sa.exc.OperationalError(begin, None, error) from error
    else:
        driver: Any = connection.connection.driver_connection
        # Said with the BEGIN, not in a round trip of its own; None: as the server has it.
        driver.read_only = reading or None


@contextmanager
def _in_turn() -> Iterator[None]:
    """Let background work that begins to write wait for the pages that wait to: SQLite gives its
    lock to whoever asks at the right moment, and a row of short jobs always asks first."""
    if has_request_context():
        asking = threading.get_ident()
        _pages_asking.add(asking)
        try:
            yield
        finally:
            _pages_asking.discard(asking)
        return
    until = time.monotonic() + GIVE_WAY_SECONDS
    while _pages_asking and time.monotonic() < until:
        time.sleep(0.002)
    yield


@sa.event.listens_for(sa.Engine, "rollback")
def _end_reading(connection: sa.Connection) -> None:
    """End a transaction that only read by COMMIT: at a ROLLBACK psycopg gives up every statement
    that it has prepared, and the database plans each of a page's statements anew."""
    if connection.dialect.name != "postgresql" or connection.invalidated:
        return
    driver: Any = connection.connection.driver_connection
    if driver.read_only and driver.info.transaction_status.name == "INTRANS":
        # A connection that is gone has nothing to end; the rollback that follows says so.
        with suppress(connection.dialect.loaded_dbapi.Error):
            driver.commit()
