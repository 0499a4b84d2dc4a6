"""Whose token this request brings."""

import re

from flask import g, request
from werkzeug.exceptions import Forbidden, Unauthorized

from portal.access import Scope
from portal.accounts.models import Account
from portal.accounts.seen import note_moment, note_seen
from portal.api.problems import Problem
from portal.i18n import gettext
from portal.permissions.queries import Rights, rights_of
from portal.tokens.models import ApiToken, TokenKind
from portal.tokens.queries import find_live
from portal.tokens.service import PREFIX

_TOKEN = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")


def find_token_account() -> Account | None:
    """Return the account of the request's token, kept on `g` with its rights; None without one.

    Cookies count for nothing here. Raises 401 for a token that is not in force. One statement; one
    more for the rights of a token with scopes.
    """
    if "Authorization" not in request.headers:
        return None
    given = request.authorization
    secret = (given.token if given and given.type == "bearer" else None) or ""
    token = find_live(secret) if _TOKEN.fullmatch(secret) else None
    if token is None:
        raise Unauthorized
    g.token, g.account = token, token.account
    if token.kind == TokenKind.SERVICE:
        g.rights = _rights_of_service(token)
        note_moment(ApiToken.last_used_at, token.id, token.last_used_at)
    else:
        g.sign_in = token.sign_in
        if token.scopes:
            g.rights = rights_of(token.account_id).limited(frozenset(token.scopes))
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


def refuse_services() -> None:
    """Raise 403 for a service: where two must agree, its maker would be both."""
    if is_service():
        raise Forbidden


def is_narrow() -> bool:
    """Tell whether the request's token holds less than its account: it names scopes."""
    token: ApiToken | None = g.get("token")
    return token is not None and bool(token.scopes)


def covers(scope: Scope) -> bool:
    """Tell whether the request's token, if it brings one, may do what asks for `scope`.

    A service reads what little it has of its own, and changes nothing of it.
    """
    token: ApiToken | None = g.get("token")
    if token is None or not token.scopes or scope is Scope.ANY:
        return True
    if token.kind == TokenKind.SERVICE:
        return scope is Scope.READ
    return scope in token.scopes


def check_scope(scope: Scope) -> None:
    """Raise the 403 that names the scope which the request's token lacks."""
    if covers(scope):
        return
    if scope is Scope.WHOLE or is_service():
        raise Problem(
            403,
            "whole_token_needed",
            detail=gettext("This takes a member's token without scopes."),
        )
    raise Problem(
        403,
        "scope_missing",
        detail=gettext("The token lacks the scope %(scope)s.", scope=str(scope)),
        extra={"scope": str(scope)},
    )


def _rights_of_service(token: ApiToken) -> Rights:
    """Return what the scopes name, as far as its maker may do it now; the operator may do all."""
    scopes = frozenset(token.scopes)
    if token.created_by_id is None:
        held = Rights(club=scopes)
    else:
        held = rights_of(token.created_by_id).limited(scopes)
    return held if token.project_id is None else held.within(token.project_id)
