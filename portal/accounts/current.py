"""Who makes this request, as the session cookie tells, or to the JSON API a token."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import g, session
from flask_login import current_user
from sqlalchemy.orm import contains_eager
from werkzeug.exceptions import Unauthorized

from portal.accounts.models import Account, AccountState, SignIn
from portal.accounts.queries import is_live
from portal.accounts.seen import note_seen
from portal.api_address import is_api_request
from portal.crypto import token_hash
from portal.extensions import db, login_manager

ALONG: dict[str, Callable[[], sa.ScalarSelect[Any]]] = {}
"""Figures of an account that most pages show, as subqueries of the statement that finds it."""


def find_current_account() -> Account | None:
    """Return the signed-in account, or None for a visitor; one statement a request."""
    if is_api_request():
        # The gate has asked for the token; cookies count for nothing.
        return g.get("account")
    # Flask-Login calls load_account when it is first asked.
    return g.get("account") if current_user.is_authenticated else None


def current_account() -> Account:
    """Return the signed-in account; raises 401 when there is none."""
    account = find_current_account()
    if account is None:
        raise Unauthorized
    return account


@login_manager.user_loader
def load_account(token: str) -> Account | None:
    """Return the account of a live session, and keep both on `g`: one statement a request."""
    row = db.session.execute(
        sa.select(SignIn, *(figure().label(name) for name, figure in ALONG.items()))
        .join(SignIn.account)
        .options(contains_eager(SignIn.account))
        .where(
            SignIn.token_hash == token_hash(token),
            is_live(),
            Account.state == AccountState.ACTIVE,
        )
    ).one_or_none()
    if row is None:
        session.clear()
        return None
    sign_in = row.SignIn
    g.along = {name: getattr(row, name) for name in ALONG}
    g.sign_in, g.account = sign_in, sign_in.account
    note_seen(sign_in)
    return sign_in.account
