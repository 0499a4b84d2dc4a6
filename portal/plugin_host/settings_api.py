"""One plugin and its settings, for programs: blocked, and set up for the club or a project."""

from typing import Any

from marshmallow import fields
from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Flag, Input, Moment, Output, Text, list_of
from portal.api.problems import Problem, conflict, invalid
from portal.extensions import db
from portal.i18n import Text as Words
from portal.i18n import gettext
from portal.plugin_host import service, settings, settings_service
from portal.plugin_host.host import Plugin
from portal.plugin_host.models import PluginBlock
from portal.plugin_host.setting_types import (
    Setting,
    SettingKind,
    WrongValueError,
    from_json,
    to_json,
    wanted,
)
from portal.plugin_host.settings import Layer, Resolved
from portal.plugin_host.settings_form import refusal
from portal.plugin_host.settings_service import Change, SettingsChangeError
from portal.plugin_host.staff_views import MOST_REASON
from portal.plugin_host.state import host
from portal.projects.current import current_project
from portal.projects.models import Project

blueprint = ApiBlueprint(
    "plugin_settings_api", "portal.plugin_host", url_prefix="/api/v1", title="Plugins' settings"
)
_CONFLICT = {409: "Somebody else changed one of them meanwhile (`errors` names which)."}


class AnyValue(fields.Raw):
    """A value as JSON has it: what it may be, `takes` tells."""


class SettingShown(Output):
    """A setting: what it takes, and its value here."""

    key = Text(40)
    title = Text()
    kind = Choice(SettingKind)
    takes = Text(400, metadata={"description": "What values it takes, in English."})
    required = Flag()
    changeable = Flag(metadata={"description": "Whether it can be changed here."})
    value = AnyValue(allow_none=True, metadata={"description": "In force; null for secrets."})
    own = AnyValue(allow_none=True, metadata={"description": "Set here; null: the layer below."})
    layer = Choice(Layer, allow_none=True, metadata={"description": "Where `value` comes from."})
    version = Text(22, metadata={"description": "Of `own`; send it along with a change."})


class SettingsShown(Output):
    """A plugin's settings."""

    items = list_of(SettingShown)


class SettingChange(Input):
    """A new value, as `takes` says; null goes back to the layer below."""

    key = Text(40, required=True)
    value = AnyValue(required=True, allow_none=True)
    version = Text(
        22, required=True, metadata={"description": "As it was read; empty when there was none."}
    )


class SettingsChange(Input):
    """All of them are put in force, or none."""

    changes = list_of(SettingChange, required=True)


class BlockShown(Output):
    """Whether a plugin is blocked everywhere, and why."""

    blocked = Flag()
    reason = Text(MOST_REASON)
    since = Moment(allow_none=True)


class BlockWish(Input):
    """Why it is blocked; kept in the audit trail."""

    reason = Text(MOST_REASON, required=True)


@blueprint.call("GET", "/centre/plugins/<name>/block", BlockShown)
@requires("plugins.manage")
def block_state(name: str) -> dict[str, Any]:
    """Show whether a plugin is blocked everywhere."""
    _installed(name)
    found = db.session.get(PluginBlock, name)
    return {
        "blocked": found is not None,
        "reason": found.reason if found else "",
        "since": found.created_at if found else None,
    }


@blueprint.call("PUT", "/centre/plugins/<name>/block", BlockShown, body=BlockWish)
@requires("plugins.manage")
def block(name: str, body: dict[str, str]) -> dict[str, Any]:
    """Switch a plugin off everywhere at once; where it was on is remembered."""
    _installed(name)
    if not body["reason"]:
        raise invalid(reason=gettext("Say why: the reason is kept in the audit trail."))
    service.block(actor=current_account(), plugin=name, reason=body["reason"])
    db.session.commit()
    return block_state(name)


@blueprint.call("DELETE", "/centre/plugins/<name>/block")
@requires("plugins.manage")
def unblock(name: str) -> None:
    """Let a blocked plugin be on again where it was."""
    _installed(name)
    service.unblock(actor=current_account(), plugin=name)
    db.session.commit()


@blueprint.call("GET", "/centre/plugins/<name>/settings", SettingsShown)
@requires("plugins.manage")
def club_settings(name: str) -> dict[str, Any]:
    """Show a plugin's settings for the whole club."""
    return _shown(_plugin(name), None)


@blueprint.call(
    "PATCH",
    "/centre/plugins/<name>/settings",
    SettingsShown,
    body=SettingsChange,
    errors=_CONFLICT,
)
@requires("plugins.manage")
def change_club_settings(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change a plugin's settings for the whole club."""
    return _change(_plugin(name), None, body)


@blueprint.call("GET", "/p/<project>/staff/plugins/<name>/settings", SettingsShown)
@requires("plugins.settings")
def project_settings(name: str) -> dict[str, Any]:
    """Show a plugin's settings for the project."""
    return _shown(_plugin(name), current_project())


@blueprint.call(
    "PATCH",
    "/p/<project>/staff/plugins/<name>/settings",
    SettingsShown,
    body=SettingsChange,
    errors=_CONFLICT,
)
@requires("plugins.settings")
def change_project_settings(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change a plugin's settings for the project."""
    return _change(_plugin(name), current_project(), body)


def _installed(name: str) -> None:
    if name not in host().loaded:
        raise NotFound


def _plugin(name: str) -> Plugin:
    plugin = host().loaded.get(name)
    if plugin is None:
        raise NotFound
    return plugin


def _change(plugin: Plugin, project: Project | None, body: dict[str, Any]) -> dict[str, Any]:
    by_key = {setting.key: setting for setting in plugin.settings}
    changes = {each["key"]: _read(by_key, each) for each in body["changes"]}
    try:
        settings_service.change(
            actor=current_account(),
            plugin=plugin.name,
            project=project,
            changes=list(changes.values()),
        )
    except SettingsChangeError as error:
        db.session.rollback()
        settings.forget()
        raise _refused(error) from error
    db.session.commit()
    settings.forget()
    return _shown(plugin, project)


def _read(by_key: dict[str, Setting], wish: dict[str, Any]) -> Change:
    key, value = wish["key"], wish["value"]
    setting = by_key.get(key)
    if setting is not None and value is not None and setting.kind is not SettingKind.SECRET:
        try:
            value = from_json(setting, value)
        except WrongValueError as error:
            raise invalid(**{key: refusal(setting)}) from error
    return Change(key, value, wish["version"])


def _refused(error: SettingsChangeError) -> Problem:
    sentences: dict[str, Words] = {
        "unknown": gettext("There is no such setting."),
        "secret": gettext("This is set by the operator, in the environment."),
        "of_the_club": gettext("This is the same in the whole club."),
        "main_language": gettext("Give the text in the main language."),
        "needed": gettext("The plugin is on and needs a value here."),
        "conflict": gettext("Somebody else changed this meanwhile. Read it anew."),
    }
    sentence = sentences[error.code]
    if error.code == "conflict":
        return conflict("changed_meanwhile", sentence, keys=error.keys)
    return Problem(422, error.code, errors={key: [sentence] for key in error.keys})


def _shown(plugin: Plugin, project: Project | None) -> dict[str, Any]:
    project_id = project.id if project else None
    own = Layer.PROJECT if project else Layer.CLUB
    rows = settings.rows_of(project_id)
    return {
        "items": [
            _setting(found, own, getattr(rows.get((plugin.name, found.setting.key)), "version", ""))
            for found in settings.resolve(plugin, project_id)
        ]
    }


def _setting(found: Resolved, own: Layer, version: str) -> dict[str, Any]:
    setting = found.setting
    secret = setting.kind is SettingKind.SECRET
    here = found.values.get(own)
    return {
        "key": setting.key,
        "title": str(setting.title),
        "kind": setting.kind,
        "takes": wanted(setting),
        "required": setting.required,
        "changeable": not secret and (own is Layer.CLUB or setting.per_project),
        "value": None if secret or found.value is None else to_json(setting, found.value),
        "own": None if secret or here is None else to_json(setting, here),
        "layer": found.layer,
        "version": version,
    }
