"""Switching plugins on and off, in one project or everywhere."""

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.database.revisions import lacks_migrations
from portal.extensions import db
from portal.outbox.service import emit
from portal.plugin_host import dispatch
from portal.plugin_host.migrated import is_migrated
from portal.plugin_host.models import PluginBlock, PluginState
from portal.plugin_host.refs import project_ref
from portal.plugin_host.settings import missing
from portal.plugin_host.state import enabled_in, host
from portal.projects.models import Project


class SwitchError(Exception):
    """A plugin cannot be switched, purged or removed so.

    `code`: unknown, quarantined, blocked, migrations, no_revision, requires, settings, needed,
    objection; on, no_purge, failed, left. `names`: plugins, projects, tables, keys of settings,
    objections or the reference.
    """

    def __init__(self, code: str, names: list[str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.names = names or []


def enable(*, actor: Account | None, plugin: str, project: Project) -> None:
    """Switch a plugin on in a project; once more changes nothing. Raises SwitchError."""
    check_loaded(plugin)
    if db.session.get(PluginBlock, plugin) is not None:
        raise SwitchError("blocked")
    if not is_migrated(plugin, afresh=True):
        raise SwitchError("no_revision" if lacks_migrations(plugin) else "migrations")
    on = enabled_in([project.id])[project.id]
    lacking = sorted(host().loaded[plugin].manifest.requires - on)
    if lacking:
        raise SwitchError("requires", lacking)
    if plugin in on:
        return
    unset = missing(plugin, project.id)
    if unset:
        raise SwitchError("settings", unset)
    objections = dispatch.check("check_plugin_enable", project=project_ref(project), plugin=plugin)
    if objections:
        raise SwitchError("objection", objections)
    _write(actor, plugin, project, enabled=True)


def disable(*, actor: Account | None, plugin: str, project: Project) -> None:
    """Switch a plugin off in a project. Its data stays, and no plugin is asked.

    Raises SwitchError("needed") while another plugin that is on requires it.
    """
    if plugin not in host().loaded and plugin not in host().quarantined:
        raise SwitchError("unknown")
    on = enabled_in([project.id])[project.id]
    needing = sorted(
        name for name in on - {plugin} if plugin in host().loaded[name].manifest.requires
    )
    if needing:
        raise SwitchError("needed", needing)
    _write(actor, plugin, project, enabled=False)


def block(*, actor: Account | None, plugin: str, reason: str) -> None:
    """Switch a plugin off everywhere at once; where it was on is remembered."""
    if plugin not in host().loaded and plugin not in host().quarantined:
        raise SwitchError("unknown")
    if db.session.get(PluginBlock, plugin) is not None:
        return
    row = PluginBlock(plugin=plugin, reason=reason, blocked_by_id=actor.id if actor else None)
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except sa.exc.IntegrityError:
        return  # Somebody else blocked it at the same moment, and gave the reason.
    record(actor=actor, action="plugin.blocked", subject=("plugin", plugin), project_id=None,
           reason=reason)  # fmt: skip


def unblock(*, actor: Account | None, plugin: str) -> None:
    """Let a blocked plugin be on again where it was."""
    blocked = db.session.get(PluginBlock, plugin)
    if blocked is not None:
        db.session.delete(blocked)
        record(actor=actor, action="plugin.unblocked", subject=("plugin", plugin), project_id=None)


def check_loaded(plugin: str) -> None:
    """Raise SwitchError for a plugin that is not installed, or in quarantine."""
    if plugin in host().quarantined:
        raise SwitchError("quarantined", [host().quarantined[plugin].reason])
    if plugin not in host().loaded:
        raise SwitchError("unknown")


def _write(actor: Account | None, plugin: str, project: Project, *, enabled: bool) -> None:
    state = lock_state(plugin, project)
    if state.enabled == enabled:
        return
    state.enabled = enabled
    state.changed_at = clock.now()
    state.changed_by_id = actor.id if actor else None
    action = "plugin.enabled" if enabled else "plugin.disabled"
    record(actor=actor, action=action, subject=("plugin", plugin), project_id=project.id)
    emit(kind=action, project_id=project.id, subject=("plugin", plugin))


def lock_state(plugin: str, project: Project) -> PluginState:
    """Return the row of a plugin in a project, locked; made, and off, when there is none."""
    wanted = (
        sa.select(PluginState)
        .where(PluginState.plugin == plugin, PluginState.project_id == project.id)
        .with_for_update()
        # Not what this session read before another one's switch.
        .execution_options(populate_existing=True)
    )
    found = db.session.scalar(wanted)
    if found is not None:
        return found
    made = PluginState(plugin=plugin, project_id=project.id, enabled=False, changed_at=clock.now())
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except sa.exc.IntegrityError:
        # Somebody else switched it at the same moment: theirs is the row.
        return db.session.scalars(wanted).one()
    return made
