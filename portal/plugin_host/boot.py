"""Putting the plugin host into the application."""

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint

from flask import Flask, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import public
from portal.config import Settings, SettingsError
from portal.database.owners import Owner, configure_owners
from portal.extensions import db
from portal.i18n_domain import configure_domain
from portal.i18n_templates import configure_templates
from portal.permissions import roles
from portal.plugin_host import dispatch, faults, finding, indexing, loader
from portal.plugin_host.afterwards import HEARD, configure_afterwards
from portal.plugin_host.cards import BROKEN
from portal.plugin_host.everyone import ask_installed
from portal.plugin_host.hookspecs import ABOUT_MEMBERS, RETURNS
from portal.plugin_host.host import PluginHost
from portal.plugin_host.refs import as_ref, project_ref
from portal.plugin_host.slow import SlowHooks
from portal.plugin_host.state import is_on, is_on_somewhere
from portal.plugin_host.telling import configure_telling
from portal.plugin_host.trace import configure_trace
from portal.projects.models import Project
from portal.slots import Card, MemberHome, Slots
from portal.words import add_audit_words


def configure_plugins(
    app: Flask, settings: Settings, found: Iterable[EntryPoint] | None = None
) -> PluginHost:
    """Load the installed plugins, register what they bring, and fill core's slots from them.

    In development a plugin that cannot be loaded stops the boot with a SettingsError, unless it is
    blocked; elsewhere it stays in quarantine.
    """
    host = loader.load_plugins(found, blocked=settings.block_plugins)
    if settings.development:
        _stop_for_the_first_fault(host, settings.block_plugins)
    app.extensions["portal.plugins"] = host
    app.extensions["portal.slow_hooks"] = SlowHooks()
    configure_owners(app, _owners(host), _prefixes(host))
    for plugin in host.loaded.values():
        roles.add_permissions(plugin.permissions)
        add_audit_words(app, plugin.name, plugin.audit_words)
    loader.register_blueprints(app, host)
    plugins = dict(sorted(host.loaded.items()))
    configure_domain(
        app,
        {name: plugin.catalogues for name, plugin in plugins.items()},
        {plugin.manifest.package: name for name, plugin in plugins.items()},
    )
    configure_templates(app, plugins)
    configure_afterwards(app, host)
    configure_telling(app, host, settings)
    faults.configure_faults(app)
    if settings.trace_hooks:
        configure_trace(app, settings)
    slots: Slots = app.extensions["portal.slots"]
    slots.ask_plugins = _fill
    slots.ask_installed = ask_installed
    slots.objections = _objections
    slots.implemented = dispatch.is_implemented
    slots.is_plugin_on = _is_on
    slots.plugins_on, slots.describe_hits = finding.plugins_on, finding.describe_hits
    slots.plugin_faces = finding.faces
    slots.searchable_plugins, slots.rebuild_search = indexing.searchable, indexing.rebuild
    app.add_url_rule("/static/plugins/<plugin>/<path:filename>", "plugin_static", _static(host))
    return host


def _is_on(plugin: str, project_id: int | None) -> bool:
    if project_id is None:
        return is_on_somewhere(plugin, None)
    return is_on(plugin, project_id)


def _objections(hook: str, project_id: int, **arguments: object) -> list[str]:
    """Ask a check of the plugins that are on in a project; nothing is read when none has it."""
    if not dispatch.is_implemented(hook):
        return []
    project = project_ref(db.session.get_one(Project, project_id))
    return dispatch.check(hook, project=project, **arguments)


def _owners(host: PluginHost) -> list[Owner]:
    """Return what migrations need: they run for every installed plugin, loaded or not."""
    owners = [Owner(name, plugin.manifest.migrations) for name, plugin in host.loaded.items()]
    for name, found in host.quarantined.items():
        if found.manifest is None:
            owners.append(Owner(name, loaded=False, fault=found.reason))
        else:
            owners.append(Owner(name, found.manifest.migrations, loaded=False))
    return owners


def _prefixes(host: PluginHost) -> dict[str, str]:
    manifests = [plugin.manifest for plugin in host.loaded.values()]
    manifests += [found.manifest for found in host.quarantined.values() if found.manifest]
    return {manifest.name: manifest.table_prefix for manifest in manifests}


def _stop_for_the_first_fault(host: PluginHost, blocked: frozenset[str]) -> None:
    for name, found in sorted(host.quarantined.items()):
        if name not in blocked:
            raise SettingsError(
                f"The plugin {name} cannot be loaded: {found.reason}. "
                f"Mend it, or start with PORTAL_BLOCK_PLUGINS={name}."
            )


def _fill(slot: str, *args: object) -> list[object]:
    """Return what the plugins put into a slot: the first argument is the project."""
    if slot not in RETURNS or slot in ABOUT_MEMBERS or slot in HEARD:
        return []
    project, *rest = (as_ref(argument) for argument in args)
    if project is None and slot not in EVERYWHERE:
        return []
    names = _ARGUMENTS.get(slot, ())
    filled: list[object] = []
    for answer in dispatch.call(slot, project=project, **dict(zip(names, rest, strict=True))):
        if answer.fault is not None:
            filled += _broken(slot, answer)
        elif isinstance(answer.value, list):
            filled += answer.value
        else:
            filled.append(answer.value)
    return filled


_ARGUMENTS = {"member_profile_sections": ("member",)}
EVERYWHERE = frozenset({"nav_items"})
"""What is asked outside a project, too: every loaded plugin may have pages of the whole group."""


def _broken(slot: str, answer: dispatch.Answer) -> list[object]:
    """Return what stands in a page where a plugin failed."""
    card = Card(BROKEN, answer, order=1000)
    if slot == "member_home":
        return [MemberHome(cards=(card,))]
    return [card] if slot == "member_profile_sections" else []


def _static(host: PluginHost) -> Callable[[str, str], Response]:
    @public
    def plugin_static(plugin: str, filename: str) -> Response:
        found = host.loaded.get(plugin)
        if found is None:
            raise NotFound
        return send_from_directory(found.manifest.folder / "static", filename)

    return plugin_static
