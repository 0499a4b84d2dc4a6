"""Is it on? One function answers, for pages, hooks, staff and whatever comes later."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from flask import current_app, g
from werkzeug.exceptions import NotFound

from portal.club.queries import current_club
from portal.extensions import db
from portal.i18n import gettext, localized
from portal.plugin_host.host import PluginHost
from portal.plugin_host.migrated import is_migrated
from portal.plugin_host.models import PluginBlock, PluginState
from portal.projects.models import Project

_SWITCHED_ON = (PluginState.enabled, PluginState.plugin.not_in(sa.select(PluginBlock.plugin)))
# Built once: building it took longer than asking it. Names of plugins hold no comma.
_PROJECT = sa.select(
    Project,
    sa.select(sa.func.aggregate_strings(PluginState.plugin, ","))
    .where(PluginState.project_id == Project.id, *_SWITCHED_ON)
    .scalar_subquery(),
).where(Project.slug == sa.bindparam("slug"))


class NotOpenHere(NotFound):
    """The plugin of this address is not on in the project of the address, or in none."""

    def __init__(self, plugin: str) -> None:
        super().__init__()
        found = host().loaded[plugin].manifest
        project = g.get("project")
        name = localized(project.name) if project else localized(current_club().name)
        self.title = gettext(
            "%(project)s has not opened “%(plugin)s”",
            project=name,
            plugin=localized(found.title),
        )
        self.advice = gettext("Each project decides what it opens. Nothing of yours is affected.")


class ClosedLink(NotFound):
    """The token of this address opens nothing: one page for every reason, so that none is told."""

    def __init__(self) -> None:
        super().__init__()
        self.title = gettext("This link does not open anything")
        self.advice = gettext(
            "It may be mistyped, used, ended or withdrawn. Ask whoever gave it to you for another."
        )


def host() -> PluginHost:
    """Return the application's plugin host."""
    found: PluginHost = current_app.extensions["portal.plugins"]
    return found


def find_project(slug: str) -> Project | None:
    """Return the project of an address; what is on in it comes with the same statement."""
    found = db.session.execute(_PROJECT, {"slug": slug}).first()
    if found is None:
        return None
    project: Project = found[0]
    _kept()[project.id] = _closed(set((found[1] or "").split(",")))
    return project


def enabled_for(project_id: int) -> frozenset[str]:
    """Return the plugins that are on in a project: loaded, not blocked, switched on, and with
    everything they require on too. One statement a request and project, kept on `g` only."""
    kept = _kept()
    if project_id not in kept:
        kept[project_id] = _closed(_switched_on([project_id])[project_id])
    return kept[project_id]


def enabled_in(project_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
    """Return for several projects at once which plugins are on: one statement."""
    return {id_: _closed(names) for id_, names in _switched_on(project_ids).items()}


def is_on(plugin: str, project_id: int) -> bool:
    """Tell whether a plugin is on in a project."""
    return plugin in enabled_for(project_id)


def projects_with(plugin: str, project_ids: Collection[int] | None) -> frozenset[int]:
    """Return in which of the projects (None: of all projects) a plugin is on: one statement."""
    if plugin not in host().loaded:
        return frozenset()
    where = [PluginState.plugin == plugin, PluginState.enabled]
    if project_ids is not None:
        where.append(PluginState.project_id.in_(project_ids))
    candidates = sa.select(PluginState.project_id).where(*where)
    rows = db.session.execute(
        sa.select(PluginState.project_id, PluginState.plugin).where(
            PluginState.project_id.in_(candidates), *_SWITCHED_ON
        )
    )
    found: dict[int, set[str]] = {}
    for project_id, name in rows:
        found.setdefault(project_id, set()).add(name)
    return frozenset(id_ for id_, names in found.items() if plugin in _closed(names))


def is_on_somewhere(plugin: str, project_ids: Collection[int] | None) -> bool:
    """Tell whether a plugin is on in one of the projects at least (None: of all projects)."""
    return bool(projects_with(plugin, project_ids))


def _kept() -> dict[int, frozenset[str]]:
    kept: dict[int, frozenset[str]] = g.setdefault("plugins_enabled", {})
    return kept


def _switched_on(project_ids: Collection[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {id_: set() for id_ in project_ids}
    if not host().loaded:
        return found
    rows = db.session.execute(
        sa.select(PluginState.project_id, PluginState.plugin).where(
            PluginState.project_id.in_(project_ids), *_SWITCHED_ON
        )
    )
    for project_id, plugin in rows:
        found[project_id].add(plugin)
    return found


def _closed(names: set[str]) -> frozenset[str]:
    """Take away what is not loaded or not migrated, and what requires something that is not on."""
    loaded = host().loaded
    on = {name for name in names if name in loaded and is_migrated(name)}
    while missing := {name for name in on if not loaded[name].manifest.requires <= on}:
        on -= missing
    return frozenset(on)
