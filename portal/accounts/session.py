"""Opening and ending the session of this browser."""

import secrets

from flask import Response, after_this_request, g, request, session

from portal import clock
from portal.accounts.models import Account, SignIn, SignInMethod
from portal.accounts.places import network, remember_device
from portal.columns import new_public_id
from portal.crypto import token_hash
from portal.extensions import db

_FLASK_LOGIN_KEY = "_user_id"


def start_session(account: Account, method: SignInMethod, *, second_factor: bool = False) -> SignIn:
    """Sign `account` in on this browser: a new row and a new cookie, nothing kept of the old one.

    The caller commits. The account must be flushed.
    """
    end_session()
    token = secrets.token_urlsafe(32)
    now = clock.now()
    sign_in = SignIn(
        public_id=new_public_id(),
        account=account,
        token_hash=token_hash(token),
        method=method,
        second_factor=second_factor,
        user_agent=request.user_agent.string[:200],
        network=network(),
        last_seen_at=now,
        confirmed_at=now,
    )
    db.session.add(sign_in)
    session[_FLASK_LOGIN_KEY] = token
    session.permanent = True
    g.sign_in, g.account = sign_in, account
    public_id = account.public_id

    @after_this_request
    def mark_device(response: Response) -> Response:
        remember_device(response, public_id)
        return response

    return sign_in


def end_session() -> None:
    """End this browser's session, if it has one, and empty its cookie. The caller commits."""
    sign_in: SignIn | None = g.get("sign_in")
    if sign_in is not None and sign_in.ended_at is None:
        sign_in.ended_at = clock.now()
    session.clear()
    for name in ("sign_in", "account", "member", "rights", "belonging", "my_projects"):
        g.pop(name, None)
    g.pop("_login_user", None)
