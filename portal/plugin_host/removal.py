"""Removing a plugin for good: its tables and its rows, before or after it is uninstalled."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.audit.service import record
from portal.database import removal
from portal.extensions import db
from portal.plugin_host.filing import drop_files
from portal.plugin_host.models import (
    PluginBlock,
    PluginFault,
    PluginSetting,
    PluginState,
    PluginToken,
)
from portal.plugin_host.service import SwitchError
from portal.plugin_host.state import host
from portal.projects.models import Project
from portal.search.service import drop_plugin


@dataclass(frozen=True)
class Leaving:
    """What a removal takes away; `package` is None for a plugin that is not installed.

    `rows` are those of each table, the plugin's links and settings not counted.
    """

    rows: Mapping[str, int]
    package: str | None

    @property
    def tables(self) -> list[str]:
        """The tables that are dropped."""
        return list(self.rows)


def look(plugin: str) -> Leaving:
    """Return what removing a plugin would take away. Raises SwitchError: unknown, on."""
    loaded, quarantined = host().loaded.get(plugin), host().quarantined.get(plugin)
    if not (loaded or quarantined or removal.has_revisions(plugin)):
        raise SwitchError("unknown")
    # One that is not installed is on nowhere, whatever its rows say.
    on = _projects_of(plugin) if loaded or quarantined else []
    if on:
        raise SwitchError("on", on)
    package = loaded.manifest.package if loaded else quarantined.package if quarantined else None
    rows = {name: _rows(name) for name in removal.tables_of(plugin)}
    return Leaving(rows, package)


def remove(*, actor: Account | None, plugin: str) -> Leaving:
    """Drop a plugin's tables and delete its rows; a second time changes nothing more.

    The caller's transaction ends here: the tables go at once, in transactions of their own; the
    rows and the audit entry with the caller's next commit. Raises SwitchError like `look`.
    """
    leaving = look(plugin)
    # What this transaction holds would keep the tables from being dropped.
    db.session.commit()
    removal.drop_owner(plugin)
    for model in (PluginState, PluginSetting, PluginFault, PluginBlock, PluginToken):
        db.session.execute(sa.delete(model).where(model.plugin == plugin))
    drop_plugin(plugin=plugin)
    drop_files(plugin)
    record(
        actor=actor,
        action="plugin.removed",
        subject=("plugin", plugin),
        project_id=None,
        facts={"rows": dict(leaving.rows)},
    )
    return leaving


def _rows(table: str) -> int:
    """Count a table that this process may have no model of."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(sa.table(table))) or 0


def _projects_of(plugin: str) -> list[str]:
    statement = sa.select(Project.slug).join(PluginState, PluginState.project_id == Project.id)
    on = PluginState.enabled, PluginState.plugin == plugin
    return list(db.session.scalars(statement.where(*on).order_by(Project.slug)))
