"""`portal plugin settings`: see and change how a plugin is set up."""

from collections.abc import Sequence
from typing import Any

import click
import sqlalchemy as sa
from flask.cli import with_appcontext

from portal.extensions import db
from portal.i18n import LANGUAGES
from portal.plugin_host import service, settings, settings_service
from portal.plugin_host.host import Plugin
from portal.plugin_host.setting_types import (
    Setting,
    SettingKind,
    WrongValueError,
    check_value,
    parse,
    show,
    typed_as,
)
from portal.plugin_host.settings import Layer, Resolved
from portal.plugin_host.settings_service import Change, SettingsChangeError
from portal.plugin_host.state import host
from portal.projects.models import Project

_SENTENCES = {
    "unknown": "The plugin has no setting {}.",
    "secret": "{} is a secret: it is set in the environment only, see the list.",
    "of_the_club": "{} is the same in the whole club: leave --project out.",
    "conflict": "Somebody else changed {} at the same moment. Run it again.",
    "main_language": "{} needs a text in the club's main language, too: KEY.LANGUAGE=VALUE.",
    "needed": "The plugin is on and needs a value for {}.",
}


@click.command("settings")
@with_appcontext
@click.argument("name")
@click.option("--project", "slug", help="The project's short name; without it, the whole club.")
@click.option("--set", "given", multiple=True, metavar="KEY=VALUE", help="May be repeated.")
@click.option("--unset", "taken", multiple=True, metavar="KEY", help="Back to the layer below.")
def settings_command(
    name: str, slug: str | None, given: Sequence[str], taken: Sequence[str]
) -> None:
    """Show a plugin's settings and where each value comes from, or change them.

    One text of several languages is set as KEY.LANGUAGE=VALUE.
    """
    try:
        service.check_loaded(name)
    except service.SwitchError as error:
        reason = f": {error.names[0]}" if error.names else ""
        raise click.ClickException(f"{name} is not loaded{reason}") from error
    plugin, project = host().loaded[name], _project(slug)
    if given or taken:
        _change(plugin, project, given, taken)
    for found in settings.resolve(plugin, project.id if project else None):
        click.echo(_line(plugin, found))
    if not plugin.settings:
        click.echo(f"{name} has no settings.")


def _project(slug: str | None) -> Project | None:
    if slug is None:
        return None
    project = db.session.scalar(sa.select(Project).where(Project.slug == slug))
    if project is None:
        raise click.ClickException(f"There is no project {slug!r}.")
    return project


def _change(
    plugin: Plugin, project: Project | None, given: Sequence[str], taken: Sequence[str]
) -> None:
    project_id = project.id if project else None
    own = Layer.PROJECT if project else Layer.CLUB
    resolved = {each.setting.key: each for each in settings.resolve(plugin, project_id)}
    values: dict[str, Any] = dict.fromkeys(taken)
    for one in given:
        key, equals, typed = one.partition("=")
        key, _, language = key.partition(".")
        if not equals:
            raise click.ClickException(f"--set {one!r}: give KEY=VALUE.")
        if key in resolved:
            before = values.get(key) or resolved[key].values.get(own)
            values[key] = _value(resolved[key].setting, typed, language, before)
        else:
            values[key] = typed
    rows = settings.rows_of(project_id)
    seen = {key: rows[plugin.name, key].version for key in values if (plugin.name, key) in rows}
    changes = [Change(key, value, seen.get(key, "")) for key, value in values.items()]
    try:
        settings_service.change(actor=None, plugin=plugin.name, project=project, changes=changes)
    except SettingsChangeError as error:
        db.session.rollback()
        text = _SENTENCES[error.code].format(", ".join(error.keys))
        raise click.ClickException(text) from error
    db.session.commit()


def _value(setting: Setting, typed: str, language: str, before: Any) -> Any:
    try:
        if not language:
            # A secret is refused as such, whatever is given.
            return typed if setting.kind is SettingKind.SECRET else parse(setting, typed)
        if setting.kind is not SettingKind.TEXTS or language not in LANGUAGES:
            raise click.ClickException(
                f"{setting.key}.{language}: only texts have languages ({', '.join(LANGUAGES)})."
            )
        return check_value(setting, {**(before or {}), language: typed})
    except WrongValueError:
        raise click.ClickException(f"{setting.key} must be {typed_as(setting)}.") from None


def _line(plugin: Plugin, found: Resolved) -> str:
    setting, layer = found.setting, found.layer
    if setting.kind is SettingKind.SECRET:
        state = "set" if layer else "not set"
        return f"{setting.key:<24} {state} in {settings.variable(plugin.name, setting)}"
    value = "-" if layer is None else show(setting, found.value)
    notes = [str(layer) if layer else "required, not set" if setting.required else "not set"]
    notes += [f"what is kept for the {misfit} no longer fits" for misfit in sorted(found.misfits)]
    return f"{setting.key:<24} {value:<30} {', '.join(notes)}"
