"""Whose token this request brings."""

import re

from flask import g, request
from werkzeug.exceptions import Unauthorized

from portal.accounts.models import Account
from portal.accounts.seen import note_moment, note_seen
from portal.permissions.queries import Rights, rights_of
from portal.tokens.models import ApiToken, TokenKind
from portal.tokens.queries import find_live
from portal.tokens.service import PREFIX

_TOKEN = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")


def find_token_account() -> Account | None:
    """Return the account of the request's token, kept on `g` with its rights; None without one.

    Cookies count for nothing here. Raises 401 for a token that is not in force. One statement.
    """
    if "Authorization" not in request.headers:
        return None
    given = request.authorization
    secret = (given.token if given and given.type == "bearer" else None) or ""
    token = find_live(secret) if _TOKEN.fullmatch(secret) else None
    if token is None:
        raise Unauthorized
    g.token, g.account = token, token.account
    g.narrow_token = bool(token.scopes)
    if token.kind == TokenKind.SERVICE:
        g.rights = _rights_of_service(token)
        note_moment(ApiToken.last_used_at, token.id, token.last_used_at)
    else:
        g.sign_in = token.sign_in
        if token.scopes:
            g.rights = _limited(rights_of(token.account_id), frozenset(token.scopes))
        if token.sign_in is not None:
            note_seen(token.sign_in)
    return token.account


def check_token_project(project_id: int) -> None:
    """Raise 401 when the request's token is for another project than the address names."""
    token: ApiToken | None = g.get("token")
    if token is not None and token.project_id not in (None, project_id):
        raise Unauthorized


def current_token() -> ApiToken:
    """Return the request's token; raises 401 without one."""
    token: ApiToken | None = g.get("token")
    if token is None:
        raise Unauthorized
    return token


def is_service() -> bool:
    """Tell whether a service asks, which is nobody's account."""
    token: ApiToken | None = g.get("token")
    return token is not None and token.kind == TokenKind.SERVICE


def _rights_of_service(token: ApiToken) -> Rights:
    scopes = frozenset(token.scopes)
    if token.project_id is None:
        return Rights(club=scopes)
    return Rights(by_project={token.project_id: scopes})


def _limited(rights: Rights, scopes: frozenset[str]) -> Rights:
    return Rights(
        club=rights.club & scopes,
        by_project={id_: keys & scopes for id_, keys in rights.by_project.items()},
    )
