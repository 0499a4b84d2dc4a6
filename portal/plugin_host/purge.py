"""Deleting what a plugin keeps about one project, for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.audit.service import record
from portal.database import removal
from portal.extensions import db
from portal.files.models import StoredFile
from portal.pagination import Page, page_of
from portal.plugin_host import dispatch, service
from portal.plugin_host.filing import count_files, drop_files
from portal.plugin_host.models import PluginFault, PluginSetting, PluginState
from portal.plugin_host.refs import project_ref
from portal.plugin_host.service import SwitchError
from portal.plugin_host.state import host
from portal.plugin_host.tokens import revoke_tokens
from portal.projects.models import Project
from portal.search.service import drop_plugin

HOOK = "purge_project_data"
FILES = StoredFile.__tablename__


@dataclass(frozen=True)
class Place:
    """A project in which a plugin keeps rows, or is on."""

    project: Project
    rows: int
    on: bool


def look(plugin: str, project: Project) -> Mapping[str, int]:
    """Return how many rows each of the plugin's tables has of `project`, by the table's name.

    Raises SwitchError: unknown, quarantined, on, and no_purge for a plugin that has tables of
    projects and no hook to purge them.
    """
    service.check_loaded(plugin)
    state = sa.select(PluginState.enabled).where(
        PluginState.plugin == plugin, PluginState.project_id == project.id
    )
    if db.session.scalar(state):
        raise SwitchError("on", [project.slug])
    tables = _tables(plugin)
    if tables and not dispatch.implementations(HOOK, plugin):
        # By its `project_id` alone the portal could delete rows, not files, nor rows below them.
        raise SwitchError("no_purge")
    files = count_files(plugin, project.id)
    return {**_counted(tables, project), **({FILES: files} if files else {})}


def places(plugin: str) -> Page[Place]:
    """Return a page of the projects, with the number of the plugin's rows in each: one statement a
    table."""
    page = page_of(sa.select(Project), Project.slug)
    ids = [project.id for project in page.items]
    rows: dict[int, int] = {}
    for table in _tables(plugin):
        key = table.c.project_id
        for project_id, count in db.session.execute(
            sa.select(key, sa.func.count()).group_by(key).where(key.in_(ids))
        ):
            rows[project_id] = rows.get(project_id, 0) + count
    on = set(
        db.session.scalars(
            sa.select(PluginState.project_id).where(
                PluginState.plugin == plugin,
                PluginState.enabled,
                PluginState.project_id.in_(ids),
            )
        )
    )
    found = [Place(each, rows.get(each.id, 0), each.id in on) for each in page.items]
    return replace(page, items=found)


def purge(*, actor: Account | None, plugin: str, project: Project) -> Mapping[str, int]:
    """Delete a plugin's data of a project, revoke its links there; return what was deleted.

    The caller commits. Raises SwitchError like `look`, failed with the reference of the fault, and
    left with the tables in which the plugin forgot rows: roll back then.
    """
    # Locked: nobody switches it on meanwhile.
    service.lock_state(plugin, project)
    counted = look(plugin, project)
    reference = dispatch.act(HOOK, plugin=plugin, project=project_ref(project))
    if reference is not None:
        raise SwitchError("failed", [reference])
    left = [name for name, rows in _counted(_tables(plugin), project).items() if rows]
    if left:
        raise SwitchError("left", left)
    _drop_files(plugin, project)
    tokens = revoke_tokens(plugin=plugin, project=project_ref(project))
    drop_plugin(plugin=plugin, project_id=project.id)
    faults = PluginFault.plugin == plugin, PluginFault.project_key == project.id
    db.session.execute(sa.delete(PluginFault).where(*faults))
    own = PluginSetting.plugin == plugin, PluginSetting.project_id == project.id
    db.session.execute(sa.delete(PluginSetting).where(*own))
    record(
        actor=actor,
        action="plugin.purged",
        subject=("plugin", plugin),
        project_id=project.id,
        facts={"rows": dict(counted), "tokens": tokens},
    )
    return counted


def _drop_files(plugin: str, project: Project) -> None:
    """Delete the plugin's files of the project; raise SwitchError while rows refer to them."""
    try:
        with db.session.begin_nested():
            drop_files(plugin, project.id)
    except sa.exc.IntegrityError as error:
        raise SwitchError("left", [FILES]) from error


def _tables(plugin: str) -> list[sa.Table]:
    """Return the plugin's tables that the database has and that say of which project a row is."""
    prefix = host().loaded[plugin].manifest.table_prefix
    there = set(removal.tables_of(plugin))
    return [
        table
        for name, table in sorted(db.metadata.tables.items())
        if name.startswith(prefix) and name in there and "project_id" in table.c
    ]


def _counted(tables: Sequence[sa.Table], project: Project) -> Mapping[str, int]:
    return {
        table.name: db.session.scalar(
            sa.select(sa.func.count()).select_from(table).where(table.c.project_id == project.id)
        )
        or 0
        for table in tables
    }
