"""A connection that the database ended: the answer goes out, the next request has a new one."""

from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import db


def end_the_sessions_connection() -> None:
    """End the session's server process, as a restart of PostgreSQL does; SQLite has none."""
    if db.engine.dialect.name == "sqlite":
        return
    pid = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
    with db.engine.connect() as other:
        other.execute(sa.text("SELECT pg_terminate_backend(:pid, 2000)"), {"pid": pid})


def test_the_session_is_given_back_without_an_error(app: Flask) -> None:
    with app.app_context():
        db.session.execute(sa.text("SELECT 1"))
        end_the_sessions_connection()
    with app.app_context():
        assert db.session.scalar(sa.text("SELECT 1")) == 1


def test_what_is_undone_without_a_connection_is_undone(app: Flask) -> None:
    with app.app_context():
        db.session.execute(sa.text("SELECT 1"))
        end_the_sessions_connection()
        db.session.rollback()
        assert db.session.scalar(sa.text("SELECT 1")) == 1


def test_an_answer_that_was_made_goes_out(app: Flask, client: FlaskClient) -> None:
    def end(response: Any) -> Any:
        end_the_sessions_connection()
        return response

    # The first there is the last to be called: nothing asks the database after it.
    app.after_request_funcs[None].insert(0, end)
    try:
        assert client.get("/login").status_code == 200
    finally:
        app.after_request_funcs[None].remove(end)
    assert client.get("/login").status_code == 200
