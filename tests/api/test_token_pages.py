"""Issuing and revoking services' tokens: on the page and in the terminal."""

import re
from typing import Any

import sqlalchemy as sa
from flask import Flask

from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.tokens.models import ApiToken
from tests import factories


def test_an_administrator_issues_sees_once_and_revokes(app: Flask, call: Any) -> None:
    project = factories.make_project(slug="own")
    browser = factories.sign_in(app.test_client(), factories.make_staff("administrator"))
    assert "No service has a token yet" in browser.get("/centre/tokens", headers=ENGLISH).text
    wish = {"name": "Kiosk", "project": "own", "scopes": ["members.view"], "days": "30"}
    nothing = browser.post("/centre/tokens/new", data={**wish, "scopes": []})
    assert nothing.status_code == 422
    assert "Kiosk" in nothing.text
    issued = browser.post("/centre/tokens/new", data=wish)
    token = re.search(r"mcp_[\w-]{43}", issued.text)[0]
    kiosk = call(token=token)
    assert kiosk("GET", f"/p/{project.slug}/staff/members").status_code == 200
    listed = browser.get("/centre/tokens").text
    row = db.session.scalars(sa.select(ApiToken)).one()
    assert "Kiosk" in listed
    assert token not in listed
    address = f"/centre/tokens/{row.public_id}/revoke"
    assert browser.get(address).status_code == 200
    assert browser.post(address).status_code == 303
    assert kiosk("GET", f"/p/{project.slug}/staff/members").status_code == 401
    acts = db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert acts == ["token.issued", "token.revoked"]


def test_nobody_signs_in_as_a_service(app: Flask) -> None:
    factories.make_service_token("members.view")
    account = db.session.scalars(sa.select(Account)).one()
    assert (account.state, account.password_hash) == ("closed", None)


def test_the_terminal_issues_lists_and_revokes(app: Flask, call: Any) -> None:
    factories.make_project(slug="own")
    account = factories.make_account(email="lin@example.test")
    run = app.test_cli_runner().invoke
    from portal.tokens.cli import commands

    create = ["create", "Kiosk", "--scope", "members.view", "--project", "own", "--days", "7"]
    token = run(commands, create).output.strip()
    assert call(token=token)("GET", "/p/own/staff/members").status_code == 200
    mine = run(commands, ["create", "Script", "--member", account.email]).output.strip()
    assert call(token=mine)("GET", "/me").json["email"] == account.email
    key, *rest = run(commands, ["list"]).output.splitlines()[-1].split()
    assert (rest[-1], token in run(commands, ["list"]).output) == ("Kiosk", False)
    assert run(commands, ["revoke", key]).exit_code == 0
    assert run(commands, ["revoke", key]).exit_code == 1
    assert call(token=token)("GET", "/p/own/staff/members").status_code == 401
    for wrong in (
        ["create", "x"],
        ["create", "x", "--scope", "nothing"],
        ["create", "x", "--scope", "members.view", "--project", "nowhere"],
        ["create", "x", "--member", "13900000000"],
        ["create", "x", "--member", "nobody", "--scope", "members.view"],
        ["revoke", "nothing"],
    ):
        assert run(commands, wrong).exit_code == 1, wrong


ENGLISH = {"Accept-Language": "en"}
