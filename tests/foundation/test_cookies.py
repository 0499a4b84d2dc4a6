"""Cookies and transport: what browsers are told behind https."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app
from portal.config import Settings
from portal.extensions import db
from tests import factories


@pytest.fixture
def by_https(app: Flask, settings: Settings, tmp_path: Path) -> Iterator[FlaskClient]:
    """A client of the same database, reached by https."""
    secure = create_app(replace(settings, base_url="https://localhost", home=tmp_path))
    secure.config["WTF_CSRF_ENABLED"] = False
    yield secure.test_client()
    with secure.app_context():
        db.session.remove()
        db.engine.dispose()


def test_the_sessions_cookie_is_bound_to_this_host_by_https(by_https: FlaskClient) -> None:
    answer = by_https.get("/login", base_url="https://localhost")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-portal=")
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in cookie
    assert "Domain" not in cookie


def test_https_is_kept_to_for_a_year(by_https: FlaskClient) -> None:
    answer = by_https.get("/login", base_url="https://localhost")
    told = answer.headers["Strict-Transport-Security"]
    assert told == "max-age=31536000; includeSubDomains"
    assert "Strict-Transport-Security" not in by_https.get("/login").headers


def test_signing_out_leaves_nothing_in_the_browser(client: FlaskClient) -> None:
    factories.sign_in(client, factories.make_account())
    answer = client.post("/logout")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_nothing_answers_trace(client: FlaskClient) -> None:
    assert client.open("/login", method="TRACE").status_code == 405
