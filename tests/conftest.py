"""Fixtures: one application a worker, a fresh database a test, a client that acts like a browser.

Each test begins with an empty, migrated database: a copied file on SQLite, emptied tables on
PostgreSQL. Transactions really commit, so that locks, read-only GETs and races are the true ones.
"""

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app
from portal.config import Settings
from portal.database import revisions
from portal.extensions import db
from tests import services
from tests.audited import check_audited, watched

pytest_plugins = ["tests.no_skips"]
GROWN_BYTES = 1_000_000
UNCOUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SET TRANSACTION", "SAVEPOINT", "RELEASE")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Choose the database of the run."""
    parser.addoption("--db", choices=("sqlite", "postgresql"), default="sqlite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs no database: `make test` runs it once, not once more with PostgreSQL."""
    for item in items:
        if "database_url" not in getattr(item, "fixturenames", ()):
            item.add_marker("once")


class IsolatedClient(FlaskClient):
    """A client whose every request has its own application context, as on a server.

    What the test has in its session is committed first, so that no lock stands in the way.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request; afterwards the test's session reads its rows anew."""
        db.session.commit()
        with self.application.app_context():
            with watched() as written:
                answer = super().open(*args, **kwargs)
            request = answer.request
            check_audited(
                self.application, request.method, request.path, answer.status_code, written
            )
        after = self.application.extensions.get("tests.after_request")
        if after is not None:
            after()
        db.session.expire_all()
        return answer


@dataclass
class Statements:
    """The SQL statements that a block sent, transaction control left out."""

    texts: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[str]:
    """The URL of this worker's database, on the engine that --db names."""
    if request.config.getoption("db") == "postgresql":
        with services.postgresql() as url:
            yield url
    else:
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'portal.sqlite3'}"


@pytest.fixture(scope="session")
def settings(database_url: str, tmp_path_factory: Any) -> Settings:
    """Settings of a test installation."""
    return Settings(
        home=tmp_path_factory.mktemp("home"),
        database_url=database_url,
        secret_key="not-a-secret-in-tests-" + "x" * 32,
        data_keys={1: base64.urlsafe_b64decode("A" * 43 + "=")},
        base_url="http://localhost",
        demo=True,
        testing=True,
        log_level="WARNING",
    )


@pytest.fixture(scope="session")
def migrated_app(settings: Settings) -> Iterator[Flask]:
    """The application over a migrated, empty database."""
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = IsolatedClient
    with app.app_context():
        revisions.upgrade()
        db.engine.dispose()
        if settings.database_url.startswith("sqlite"):
            path = Path(settings.database_url.removeprefix("sqlite:///"))
            shutil.copy(path, path.with_suffix(".empty"))
        else:
            keep_statistics_out()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(migrated_app: Flask) -> Iterator[Flask]:
    """The application with an empty database, its context pushed for the whole test."""
    with migrated_app.app_context():
        empty_database(migrated_app.config["SQLALCHEMY_DATABASE_URI"])
        yield migrated_app
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor's browser."""
    return app.test_client()


@pytest.fixture
def query_count(app: Flask) -> Any:
    """Count SQL statements: `with query_count() as sent: ...; assert len(sent) <= 8`."""

    @contextmanager
    def count() -> Iterator[Statements]:
        sent = Statements()

        def note(_c: Any, _cursor: Any, text: str, *_: Any) -> None:
            if not text.lstrip().upper().startswith(UNCOUNTED):
                sent.texts.append(text)

        sa.event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", note)

    return count


def keep_statistics_out() -> None:
    """Let PostgreSQL plan without statistics: emptying a table keeps those of an earlier test's
    rows, and a plan made for them can take a thousand times as long, now and then."""
    with db.engine.begin() as connection:
        for table in db.metadata.tables:
            connection.exec_driver_sql(f'ALTER TABLE "{table}" SET (autovacuum_enabled = off)')


def empty_database(url: str) -> None:
    """Take everything out of the test's database, as before the first visit."""
    if url.startswith("sqlite"):
        db.engine.dispose()
        path = Path(url.removeprefix("sqlite:///"))
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copy(path.with_suffix(".empty"), path)
    else:
        # To ask which tables have rows, and to delete a test's few, takes a tenth of the time that
        # TRUNCATE takes for the files of all that refer to them. Nobody cleans up after DELETE.
        filled = " UNION ALL ".join(
            f"SELECT '{table}', pg_relation_size('\"{table}\"') > {GROWN_BYTES}"  # noqa: S608 (ours)
            f' WHERE EXISTS (SELECT FROM "{table}")'
            for table in db.metadata.tables
        )
        with db.engine.begin() as connection:
            tables = connection.exec_driver_sql(filled).all()
            # Neither triggers nor foreign keys stand in the way of the role that copies rows.
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for table, _ in tables:
                connection.exec_driver_sql(f'DELETE FROM "{table}"')  # noqa: S608 (ours)
                if db.metadata.tables[table].autoincrement_column is not None:
                    connection.exec_driver_sql(f'ALTER TABLE "{table}" ALTER COLUMN id RESTART')
            if grown := ", ".join(f'"{table}"' for table, is_grown in tables if is_grown):
                connection.exec_driver_sql(f"TRUNCATE {grown} CASCADE")
