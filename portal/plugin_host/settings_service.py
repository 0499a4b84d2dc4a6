"""Changing the settings of plugins, for a project or for the whole club."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.club.queries import current_club
from portal.columns import new_public_id
from portal.extensions import db
from portal.plugin_host import service, settings
from portal.plugin_host.host import Plugin
from portal.plugin_host.models import PluginSetting
from portal.plugin_host.setting_types import Setting, SettingKind, check_value, to_json
from portal.plugin_host.state import enabled_in, host
from portal.projects.models import Project

FREE_TEXT = frozenset({SettingKind.TEXT, SettingKind.TEXTS})
"""Kinds whose values stay out of the audit trail, which can never be changed: people may be named
in them."""


class SettingsChangeError(Exception):
    """Settings were not changed. `code`: unknown, of_the_club, secret, main_language, conflict,
    needed; `keys`."""

    def __init__(self, code: str, keys: Collection[str]) -> None:
        super().__init__(code)
        self.code = code
        self.keys = sorted(keys)


@dataclass(frozen=True)
class Change:
    """A new value for a setting, or None to go back to the layer below.

    `seen`: the version of the kept value that this is about, "" when there was none.
    """

    key: str
    value: Any = field(repr=False)
    seen: str


def change(
    *, actor: Account | None, plugin: str, project: Project | None, changes: Sequence[Change]
) -> list[str]:
    """Put all changes in force, or none; return the keys, sorted.

    Raises SettingsChangeError: conflict when somebody else changed one of them since it was seen,
    needed when the plugin is on and cannot be without. Raises SwitchError for a plugin that is not
    loaded, WrongValueError for a value that does not fit. After an error, roll back.
    """
    service.check_loaded(plugin)
    found = host().loaded[plugin]
    chosen = _chosen(found, project, changes)
    project_id = project.id if project else None
    late = [
        each.key
        for each in sorted(changes, key=lambda each: each.key)
        if not _write(actor, plugin, project_id, chosen[each.key], each)
    ]
    settings.forget()
    if late:
        raise SettingsChangeError("conflict", late)
    _check_needs(found, project, [each.key for each in changes if each.value is None])
    if changes:
        _record(actor, plugin, project_id, chosen, changes)
    return sorted(each.key for each in changes)


def _chosen(
    plugin: Plugin, project: Project | None, changes: Sequence[Change]
) -> dict[str, Setting]:
    by_key = {setting.key: setting for setting in plugin.settings}
    keys = [each.key for each in changes]
    refusals = {
        "unknown": [key for key in keys if key not in by_key],
        "secret": [key for key in keys if _is(by_key, key, SettingKind.SECRET)],
        "of_the_club": [
            key for key in keys if project and key in by_key and not by_key[key].per_project
        ],
    }
    for code, refused in refusals.items():
        if refused:
            raise SettingsChangeError(code, refused)
    for each in changes:
        if each.value is not None:
            check_value(by_key[each.key], each.value)
    main = current_club().default_language
    lacking = [
        each.key
        for each in changes
        if _is(by_key, each.key, SettingKind.TEXTS) and each.value and not each.value.get(main)
    ]
    if lacking:
        raise SettingsChangeError("main_language", lacking)
    return by_key


def _is(by_key: dict[str, Setting], key: str, kind: SettingKind) -> bool:
    return key in by_key and by_key[key].kind is kind


def _write(
    actor: Account | None, plugin: str, project_id: int | None, setting: Setting, change: Change
) -> bool:
    """Write one value; False when it is no longer as it was seen."""
    row = [
        PluginSetting.plugin == plugin,
        PluginSetting.key == setting.key,
        PluginSetting.project_id == project_id,
        PluginSetting.version == change.seen,
    ]
    if change.value is None:
        return not change.seen or _touched(sa.delete(PluginSetting).where(*row))
    values = {
        "value": to_json(setting, change.value),
        "version": new_public_id(),
        "changed_at": clock.now(),
        "changed_by_id": actor.id if actor else None,
    }
    if change.seen:
        return _touched(sa.update(PluginSetting).where(*row).values(values))
    insert = (postgresql if db.engine.dialect.name == "postgresql" else sqlite).insert(
        PluginSetting
    )
    new = {"plugin": plugin, "key": setting.key, "project_id": project_id, **values}
    # The drivers do not agree on the row count of an INSERT.
    made = insert.values(new).on_conflict_do_nothing().returning(PluginSetting.id)
    return db.session.scalar(made) is not None


def _touched(statement: sa.Executable) -> bool:
    result: Any = db.session.execute(statement, execution_options={"synchronize_session": False})
    return bool(result.rowcount == 1)


def _check_needs(plugin: Plugin, project: Project | None, taken: Collection[str]) -> None:
    """Raise SettingsChangeError when a project where the plugin is on now lacks one of `taken`."""
    if not taken:
        return
    if project:
        on = enabled_in([project.id])
    else:
        on = enabled_in(list(db.session.scalars(sa.select(Project.id))))
    asked = {id_: {plugin.name} for id_, names in on.items() if plugin.name in names}
    lacking = {key for keys in settings.missing_in(asked).values() for key in keys}
    if lacking & set(taken):
        raise SettingsChangeError("needed", lacking & set(taken))


def _record(
    actor: Account | None,
    plugin: str,
    project_id: int | None,
    chosen: dict[str, Setting],
    changes: Sequence[Change],
) -> None:
    kept = [each for each in changes if each.value is not None]
    values = {
        each.key: to_json(chosen[each.key], each.value)
        for each in kept
        if chosen[each.key].kind not in FREE_TEXT
    }
    facts = {
        "set": sorted(each.key for each in kept),
        "taken_back": sorted(each.key for each in changes if each.value is None),
        "values": [f"{key}:{value}" for key, value in sorted(values.items())],
    }
    record(
        actor=actor,
        action="plugin.settings_changed",
        subject=("plugin", plugin),
        project_id=project_id,
        facts={name: found for name, found in facts.items() if found},
    )
