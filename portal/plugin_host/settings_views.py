"""The pages on which plugins are set up: for the whole club, and for one project."""

from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.extensions import db
from portal.i18n import gettext, localized
from portal.permissions.current import current_rights
from portal.plugin_host import settings, settings_service
from portal.plugin_host.blueprint import blueprint
from portal.plugin_host.host import Plugin
from portal.plugin_host.models import PluginBlock
from portal.plugin_host.settings import Layer
from portal.plugin_host.settings_form import (
    SettingsForm,
    below,
    below_text,
    form_of,
    input_type,
    shown,
)
from portal.plugin_host.settings_queries import last_change, places_on
from portal.plugin_host.settings_service import SettingsChangeError
from portal.plugin_host.state import enabled_for, host
from portal.projects.current import current_project
from portal.projects.models import Project

__all__ = ["blueprint"]
Page = Response | str | tuple[str, int]


@blueprint.route("/centre/plugins/<name>/settings", methods=["GET", "POST"])
@requires("plugins.manage")
def club_settings(name: str) -> Page:
    """Show and change a plugin's settings for the whole club."""
    return _page(_plugin(name), None)


@blueprint.get("/p/<project>/staff/plugins")
@requires("plugins.settings")
def project_plugins() -> str:
    """Show the plugins that can be set up for the project."""
    project = current_project()
    on = enabled_for(project.id)
    lacking = settings.missing_in({project.id: host().loaded.keys()})
    return render_template(
        "plugins/project.html",
        plugins=[plugin for _, plugin in sorted(host().loaded.items()) if plugin.settings],
        on=on,
        lacking={name for id_, name in lacking if id_ == project.id},
    )


@blueprint.route("/p/<project>/staff/plugins/<name>/settings", methods=["GET", "POST"])
@requires("plugins.settings")
def project_settings(name: str) -> Page:
    """Show and change a plugin's settings for the project."""
    return _page(_plugin(name), current_project())


def _plugin(name: str) -> Plugin:
    plugin = host().loaded.get(name)
    if plugin is None or not plugin.settings:
        raise NotFound
    return plugin


def _page(plugin: Plugin, project: Project | None) -> Page:
    form = _form(plugin, project)
    if not form.is_submitted():
        return _show(plugin, project, form)
    if not form.validate():
        return _show(plugin, project, form), 422
    try:
        changed = settings_service.change(
            actor=current_account(), plugin=plugin.name, project=project, changes=form.changes()
        )
    except SettingsChangeError as error:
        db.session.rollback()
        settings.forget()
        return _refused(plugin, project, error)
    db.session.commit()
    if changed:
        flash(gettext("Saved. It counts from the next page on."))
    else:
        flash(gettext("Nothing was changed."))
    return redirect(_address(plugin, project), 303)


def _refused(plugin: Plugin, project: Project | None, error: SettingsChangeError) -> Page:
    """Show the form again with what was typed; a second press overwrites what others saved."""
    form = _form(plugin, project)
    form.validate()
    own = Layer.PROJECT if project else Layer.CLUB
    for entry in form.entries:
        if entry.setting.key not in error.keys or not entry.fields:
            continue
        if error.code == "conflict":
            kept = entry.found.values.get(own)
            sentence = gettext(
                "Somebody else changed this meanwhile: %(value)s. Save again to put yours there.",
                value=gettext("Not set") if kept is None else shown(entry.setting, kept),
            )
        else:
            sentence = gettext("The plugin is on and needs a value here.")
        entry.fields[0].errors = [*entry.fields[0].errors, sentence]
    if error.code == "conflict":
        form.see(settings.rows_of(project.id if project else None), plugin.name)
    return _show(plugin, project, form), 409 if error.code == "conflict" else 422


def _form(plugin: Plugin, project: Project | None) -> SettingsForm:
    project_id = project.id if project else None
    resolved = settings.resolve(plugin, project_id)
    own = Layer.PROJECT if project else Layer.CLUB
    return form_of(plugin.name, resolved, settings.rows_of(project_id), own)


def _show(plugin: Plugin, project: Project | None, form: SettingsForm) -> str:
    return render_template(
        "plugins/settings.html",
        plugin=plugin,
        place=project,
        form=form,
        title=localized(plugin.manifest.title),
        Layer=Layer,
        below=below,
        below_text=below_text,
        shown=shown,
        input_type=input_type,
        variable=settings.variable,
        on=plugin.name in enabled_for(project.id) if project else None,
        on_in=None if project else places_on(plugin.name),
        blocked=db.session.get(PluginBlock, plugin.name) is not None,
        changed=last_change(plugin.name, project.id if project else None),
        may_switch=current_rights().allows("plugins.manage", None),
    )


def _address(plugin: Plugin, project: Project | None) -> str:
    if project is None:
        return url_for("plugins.club_settings", name=plugin.name)
    return url_for("plugins.project_settings", name=plugin.name)
