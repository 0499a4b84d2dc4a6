"""What an answer to signing in is made of: shared by signing in and joining."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import g, request

from portal.accounts.models import Account, SignInMethod
from portal.accounts.places import network
from portal.api.fields import Choice, Flag, Moment, Output, Text
from portal.extensions import db
from portal.slots import fill
from portal.tokens.current import current_token
from portal.tokens.models import TokenKind
from portal.tokens.service import open_sign_in
from portal.tokens.tickets import LONGEST, TicketError, unseal

JOIN, SECOND_STEP = "join", "second_step"
JOIN_LIFE = timedelta(minutes=15)


class Issued(Output):
    """A member's token, shown this once."""

    token = Text(80, metadata={"description": "Send it as Authorization: Bearer <token>."})
    kind = Choice(TokenKind)
    expires_at = Moment()
    consent_needed = Flag(
        metadata={"description": "True: accept the texts first, by POST /api/v1/me/consent."}
    )


def issue(
    account: Account,
    method: SignInMethod,
    *,
    second_factor: bool = False,
    scopes: Sequence[str] = (),
) -> dict[str, Any]:
    """Open a sign-in for the caller's program, commit, and return what tells it so."""
    # A program's name, as browsers' are kept: what it calls itself.
    name = request.user_agent.string[:200] or "API"
    row, token = open_sign_in(
        account=account,
        method=method,
        second_factor=second_factor,
        name=name,
        network=network(),
        scopes=scopes,
    )
    db.session.commit()
    g.account, g.sign_in = account, row.sign_in
    for known in ("member", "rights", "belonging", "my_projects"):
        g.pop(known, None)
    return {
        "token": token,
        "kind": row.kind,
        "expires_at": row.expires_at,
        "consent_needed": bool(fill("sign_in_steps", account)),
    }


def held() -> dict[str, Any]:
    """Return what tells the caller's program of the token that it has: it gets no wider one."""
    token, given = current_token(), request.authorization
    g.pop("member", None)
    return {
        "token": given.token if given else None,
        "kind": token.kind,
        "expires_at": token.expires_at,
        "consent_needed": bool(fill("sign_in_steps", token.account)),
    }


def proved_phone(ticket: str | None) -> str | None:
    """Return the phone (E.164) that a ticket for joining holds; None without a good one."""
    if not ticket or len(ticket) > LONGEST:
        return None
    try:
        return unseal(JOIN, ticket, life=JOIN_LIFE)["phone"]
    except TicketError:
        return None
