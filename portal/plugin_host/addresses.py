"""The addresses that a plugin may use: a few fixed forms, each with a declared access."""

from collections.abc import Iterable

from flask import Blueprint
from werkzeug.routing import Map

from portal.access import Audience, access_of
from portal.api.blueprint import ApiBlueprint
from portal.api_address import API_PREFIX
from portal.plugin_host.manifest import Manifest
from portal.plugin_host.reach import AddressError, try_blueprints

FORMS = {
    "project": "/p/<project>/{slug}/",
    "staff": "/p/<project>/staff/{slug}/",
    "api": "/api/v1/p/<project>/{slug}/",
    "centre": "/centre/{slug}/",
    "me": "/me/{slug}/",
    "token": "/t/{slug}/<token>",
}
"""Where each form's routes lie; `centre` and `me` have their API beside them."""
API_TOO = frozenset({"centre", "me"})
TOKEN_PREFIX = "/t/"  # noqa: S105 - the beginning of an address
"""Where the addresses lie that a token opens."""


def check_routes(manifest: Manifest, blueprints: Iterable[Blueprint]) -> Map:
    """Register the blueprints on a scratch application, look at every route, return them.

    Raises AddressError for an address outside the forms, a route without access, and a blueprint
    that hooks into requests of others.
    """
    scratch = try_blueprints(manifest, blueprints)
    prefixes = allowed_prefixes(manifest)
    for rule in scratch.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] not in scratch.blueprints:
            raise AddressError(f"the route {rule.rule} is of no blueprint")
        if rule.rule.startswith(TOKEN_PREFIX) and "project" in rule.arguments:
            raise AddressError(f"the route {rule.rule} names a project, which its token does")
        in_json = isinstance(scratch.blueprints[rule.endpoint.partition(".")[0]], ApiBlueprint)
        if in_json != rule.rule.startswith(API_PREFIX):
            raise AddressError(f"the route {rule.rule}: JSON below /api/, by an ApiBlueprint alone")
        if not any(_lies_under(rule.rule, prefix) for prefix in prefixes):
            raise AddressError(f"the route {rule.rule} lies outside {', '.join(prefixes)}")
        access = access_of(scratch.view_functions[rule.endpoint])
        if access is None:
            raise AddressError(f"the route {rule.rule} declares no access")
        if access.writes_on_get:
            raise AddressError(f"the route {rule.rule} asks to write on GET")
        if access.audience is Audience.PERMISSION and not _own(manifest, access.permission):
            raise AddressError(f"the route {rule.rule} asks for {access.permission!r}")
    return scratch.url_map


def allowed_prefixes(manifest: Manifest) -> list[str]:
    """Return the beginnings that the plugin's addresses may have."""
    found = []
    for form in FORMS:
        if form in manifest.addresses:
            path = FORMS[form].format(slug=manifest.slug)
            found.append(path)
            if form in API_TOO:
                found.append(f"/api/v1{path}")
    return found


def _lies_under(rule: str, prefix: str) -> bool:
    return rule == prefix or rule.startswith(prefix if prefix.endswith("/") else prefix + "/")


def _own(manifest: Manifest, permission: str | None) -> bool:
    return bool(permission) and str(permission).startswith(f"{manifest.name}.")
