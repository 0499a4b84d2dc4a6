"""The gate's finer points."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.accounts.models import AccountState
from portal.accounts.service import create_account
from portal.extensions import db
from tests import factories


@pytest.fixture
def outside_demo(app: Flask) -> Iterator[Flask]:
    """The application as a real installation."""
    settings = app.extensions["portal.settings"]
    app.extensions["portal.settings"] = dataclasses.replace(settings, demo=False)
    yield app
    app.extensions["portal.settings"] = settings


def test_outside_the_demo_staff_set_up_a_second_step_first(outside_demo: Flask) -> None:
    project = factories.make_project()
    client = outside_demo.test_client()
    account = factories.make_staff("staff", project)
    factories.sign_in(client, account)
    answer = client.get("/p/binjiang/staff/")
    assert (answer.status_code, answer.location) == (302, "/me/security/second-step")
    account.totp_secret, account.totp_confirmed_at = "A" * 32, clock.now()
    db.session.commit()
    assert client.get("/p/binjiang/staff/").status_code == 200


def test_in_the_demo_it_is_offered_only(client: FlaskClient) -> None:
    project = factories.make_project()
    factories.sign_in(client, factories.make_staff("staff", project))
    assert client.get("/p/binjiang/staff/").status_code == 200


def test_a_closed_account_is_signed_out(client: FlaskClient) -> None:
    project = factories.make_project()
    account = factories.make_staff("staff", project)
    factories.sign_in(client, account)
    account.state = AccountState.CLOSED
    db.session.commit()
    assert client.get("/p/binjiang/staff/").status_code == 302


def test_a_revoked_role_counts_at_the_next_request(client: FlaskClient) -> None:
    project = factories.make_project()
    account = factories.make_staff("staff", project)
    factories.sign_in(client, account)
    assert client.get("/p/binjiang/staff/").status_code == 200
    db.session.execute(
        db.text("UPDATE role_grant SET revoked_at = :now"),
        {"now": (clock.now() - timedelta(seconds=1)).replace(tzinfo=None)},
    )
    assert client.get("/p/binjiang/staff/").status_code == 403


def test_a_post_without_a_token_is_refused(client: FlaskClient, app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = client.post("/logout")
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 400
    assert "过期" in answer.text


@pytest.mark.parametrize(
    "target", ["//evil.test/", "https://evil.test/", "/\\evil.test", "javascript:alert(1)"]
)
def test_signing_in_never_leads_elsewhere(client: FlaskClient, target: str) -> None:
    create_account(email="who@demo.test", password="a-long-and-odd-one-73")
    db.session.commit()
    form = {"way": "password", "identity": "who@demo.test", "password": "a-long-and-odd-one-73"}
    answer = client.post("/login", data={**form, "next": target})
    assert answer.status_code == 303
    assert answer.location == "/"


def test_headers_forbid_inline_script_and_framing(client: FlaskClient) -> None:
    headers = client.get("/login").headers
    policy = headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "private, no-store"


def test_asking_for_the_head_shows_and_does_not_act(client: FlaskClient) -> None:
    factories.sign_in(client, factories.make_member())
    for path in ("/me/privacy/export", "/me/household/persons/new", "/me/profile"):
        answer = client.head(path)
        assert (answer.status_code, answer.data) == (200, b""), path
    assert client.head("/logout").status_code == 405


@pytest.mark.parametrize("path", ["/p/a%00b/", "/files/a%00b", "/me/sign-ins/a%00b/end", "/%00"])
def test_a_nul_in_the_path_leads_nowhere(client: FlaskClient, path: str) -> None:
    factories.sign_in(client, factories.make_account())
    assert client.get(path).status_code == 404


def test_a_nul_in_the_query_cannot_be_read(client: FlaskClient) -> None:
    assert client.get("/login?next=%00").status_code == 400
