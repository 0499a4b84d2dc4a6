"""What the log holds, and what it must never hold."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, Response, g
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from portal.extensions import db
from portal.web.logs import configure_logs
from tests import factories as make


@pytest.fixture(params=["text", "json"])
def log(app: Flask, request: Any, settings: Any) -> Iterator[io.StringIO]:
    """Everything that the portal's logger writes, as an operator reads it."""
    logger = logging.getLogger("portal")
    before, level = list(logger.handlers), logger.level
    bare = Flask("bare")
    configure_logs(bare, replace(settings, log_format=request.param, log_level="DEBUG"))
    stream = io.StringIO()
    handler = logger.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    logger.handlers, logger.level = before, level
    logger.setLevel(level)


def test_a_line_a_request_with_its_id(log: io.StringIO, client: FlaskClient, request: Any) -> None:
    response = client.get("/projects", headers={"X-Request-ID": "abcdef12-3456"})
    assert response.headers["X-Request-ID"] == "abcdef12-3456"
    lines = [line for line in log.getvalue().splitlines() if "/projects" in line]
    assert len(lines) == 1
    assert "abcdef12-3456" in lines[0]
    if "json" in request.node.callspec.id:
        kept = json.loads(lines[0])
        assert kept["request_id"] == "abcdef12-3456"
        assert kept["endpoint"] == "home.choose_project"
        assert kept["account"] is None
        assert kept["milliseconds"] >= 0


@pytest.mark.parametrize("given", ["short", "x" * 65, "evil id here", "a\tb-c-d-e-f"])
def test_an_id_that_is_none_is_replaced(client: FlaskClient, given: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] != given


def test_neither_phone_nor_password_nor_token_is_logged(
    log: io.StringIO, client: FlaskClient
) -> None:
    project = make.make_project()
    member = make.make_owner(project, account=make.make_account(phone="+8619900007788"))
    client.post("/login", data={"phone": "19900007788", "password": "a hunter22 secret"})
    client.post("/login?phone=19900007788", data={"identity": "19900007788"})
    make.sign_in(client, member)
    with client.session_transaction() as session:
        cookie = session["_user_id"]
    client.get("/p/binjiang/")
    client.get("/projects?q=19900007788")
    client.get("/reset/a-secret-token-of-a-link")
    client.get("/i/a-secret-token-of-a-link")
    client.get("/typo/i/a-secret-token-of-a-link")
    kept = log.getvalue()
    assert "/p/binjiang/" in kept
    for secret in ("19900007788", "hunter22", cookie, "a-secret-token-of-a-link"):
        assert secret not in kept


def test_a_path_cannot_forge_a_line(log: io.StringIO, client: FlaskClient) -> None:
    client.get("/x%0A2026-01-01 00:00:00 INFO portal.request forged")
    assert not any(
        line.startswith("2026-01-01 00:00:00 INFO") for line in log.getvalue().splitlines()
    )


def test_a_long_path_is_cut(log: io.StringIO, client: FlaskClient) -> None:
    client.get("/" + "y" * 5000)
    assert "y" * 300 not in log.getvalue()


@contextmanager
def database_away() -> Iterator[None]:
    """Let every statement fail, as after a crash of the server."""

    def refuse(*_: object) -> None:
        raise OperationalError("SELECT", {}, ConnectionError("terminated by a crash"))

    sa.event.listen(db.engine, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", refuse)


def test_a_page_says_that_the_database_is_away(client: FlaskClient) -> None:
    with database_away():
        answer = client.get("/login", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "The service is busy" in answer.text


def test_an_answer_outlives_the_database_that_went_away(app: Flask, log: io.StringIO) -> None:
    account = make.make_account()
    with app.test_request_context("/projects"):
        g.account = db.session.merge(account)
        db.session.expire(g.account)  # as the rollback of a page's error does
        with database_away():
            response = app.process_response(Response(status=503))
    assert response.status_code == 503
    assert "/projects 503" in log.getvalue()


def test_a_program_is_told_so_in_the_middle_of_its_call(app: Flask) -> None:
    account = make.make_account()
    with app.test_request_context("/api/v1/me", method="POST"):
        g.account = db.session.merge(account)
        db.session.expire(g.account)
        with database_away():
            away = OperationalError("INSERT", {}, ConnectionError("terminated by a crash"))
            answer = app.make_response(app.handle_user_exception(away))
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"


def test_static_files_and_liveness_are_not_logged(log: io.StringIO, client: FlaskClient) -> None:
    client.get("/static/portal.css").close()
    client.get("/healthz")
    assert log.getvalue() == ""
