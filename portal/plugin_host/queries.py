"""What the plugin pages show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app

from portal.extensions import db
from portal.plugin_host.host import Plugin, Quarantined
from portal.plugin_host.models import PluginBlock, PluginFault, PluginState
from portal.plugin_host.slow import SlowHooks, Timing
from portal.plugin_host.state import enabled_in, host
from portal.projects.models import Project

MOST_PROJECTS = 200


@dataclass(frozen=True)
class Row:
    """A plugin in the matrix: where it is on, and how often it failed where."""

    plugin: Plugin
    on: frozenset[int]
    blocked: bool
    faults: Mapping[int, int]

    @property
    def faults_in_all(self) -> int:
        """How often the plugin failed, in all projects and club-wide."""
        return sum(self.faults.values())


@dataclass(frozen=True)
class Matrix:
    """Plugins × projects, and what could not be loaded."""

    projects: Sequence[Project]
    rows: Sequence[Row]
    quarantined: Sequence[Quarantined]


def matrix() -> Matrix:
    """Return plugins × projects in four statements."""
    projects = db.session.scalars(
        sa.select(Project).order_by(Project.id).limit(MOST_PROJECTS)
    ).all()
    on = enabled_in([project.id for project in projects])
    blocked = set(db.session.scalars(sa.select(PluginBlock.plugin)))
    faults: dict[str, dict[int, int]] = {}
    counts = sa.select(PluginFault.plugin, PluginFault.project_key, sa.func.sum(PluginFault.times))
    for plugin, key, times in db.session.execute(
        counts.group_by(PluginFault.plugin, PluginFault.project_key)
    ):
        faults.setdefault(plugin, {})[key] = int(times)
    rows = [
        Row(
            plugin,
            frozenset(id_ for id_, names in on.items() if name in names),
            name in blocked,
            faults.get(name, {}),
        )
        for name, plugin in sorted(host().loaded.items())
    ]
    return Matrix(projects, rows, [found for _, found in sorted(host().quarantined.items())])


def switched_on_somewhere() -> set[str]:
    """Return the plugins that are switched on in a project, whether they can be loaded or not."""
    on = sa.select(PluginState.plugin).where(PluginState.enabled).distinct()
    return set(db.session.scalars(on))


def faults_of(plugin: str) -> Sequence[PluginFault]:
    """Return what went wrong in a plugin, the latest first."""
    return db.session.scalars(
        sa.select(PluginFault)
        .where(PluginFault.plugin == plugin)
        .order_by(PluginFault.last_at.desc(), PluginFault.id.desc())
        .limit(50)
    ).all()


def projects_of(faults: Sequence[PluginFault]) -> dict[int, Project]:
    """Return the projects in which faults happened, by id; club-wide ones happened in none."""
    ids = {fault.project_key for fault in faults}
    found = db.session.scalars(sa.select(Project).where(Project.id.in_(ids)))
    return {project.id: project for project in found}


def timings_of(plugin: str) -> list[tuple[str, Timing]]:
    """Return how long this process spent in each hook of a plugin."""
    slow: SlowHooks = current_app.extensions["portal.slow_hooks"]
    return sorted((hook, timing) for (name, hook), timing in slow.timings.items() if name == plugin)
