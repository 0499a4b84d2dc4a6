"""The gate before every view: project of the address, read-only GETs, who may enter."""

from collections.abc import Collection

from flask import Flask, current_app, flash, g, redirect, request, url_for
from werkzeug.exceptions import BadRequest, Forbidden, NotFound, Unauthorized
from werkzeug.wrappers import Response

from portal.access import Access, Audience, access_of, public, scope_of
from portal.accounts.confirmation import asked_again
from portal.accounts.current import find_current_account
from portal.accounts.models import Account
from portal.accounts.places import network
from portal.accounts.second_factor import needs_set_up
from portal.api.problems import Problem
from portal.api_address import is_api_request
from portal.extensions import db, limiter, read_only
from portal.i18n import gettext
from portal.idempotency.keys import take_early
from portal.members.current import find_current_member
from portal.permissions.current import current_rights, may
from portal.permissions.roles import asks_proof
from portal.plugin_host.addresses import TOKEN_PREFIX
from portal.plugin_host.state import (
    ClosedLink,
    NotOpenHere,
    find_project,
    host,
    is_on,
    projects_with,
)
from portal.plugin_host.tokens import OpenLink, find_open, spend
from portal.projects.current import belonging
from portal.projects.models import Project
from portal.tokens.current import (
    check_scope,
    check_token_project,
    covers,
    find_token_account,
    is_service,
)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
UNTOUCHED = frozenset({"static", "plugin_static", "healthz", "readyz", "metrics"})
"""Answered without asking the database who is there."""
_GUESSES = limiter.shared_limit(
    "40 per minute",
    scope="links",
    key_func=network,
    deduct_when=lambda response: response.status_code == NotFound.code,
)
"""How many links from one network may lead nowhere before none of its links is looked up."""


def configure_gate(app: Flask) -> None:
    """Put the gate before every request of `app`."""
    public(app.view_functions["static"])
    app.before_request(_enter)
    app.teardown_request(_leave)


def _enter() -> Response | None:
    if request.method == "HEAD":
        # A GET whose body is left out later: views show on GET, and act on all else.
        request.method = "GET"
    if request.endpoint is None:
        return None
    _refuse_nul()
    access = access_of(current_app.view_functions[request.endpoint])
    if access is None:
        current_app.logger.error("route %s declares no access", request.endpoint)
        raise Forbidden
    # Who may enter is found out in a transaction that only reads, also for a POST: the view's slow
    # work (hashing, decoding) is then done before its own transaction takes the write lock.
    read_only.set(True)
    answer = None if request.endpoint in UNTOUCHED else _admit(access)
    if answer is None and (request.method not in SAFE_METHODS or access.writes_on_get):
        db.session.commit()
        read_only.set(False)
        link: OpenLink | None = g.get("link")
        if link is not None and not spend(link):
            raise ClosedLink
        take_early()
    return answer


def _refuse_nul() -> None:
    """Raise 404 or 400 for a NUL in the address: PostgreSQL's text cannot hold one."""
    if "\0" in request.path:
        raise NotFound
    if any("\0" in value for _, value in request.args.items(multi=True)):
        raise BadRequest


def _admit(access: Access) -> Response | None:
    account = _caller(access) if is_api_request() else find_current_account()
    if request.view_args and "project" in request.view_args:
        g.project = _project(request.view_args.pop("project"))
        check_token_project(g.project.id)
    plugin = host().plugin_of(request.blueprint)
    if plugin is not None and _is_token_page():
        _open_link(plugin)
    if plugin is not None and g.get("project") is not None and not is_on(plugin, g.project.id):
        raise NotOpenHere(plugin)
    if access.audience is Audience.PUBLIC and plugin is None:
        return None
    if account is None and access.audience is not Audience.PUBLIC:
        return _to_sign_in()
    if plugin is not None and _must_be_on_somewhere():
        _check_on_somewhere(plugin)
    if account is None or access.audience is Audience.PUBLIC:
        return None
    _check(access)
    return None if access.permission is None else _prove(access.permission, account)


def _prove(permission: str, account: Account) -> Response | None:
    """Ask for a second step where there is none, and for a fresh proof before what matters."""
    if needs_set_up(account, has_role=not is_service()):
        if is_api_request():
            raise Problem(
                403, "second_factor_needed", detail=gettext("Set up a second step on the pages.")
            )
        flash(gettext("Set up a second step first: work with others' data needs it."), "warning")
        return redirect(url_for("accounts.totp"))
    writes = request.method not in SAFE_METHODS
    return asked_again() if writes and asks_proof(permission) and not is_service() else None


def _check_on_somewhere(plugin: str) -> None:
    """Raise NotOpenHere unless a project that the reader sees has the plugin on; keep which do."""
    g.plugin_open_in = {plugin: projects_with(plugin, _seen())}
    if not g.plugin_open_in[plugin]:
        raise NotOpenHere(plugin)


def _caller(access: Access) -> Account | None:
    """Return the account of the token, as far as its scopes let it call this route."""
    account = find_token_account()
    scope = scope_of(current_app.view_functions[request.endpoint or ""], request.method)
    if access.audience is not Audience.PUBLIC:
        check_scope(scope)
    elif request.method in SAFE_METHODS and not covers(scope):
        # What everybody may see, without what the account would see more.
        g.account = account = None
    return account


def _is_token_page() -> bool:
    return request.url_rule is not None and request.url_rule.rule.startswith(TOKEN_PREFIX)


def _open_link(plugin: str) -> None:
    """Keep what the token of the address opens; raise ClosedLink when it opens nothing."""
    secret = request.view_args.pop("token") if request.view_args else ""
    with _GUESSES:
        link = find_open(plugin, secret, reading=request.method in SAFE_METHODS)
    if link is None:
        raise ClosedLink
    g.link, g.address_secret = link, secret
    if link.project is not None:
        g.project = link.project


def _must_be_on_somewhere() -> bool:
    """Tell whether neither project nor token of the address has answered for the plugin."""
    return g.get("project") is None and g.get("link") is None


def _project(slug: str) -> Project:
    project = find_project(slug)
    if project is None:
        raise NotFound
    return project


def _seen() -> Collection[int] | None:
    """Return the projects that the reader lives in, follows or works for; None for all."""
    rights = current_rights()
    if rights.club:
        return None
    belongs = belonging()
    return belongs.owned | belongs.followed | rights.by_project.keys()


def _check(access: Access) -> None:
    """Raise 403 or 404 unless the account may enter."""
    if access.audience is Audience.PERMISSION:
        if not may(access.permission or ""):
            raise Forbidden
    elif access.audience is Audience.MEMBER:
        project = g.get("project")
        # In this order: the member is read with where they belong.
        belongs = None if project is None or is_service() else belonging()
        if is_service() or find_current_member() is None:
            raise Forbidden
        if belongs is not None and project.id not in belongs:
            raise NotFound if not current_rights().allows("staff.desk", project.id) else Forbidden


def _to_sign_in() -> Response:
    if is_api_request() or request.headers.get("HX-Request"):
        raise Unauthorized
    target = request.full_path.rstrip("?") if request.method in SAFE_METHODS else None
    return redirect(url_for("accounts.sign_in", next=target))


def _leave(error: BaseException | None) -> None:
    read_only.set(False)
