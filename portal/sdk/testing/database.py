"""One application a test run, and for each test a database as before the first visit.

The database is migrated once: a file that is copied for each test on SQLite, tables that are
emptied on PostgreSQL. Transactions really commit, so that locks and read-only GETs are the true
ones.
"""

import base64
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app
from portal.config import Settings
from portal.database import revisions
from portal.extensions import db

URL = "PORTAL_TEST_DATABASE_URL"
"""Names the PostgreSQL database to test on; it is emptied, so its name has to say "test"."""
GROWN_BYTES = 1_000_000


def checked_url(url: str) -> str:
    """Return the URL as SQLAlchemy takes it; raise UsageError unless it is a test's database."""
    found = sa.make_url(url)
    if found.get_backend_name() != "postgresql" or "test" not in (found.database or ""):
        raise pytest.UsageError(
            f'{URL} must name a PostgreSQL database with "test" in its name: it is emptied.'
        )
    return found.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of the run's database: a file of SQLite's unless the environment names another."""
    if URL in os.environ:
        return checked_url(os.environ[URL])
    return f"sqlite:///{tmp_path_factory.mktemp('database') / 'portal.sqlite3'}"


@pytest.fixture(scope="session")
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
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
def migrated_app(settings: Settings, client_class: type[FlaskClient]) -> Iterator[Flask]:
    """The application with every installed plugin, over a migrated, empty database."""
    app = create_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = client_class
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
