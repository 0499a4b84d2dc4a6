"""What the plugin pages show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app

from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.columns import Texts
from portal.extensions import db
from portal.i18n import LANGUAGES, Text
from portal.pagination import Page, page_of
from portal.plugin_host.host import Plugin, Quarantined
from portal.plugin_host.models import PluginBlock, PluginFault, PluginState
from portal.plugin_host.settings import missing_in
from portal.plugin_host.slow import SlowHooks, Timing
from portal.plugin_host.state import enabled_in, host
from portal.projects.models import Project

PROJECTS_A_PAGE = 8
"""More columns do not fit a desk, and on a phone each plugin is a card with a line a project."""
LONGEST_SEARCH = 60


@dataclass(frozen=True)
class Cell:
    """A plugin in a project: whether it is on, what it lacks, its faults and how long it takes."""

    on: bool
    lacking: Sequence[Text]
    faults: int
    milliseconds: float | None

    @property
    def lamp(self) -> str:
        """The class of the lamp: y for what somebody should look at, g for on, nothing for off."""
        return "y" if self.faults or self.lacking else "g" if self.on else ""


@dataclass(frozen=True)
class Row:
    """A plugin in the matrix: its cells by project, and how often it failed in all projects."""

    plugin: Plugin
    cells: Mapping[int, Cell]
    blocked: str | None
    """Why it is blocked everywhere, if it is."""
    faults_in_all: int


@dataclass(frozen=True)
class LastChange:
    """Who changed something about plugins last: switched, blocked, set up, purged."""

    at: datetime
    action: str
    plugin: str
    who: str | None
    project: Texts | None


@dataclass(frozen=True)
class Matrix:
    """Plugins × the projects of one page, and what could not be loaded."""

    page: Page[Project]
    rows: Sequence[Row]
    quarantined: Sequence[Quarantined]
    last: LastChange | None


def matrix(search: str) -> Matrix:
    """Return plugins × one page of the projects whose name or short name has `search` in it."""
    page: Page[Project] = page_of(_projects(search), Project.id, size=PROJECTS_A_PAGE)
    ids = [project.id for project in page.items]
    on, (blocks, faults) = enabled_in(ids), _blocks_and_faults()
    lacking = missing_in({id_: host().loaded.keys() for id_ in ids})
    slow: SlowHooks = current_app.extensions["portal.slow_hooks"]

    def cell(plugin: Plugin, id_: int) -> Cell:
        share = slow.shares.get((plugin.name, id_))
        titles = {setting.key: setting.title for setting in plugin.settings}
        return Cell(
            plugin.name in on[id_],
            [titles[key] for key in lacking.get((id_, plugin.name), ())],
            faults.get((plugin.name, id_), 0),
            share.milliseconds if share else None,
        )

    rows = [
        Row(
            plugin,
            {id_: cell(plugin, id_) for id_ in ids},
            blocks.get(name),
            sum(times for (of, _), times in faults.items() if of == name),
        )
        for name, plugin in sorted(host().loaded.items())
    ]
    quarantined = [found for _, found in sorted(host().quarantined.items())]
    return Matrix(page, rows, quarantined, last_change())


def _projects(search: str) -> sa.Select[Any]:
    statement = sa.select(Project)
    wanted = search.strip()[:LONGEST_SEARCH]
    if wanted:
        names = [Project.name[language].as_string() for language in LANGUAGES]
        found = [name.icontains(wanted, autoescape=True) for name in (Project.slug, *names)]
        statement = statement.where(sa.or_(*found))
    return statement


def _blocks_and_faults() -> tuple[dict[str, str], dict[tuple[str, int], int]]:
    """Return why each blocked plugin is, and how often each plugin failed in each project (0: in
    none): one statement."""
    faults = sa.select(
        PluginFault.plugin,
        sa.null().label("reason"),
        PluginFault.project_key,
        sa.func.sum(PluginFault.times),
    ).group_by(PluginFault.plugin, PluginFault.project_key)
    blocks = sa.select(PluginBlock.plugin, PluginBlock.reason, sa.null(), sa.null())
    rows: Sequence[Any] = db.session.execute(sa.union_all(blocks, faults)).all()
    return (
        {plugin: reason for plugin, reason, _, times in rows if times is None},
        {(plugin, key): int(times) for plugin, _, key, times in rows if times is not None},
    )


def last_change(plugin: str | None = None) -> LastChange | None:
    """Return the newest act about a plugin, or about any."""
    statement = (
        sa.select(AuditEntry, Account.display_name, Project.name)
        .outerjoin(Account, Account.id == AuditEntry.actor_id)
        .outerjoin(Project, Project.id == AuditEntry.project_id)
        .where(AuditEntry.subject_kind == "plugin")
        .order_by(AuditEntry.created_at.desc(), AuditEntry.id.desc())
        .limit(1)
    )
    if plugin is not None:
        statement = statement.where(AuditEntry.subject_key == plugin)
    found = db.session.execute(statement).first()
    if found is None:
        return None
    entry, who, project = found
    return LastChange(entry.created_at, entry.action, entry.subject_key, who, project)


@dataclass(frozen=True)
class Standing:
    """A plugin in all projects, for programs and the shell."""

    plugin: Plugin
    on: Sequence[str]
    blocked: bool
    faults: int


def standings() -> list[Standing]:
    """Return every loaded plugin with the short names of the projects in which it is on."""
    slugs = dict(db.session.execute(sa.select(Project.id, Project.slug)).tuples().all())
    on, (blocked, faults) = enabled_in(slugs.keys()), _blocks_and_faults()
    return [
        Standing(
            plugin,
            sorted(slugs[id_] for id_, names in on.items() if name in names),
            name in blocked,
            sum(times for (of, _), times in faults.items() if of == name),
        )
        for name, plugin in sorted(host().loaded.items())
    ]


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
