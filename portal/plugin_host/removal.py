"""Removing a plugin for good: its tables and its rows, before or after it is uninstalled."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.audit.service import record
from portal.database import removal
from portal.extensions import db
from portal.plugin_host.models import PluginBlock, PluginFault, PluginState
from portal.plugin_host.service import SwitchError
from portal.plugin_host.state import host
from portal.projects.models import Project


@dataclass(frozen=True)
class Leaving:
    """What a removal takes away; `package` is None for a plugin that is not installed."""

    tables: list[str]
    package: str | None


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
    return Leaving(removal.tables_of(plugin), package)


def remove(*, actor: Account | None, plugin: str) -> Leaving:
    """Drop a plugin's tables and delete its rows; a second time changes nothing more.

    The caller's transaction ends here: the tables go at once, in transactions of their own; the
    rows and the audit entry with the caller's next commit. Raises SwitchError like `look`.
    """
    leaving = look(plugin)
    # What this transaction holds would keep the tables from being dropped.
    db.session.commit()
    removal.drop_owner(plugin)
    for model in (PluginState, PluginFault, PluginBlock):
        db.session.execute(sa.delete(model).where(model.plugin == plugin))
    record(
        actor=actor,
        action="plugin.removed",
        subject=("plugin", plugin),
        project_id=None,
        facts={"tables": leaving.tables},
    )
    return leaving


def _projects_of(plugin: str) -> list[str]:
    statement = sa.select(Project.slug).join(PluginState, PluginState.project_id == Project.id)
    on = PluginState.enabled, PluginState.plugin == plugin
    return list(db.session.scalars(statement.where(*on).order_by(Project.slug)))
