"""How far a plugin's blueprints reach: to its own pages, never around those of others."""

from collections.abc import Iterable

from flask import Blueprint, Flask

from portal.plugin_host.manifest import Manifest


class AddressError(Exception):
    """A plugin's route or blueprint breaks the contract; the text says how."""


def try_blueprints(manifest: Manifest, blueprints: Iterable[Blueprint]) -> Flask:
    """Register the blueprints on a scratch application, look at what they did to it, return it.

    Raises AddressError for what is not the plugin's own: requests, views, templates, helpers.
    """
    scratch = Flask(f"scratch_{manifest.name}", static_folder=None)
    environment = scratch.jinja_env
    helpers = {
        "filter": environment.filters,
        "global": environment.globals,
        "test": environment.tests,
    }
    before = {kind: dict(known) for kind, known in helpers.items()}
    for blueprint in blueprints:
        if blueprint.name != manifest.name and not blueprint.name.startswith(manifest.table_prefix):
            raise AddressError(f"the blueprint {blueprint.name!r} must be called {manifest.name}")
        scratch.register_blueprint(blueprint)
    _check_requests(scratch)
    _check_blueprints(scratch)
    for kind, known in helpers.items():
        for name, function in known.items():
            mine = name.startswith(manifest.table_prefix)
            if not mine and before[kind].get(name) is not function:
                prefix = manifest.table_prefix
                raise AddressError(f"the template {kind} {name!r} must begin {prefix}")
    return scratch


def _check_requests(scratch: Flask) -> None:
    """Raise AddressError when a blueprint put itself around the requests of others."""
    around = (
        scratch.before_request_funcs,
        scratch.after_request_funcs,
        scratch.teardown_request_funcs,
        scratch.url_value_preprocessors,
        scratch.url_default_functions,
        scratch.error_handler_spec,
    )
    if any(functions.get(None) for functions in around):
        raise AddressError("a blueprint must not hook into requests outside the plugin")
    if scratch.teardown_appcontext_funcs or len(scratch.template_context_processors[None]) > 1:
        raise AddressError("a blueprint must not hook into requests outside the plugin")


def _check_blueprints(scratch: Flask) -> None:
    for endpoint in scratch.view_functions:
        if endpoint.partition(".")[0] not in scratch.blueprints:
            raise AddressError(f"the view {endpoint!r} is of no blueprint")
    for blueprint in scratch.blueprints.values():
        if blueprint.has_static_folder:
            raise AddressError("static files lie in the plugin's static/ folder, for the portal")
        if blueprint.template_folder is not None:
            raise AddressError("templates lie in the plugin's templates/ folder")
