"""Loading every installed plugin at boot; one that cannot be loaded goes into quarantine.

The order for each: manifest, models, hooks, what it registers, routes. Nothing is registered with
the application before everything was checked on a scratch application.
"""

import difflib
import importlib
import inspect
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

import pluggy
from flask import Blueprint, Flask
from werkzeug.routing import Map

from portal.earning.sources import PointSource
from portal.extensions import db
from portal.facts.models import SOURCE_LENGTH
from portal.jobs.registry import Job
from portal.outbox.registry import EventKind
from portal.permissions.roles import PERMISSIONS, Permission
from portal.plugin_host import hookspecs
from portal.plugin_host.addresses import check_routes
from portal.plugin_host.catalogues import read_catalogues
from portal.plugin_host.hookspecs import GROUP, RETURNS
from portal.plugin_host.host import Plugin, PluginHost, Quarantined
from portal.plugin_host.manifest import Manifest, ManifestError, read_manifest
from portal.plugin_host.setting_rules import check_settings
from portal.plugin_host.tables import check_tables, core_table_below, forget_tables
from portal.plugin_host.telling import check_telling
from portal.words import AuditWord

ENTRY_POINT_GROUP = "portal.plugins"


class LoadError(Exception):
    """A plugin breaks the contract; the text says how."""


def load_plugins(
    found: Iterable[EntryPoint] | None = None, *, blocked: frozenset[str] = frozenset()
) -> PluginHost:
    """Load the plugins that are installed; `blocked` ones are not even imported.

    Nothing here raises for a plugin's sake: what is wrong with one is told by its quarantine.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    host = PluginHost(manager)
    points = list(entry_points(group=ENTRY_POINT_GROUP) if found is None else found)
    for manifest in _manifests(host, sorted(points, key=lambda point: point.name), blocked):
        tables = set(db.metadata.tables)
        try:
            host.loaded[manifest.name] = _load(host, manifest)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            forget_tables(set(db.metadata.tables) - tables)
            if manager.has_plugin(manifest.name):
                manager.unregister(name=manifest.name)
            _quarantine(host, manifest.name, manifest.package, _sentence(error), manifest)
    _quarantine_what_lacks_its_needs(host)
    return host


def _manifests(
    host: PluginHost, points: Sequence[EntryPoint], blocked: frozenset[str]
) -> list[Manifest]:
    """Return the manifests that can be read and do not clash."""
    manifests: list[Manifest] = []
    names = [point.name for point in points]
    for point in points:
        try:
            if names.count(point.name) > 1:
                raise ManifestError(f"two installed packages are called {point.name!r}")
            manifest = read_manifest(point.name, point.value)
            clash = _clash(manifest, manifests)
            if clash:
                raise ManifestError(f"its table prefix begins or continues that of {clash!r}")
            taken = core_table_below(manifest.table_prefix)
            if taken:
                raise ManifestError(f"its table prefix is that of core's table {taken!r}")
        except ManifestError as error:
            _quarantine(host, point.name, point.value, str(error))
            continue
        if manifest.name in blocked:
            _quarantine(host, point.name, point.value, "blocked by PORTAL_BLOCK_PLUGINS", manifest)
            continue
        manifests.append(manifest)
    return manifests


def _clash(manifest: Manifest, others: Iterable[Manifest]) -> str | None:
    for other in others:
        shorter, longer = sorted((manifest.table_prefix, other.table_prefix), key=len)
        if longer.startswith(shorter):
            return other.name
    return None


def _load(host: PluginHost, manifest: Manifest) -> Plugin:
    if manifest.models:
        before = set(db.metadata.tables)
        importlib.import_module(manifest.module(manifest.models))
        check_tables(manifest, set(db.metadata.tables) - before)
    hooks = importlib.import_module(manifest.module(manifest.hooks))
    _check_hooks(hooks)
    host.manager.register(hooks, manifest.name)
    host.manager.check_pending()
    blueprints = _registered(host, manifest, "register_blueprints")
    permissions = _registered(host, manifest, "register_permissions")
    _check_permissions(manifest, permissions)
    jobs = _registered(host, manifest, "register_jobs")
    events = _registered(host, manifest, "register_events")
    _check_kinds(manifest, [*jobs, *events])
    routes = check_routes(manifest, blueprints)
    words = _registered(host, manifest, "register_audit_words")
    _check_words(manifest, words, routes)
    _check_templates(manifest)
    settings = _registered(host, manifest, "register_settings")
    values = check_settings(settings, manifest.settings)
    notifications = _registered(host, manifest, "register_notifications")
    senders = _registered(host, manifest, "register_senders")
    check_telling(manifest.name, notifications, senders)
    sources = _registered(host, manifest, "register_point_sources")
    _check_sources(manifest, sources)
    catalogues = read_catalogues(manifest.folder)
    return Plugin(
        manifest,
        tuple(blueprints),
        tuple(permissions),
        catalogues,
        jobs=tuple(jobs),
        events=tuple(events),
        audit_words=tuple(words),
        settings=tuple(settings),
        notifications=tuple(notifications),
        senders=tuple(senders),
        point_sources=tuple(sources),
        manifest_values=values,
    )


def _check_templates(manifest: Manifest) -> None:
    """Refuse templates that would stand for another plugin's, or for core's."""
    folder = manifest.folder / "templates"
    for found in sorted(folder.iterdir()) if folder.is_dir() else ():
        if found.name != manifest.name and not found.name.startswith("."):
            raise LoadError(f"templates/{found.name} does not lie in templates/{manifest.name}/")


def _check_hooks(hooks: ModuleType) -> None:
    """Refuse wrappers, and functions named like a hook that lack the marker."""
    for name, function in inspect.getmembers(hooks, inspect.isfunction):
        options = getattr(function, f"{GROUP}_impl", None)
        if options is None:
            if name in RETURNS and function.__module__ == hooks.__name__:
                raise LoadError(f"{name} lacks @hookimpl")
            continue
        if name not in RETURNS and not options.get("specname"):
            raise LoadError(_unknown_hook(name))
        if options.get("wrapper") or options.get("hookwrapper"):
            raise LoadError(f"{name} is a hook wrapper, which the portal does not allow")


def _unknown_hook(name: str) -> str:
    near = difflib.get_close_matches(name, RETURNS, n=1)
    return f"unknown hook {name!r}" + (f": did you mean {near[0]!r}?" if near else "")


def _registered(host: PluginHost, manifest: Manifest, hook: str) -> list[Any]:
    """Return what the plugin registers at boot by `hook`, checked for its kind."""
    for implementation in getattr(host.manager.hook, hook).get_hookimpls():
        if implementation.plugin_name == manifest.name:
            value: list[Any] = implementation.function()
            RETURNS[hook].check(hook, value)
            return value
    return []


def _check_permissions(manifest: Manifest, permissions: Iterable[Permission]) -> None:
    for permission in permissions:
        if not permission.key.startswith(f"{manifest.name}."):
            raise LoadError(f"the permission {permission.key!r} must begin {manifest.name}.")
        if permission.key in PERMISSIONS:
            raise LoadError(f"the permission {permission.key!r} is core's")


def _check_kinds(manifest: Manifest, found: Iterable[Job | EventKind]) -> None:
    kinds = [each.kind for each in found]
    for kind in kinds:
        if not kind.startswith(f"{manifest.name}."):
            raise LoadError(f"the kind {kind!r} of a job or event must begin {manifest.name}.")
        if kinds.count(kind) > 1:
            raise LoadError(f"the kind {kind!r} of a job or event is there twice")


def _check_sources(manifest: Manifest, found: Iterable[PointSource]) -> None:
    keys = [each.key for each in found]
    for key in keys:
        if not key.startswith(f"{manifest.name}.") or len(key) > SOURCE_LENGTH:
            raise LoadError(
                f"the point source {key!r} must begin {manifest.name}., in {SOURCE_LENGTH} letters"
            )
        if keys.count(key) > 1:
            raise LoadError(f"the point source {key!r} is there twice")


def _check_words(manifest: Manifest, words: Iterable[AuditWord], routes: Map) -> None:
    """Refuse words for acts of others, there twice, or with a page that cannot be linked."""
    keys = [word.key for word in words]
    for word in words:
        if not re.fullmatch(rf"{manifest.name}\.[a-z0-9_.]+|[a-z][a-z0-9_]*", word.key):
            raise LoadError(f"the audit word {word.key!r} is no act of {manifest.name}. or subject")
        if keys.count(word.key) > 1:
            raise LoadError(f"the audit word {word.key!r} is there twice")
        rules = [rule for rule in routes.iter_rules() if rule.endpoint == word.page]
        if word.page and not any(len(rule.arguments - {"project"}) == 1 for rule in rules):
            raise LoadError(
                f"the audit word {word.key!r} has a page that does not take just a public id"
            )


def _quarantine_what_lacks_its_needs(host: PluginHost) -> None:
    """A plugin that requires one which is not loaded cannot ever be on: say so."""
    while True:
        lacking = {
            name: plugin.manifest.requires - host.loaded.keys()
            for name, plugin in host.loaded.items()
            if plugin.manifest.requires - host.loaded.keys()
        }
        if not lacking:
            return
        for name, needs in lacking.items():
            manifest = host.loaded.pop(name).manifest
            host.manager.unregister(name=name)
            reason = f"requires {', '.join(sorted(needs))}, which is not loaded"
            _quarantine(host, name, manifest.package, reason, manifest)


def _templates_of(plugin: Plugin) -> Blueprint:
    """Return a blueprint without routes that makes the plugin's templates/ known."""
    folder = str(plugin.manifest.folder)
    name = f"{plugin.name}__templates"
    return Blueprint(name, plugin.manifest.package, root_path=folder, template_folder="templates")


def _quarantine(
    host: PluginHost, name: str, package: str, reason: str, manifest: Manifest | None = None
) -> None:
    host.quarantined[name] = Quarantined(name, package, reason, manifest)


def _sentence(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split()) or "no further words"
    except Exception:
        text = "no further words"
    return text if isinstance(error, LoadError) else f"{type(error).__name__}: {text}"[:500]


def register_blueprints(app: Flask, host: PluginHost) -> None:
    """Register the loaded plugins' blueprints; they are gated by the host from then on."""
    for plugin in host.loaded.values():
        if (plugin.manifest.folder / "templates").is_dir():
            app.register_blueprint(_templates_of(plugin))
        for blueprint in plugin.blueprints:
            app.register_blueprint(blueprint)
            host.plugin_of_blueprint[blueprint.name] = plugin.name
