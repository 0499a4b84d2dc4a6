"""Asking every installed plugin about a member: on or off, slow or not, and failing closed.

What an export lacks is named in it, and an erasure that a plugin did not take part in waits: so a
plugin that is in quarantine, or uninstalled while its tables remain, counts as one that failed.
"""

from portal.database.applied import applied_rows
from portal.database.owners import owner_of_revision
from portal.extensions import db
from portal.personal_data import ExportPart, settled
from portal.plugin_host import dispatch
from portal.plugin_host.refs import as_ref
from portal.plugin_host.state import host
from portal.slots import PluginAnswer

PEOPLE = frozenset({"account", "member", "household", "person"})
_NEEDED = frozenset({"export_member_data", "erase_member_data"})


def ask_installed(hook: str, **arguments: object) -> list[PluginAnswer]:
    """Return each plugin's answer, in order of names; one without the hook has none to give.

    A plugin acts in a savepoint of its own, which is undone when it fails.
    """
    given = {name: as_ref(value) for name, value in arguments.items()}
    loaded, quarantined = host().loaded, host().quarantined
    answers = []
    for name in sorted({*loaded, *quarantined, *_left_behind()}):
        if name in loaded:
            answers += _ask(hook, name, given)
        else:
            reason = quarantined[name].reason if name in quarantined else "it is not installed"
            answers.append(PluginAnswer(name, fault=reason))
    return answers


def tables_about_people(plugin: str) -> list[str]:
    """Return the plugin's tables that refer to core's tables of people."""
    prefix = host().loaded[plugin].manifest.table_prefix
    return sorted(
        table.name
        for table in db.metadata.tables.values()
        if table.name.startswith(prefix)
        and PEOPLE & {key.column.table.name for key in table.foreign_keys}
    )


def _ask(hook: str, plugin: str, given: dict[str, object]) -> list[PluginAnswer]:
    savepoint = db.session.begin_nested()
    answer = dispatch.ask_strictly(hook, plugin, given)
    if answer is None:
        savepoint.rollback()
        about = tables_about_people(plugin) if hook in _NEEDED else []
        lack = f"it keeps {', '.join(about)} and has no hook {hook}"
        return [PluginAnswer(plugin, fault=lack)] if about else []
    value, fault = answer.value, answer.fault
    try:
        if fault is None and hook == "export_member_data":
            # Read now: a row that fails later would take the whole file with it.
            value = [settled(part) for part in value if isinstance(part, ExportPart)]
        savepoint.rollback() if fault else savepoint.commit()
    except Exception as error:
        # A plugin that ended the transaction by itself has failed, too.
        fault = fault or dispatch.note(plugin, hook, error)
        if savepoint.is_active:
            savepoint.rollback()
    return [PluginAnswer(plugin, value=value, fault=fault)]


def _left_behind() -> set[str]:
    """Return the plugins whose tables are there while they are not installed."""
    rows: frozenset[str] = applied_rows(db.session.connection())
    owners = {owner_of_revision(revision) for revision in rows}
    return owners - {"core", *host().loaded, *host().quarantined}
