"""Who a token lets in: the gate's answers to programs."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.extensions import db
from portal.tokens.models import ApiToken
from tests import factories


def test_cookies_alone_open_nothing(app: Flask) -> None:
    browser = factories.sign_in(app.test_client(), factories.make_member())
    assert browser.get("/api/v1/me/sign-ins").status_code == 401
    assert browser.post("/api/v1/me/sign-ins/end-others").status_code == 401


def test_a_token_opens_no_page(app: Flask) -> None:
    token = factories.make_token(factories.make_member())
    answer = app.test_client().get("/me/security", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic bWU6bWU=",
        "Bearer mcp_short",
        "Bearer mcp_" + "x" * 43,
        "Bearer mcp_" + "x" * 5000,
        "Bearer mcp_%00\x7f",
        "bearer \u00e9\u4e1a",
        "Token abc, Bearer def",
    ],
)
def test_a_malformed_or_unknown_token_is_a_401(app: Flask, header: str) -> None:
    headers = {"Authorization": header.encode("utf-8").decode("latin-1")}
    answer = app.test_client().get("/api/v1/me/sign-ins", headers=headers)
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == "urn:portal:problem:token_needed"
    assert "Set-Cookie" not in answer.headers


def test_a_token_of_a_browsers_session_is_none(app: Flask) -> None:
    """What a browser's cookie holds, which its owner can read, is no bearer token."""
    client = factories.sign_in(app.test_client(), factories.make_member())
    with client.session_transaction() as session:
        kept = session["_user_id"]
    for given in (kept, f"mcp_{kept}"):
        headers = {"Authorization": f"Bearer {given}"}
        assert app.test_client().get("/api/v1/me/sign-ins", headers=headers).status_code == 401


def test_an_expired_and_a_revoked_token_are_a_401(call: Any) -> None:
    token = factories.make_service_token("members.view")
    row = db.session.scalars(sa.select(ApiToken)).one()
    assert call(token=token)("GET", "/me/sign-ins").status_code == 200
    row.expires_at = clock.now() - timedelta(seconds=1)
    db.session.commit()
    assert call(token=token)("GET", "/me/sign-ins").status_code == 401
    row.expires_at, row.revoked_at = None, clock.now()
    db.session.commit()
    assert call(token=token)("GET", "/me/sign-ins").status_code == 401


def test_a_closed_accounts_token_is_a_401(call: Any) -> None:
    account = factories.make_account()
    caller = call(account)
    account.state = "closed"
    db.session.commit()
    assert caller("GET", "/me/sign-ins").status_code == 401


def test_me_tells_what_is_held_in_the_club_and_in_projects(call: Any) -> None:
    own, other = factories.make_project(slug="own"), factories.make_project(slug="other")
    manager = factories.make_staff("manager", own)
    told = call(manager)("GET", "/me").json
    assert told["permissions"] == []
    [held] = told["projects"]
    assert held["project"] == "own"
    assert "members.view" in held["permissions"]
    kiosk = call(token=factories.make_service_token("members.view", project=other))
    assert kiosk("GET", "/me").json["projects"] == [
        {"project": "other", "permissions": ["members.view"]}
    ]
    told = call(token=factories.make_service_token("members.view"))("GET", "/me").json
    assert (told["permissions"], told["projects"]) == (["members.view"], [])


def test_only_hashes_are_kept(call: Any) -> None:
    token = factories.make_service_token("members.view")
    row = db.session.scalars(sa.select(ApiToken)).one()
    kept = [str(value) for value in vars(row).values()]
    assert not any(token in value for value in kept)
    assert token.endswith(row.hint)


def test_when_a_service_was_seen_is_written_after_the_answer(app: Flask, call: Any) -> None:
    app.extensions.pop("portal.seen", None)
    token = factories.make_service_token("members.view")
    answer = call(token=token)("GET", "/me/sign-ins", buffered=False)
    seen = sa.select(ApiToken.last_used_at)
    assert db.session.scalars(seen).one() is None
    db.session.rollback()
    answer.close()
    assert db.session.scalars(seen).one() is not None
