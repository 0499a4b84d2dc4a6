"""The values of plugins' settings: project, then club, then plugin.toml, then the default.

One statement a request brings the rows of all plugins for a project and the club. They are kept on
`g` only, so that every worker sees a change at its next request.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask import current_app, g

from portal.config import PLUGIN_VARIABLES, Settings
from portal.extensions import db
from portal.plugin_host.host import Plugin, PluginHost
from portal.plugin_host.models import PluginSetting
from portal.plugin_host.refs import ProjectRef
from portal.plugin_host.setting_types import (
    Setting,
    SettingKind,
    WrongValueError,
    check_value,
    from_json,
)
from portal.plugin_host.state import host


@dataclass(frozen=True)
class Kept:
    """A row as it was read: its JSON, and the version that who changes it has seen."""

    value: Any = field(repr=False)
    version: str


Rows = Mapping[tuple[str, str], Kept]


class Layer(StrEnum):
    """Where a value comes from, the strongest first."""

    ENVIRONMENT = "environment"
    PROJECT = "project"
    CLUB = "club"
    MANIFEST = "manifest"
    DEFAULT = "default"


@dataclass(frozen=True)
class Resolved:
    """A setting with the value of each layer that has one, as Python has it.

    `misfits` are the layers whose kept value fits the setting no longer; it counts as none.
    """

    setting: Setting
    values: Mapping[Layer, Any] = field(default_factory=dict, repr=False)
    misfits: frozenset[Layer] = frozenset()

    @property
    def layer(self) -> Layer | None:
        """The layer in force."""
        return next((layer for layer in Layer if layer in self.values), None)

    @property
    def value(self) -> Any:
        """The value in force, None when no layer has one."""
        return None if self.layer is None else self.values[self.layer]

    @property
    def missing(self) -> bool:
        """Whether the plugin may not be switched on for want of it."""
        return self.setting.required and self.layer is None


class PluginSettings(Mapping[str, Any]):
    """A plugin's settings by key, read only. Its repr tells the keys: values may be secret."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, key: str) -> Any:
        """Return a setting's value, None without one; KeyError for what is no setting."""
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        """Walk through the keys."""
        return iter(self._values)

    def __len__(self) -> int:
        """Return how many settings there are."""
        return len(self._values)

    def __repr__(self) -> str:
        """Return the keys."""
        return f"PluginSettings({', '.join(self._values)})"


def plugin_settings(plugin: str, project: ProjectRef | None = None) -> PluginSettings:
    """Return the plugin's settings as they are in `project`, or for the whole club.

    Every key that the plugin registered is there, with None where nothing is set. One statement a
    request and project brings those of all plugins. Raises KeyError for a plugin that is not
    loaded.
    """
    project_id = project.id if project else None
    kept: dict[tuple[str, int | None], PluginSettings] = g.setdefault("plugin_settings", {})
    if (plugin, project_id) not in kept:
        found = resolve(host().loaded[plugin], project_id)
        kept[plugin, project_id] = PluginSettings({each.setting.key: each.value for each in found})
    return kept[plugin, project_id]


def resolve(plugin: Plugin, project_id: int | None) -> list[Resolved]:
    """Return every setting of a plugin with its layers, for a project or the whole club."""
    if not plugin.settings:
        return []
    # First the project's: its statement brings the club's along.
    own = {} if project_id is None else rows_of(project_id)
    club = rows_of(None)
    return [resolve_one(plugin, setting, club, own) for setting in plugin.settings]


def resolve_one(plugin: Plugin, setting: Setting, club: Rows, own: Rows) -> Resolved:
    """Return one setting with its layers, from rows that were read already."""
    if setting.kind is SettingKind.SECRET:
        secret = _environment().get(variable(plugin.name, setting))
        return Resolved(setting, {Layer.ENVIRONMENT: secret} if secret else {})
    values: dict[Layer, Any] = {}
    misfits = set()
    for layer, rows in ((Layer.PROJECT, own), (Layer.CLUB, club)):
        row = rows.get((plugin.name, setting.key))
        if row is None or (layer is Layer.PROJECT and not setting.per_project):
            continue
        try:
            values[layer] = from_json(setting, row.value)
        except WrongValueError:
            misfits.add(layer)
    if setting.key in plugin.manifest_values:
        values[Layer.MANIFEST] = check_value(setting, plugin.manifest_values[setting.key])
    if setting.default is not None:
        values[Layer.DEFAULT] = check_value(setting, setting.default)
    return Resolved(setting, values, frozenset(misfits))


def missing(plugin: str, project_id: int | None) -> list[str]:
    """Return the keys of required settings without a value in a project."""
    return [each.setting.key for each in resolve(host().loaded[plugin], project_id) if each.missing]


def missing_in(on: Mapping[int, Collection[str]]) -> dict[tuple[int, str], list[str]]:
    """Return for several projects at once which settings the plugins on there lack: one statement.

    `on`: the plugins to look at, by the id of the project.
    """
    asking = {name for names in on.values() for name in names if host().loaded[name].settings}
    if not asking:
        return {}
    rows = _read(asking, on.keys())
    found: dict[tuple[int, str], list[str]] = {}
    for project_id, names in on.items():
        for plugin in (host().loaded[name] for name in names if name in asking):
            lacking = [
                setting.key
                for setting in plugin.settings
                if resolve_one(plugin, setting, rows[None], rows[project_id]).missing
            ]
            if lacking:
                found[project_id, plugin.name] = lacking
    return found


def forget() -> None:
    """Read the settings anew: something was changed."""
    g.pop("plugin_settings", None)
    g.pop("plugin_setting_rows", None)


def rows_of(project_id: int | None) -> Rows:
    """Return the kept values of one layer by plugin and key: a project's, or the club's own."""
    kept: dict[int | None, Rows] = g.setdefault("plugin_setting_rows", {})
    if project_id not in kept:
        asking = {name for name, plugin in host().loaded.items() if plugin.settings}
        kept.update(_read(asking, [] if project_id is None else [project_id]))
    return kept[project_id]


def variable(plugin: str, setting: Setting) -> str:
    """Return the name of the variable that holds a secret."""
    return f"{PLUGIN_VARIABLES}{plugin}_{setting.key}".upper()


def variables(host: PluginHost) -> frozenset[str]:
    """Return the variables that loaded plugins read."""
    return frozenset(
        variable(plugin.name, setting)
        for plugin in host.loaded.values()
        for setting in plugin.settings
        if setting.kind is SettingKind.SECRET
    )


def _environment() -> Mapping[str, str]:
    settings: Settings = current_app.extensions["portal.settings"]
    return settings.plugin_secrets


def _read(plugins: Collection[str], project_ids: Collection[int]) -> Mapping[int | None, Rows]:
    """Return the kept values of the club and of projects, by project: one statement."""
    found: dict[int | None, dict[tuple[str, str], Kept]] = {None: {}}
    found.update({id_: {} for id_ in project_ids})
    columns = PluginSetting.project_id, PluginSetting.plugin, PluginSetting.key
    for project_id, plugin, key, value, version in db.session.execute(
        sa.select(*columns, PluginSetting.value, PluginSetting.version).where(
            PluginSetting.plugin.in_(plugins),
            PluginSetting.project_id.in_(project_ids) | PluginSetting.project_id.is_(None),
        )
    ):
        found[project_id][plugin, key] = Kept(value, version)
    return found
