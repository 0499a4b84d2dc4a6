"""The administrator's pages: plugins × projects, and one plugin with what went wrong in it."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.extensions import db
from portal.forms import tidy
from portal.i18n import Text, gettext, localized
from portal.plugin_host import queries, service
from portal.plugin_host.blueprint import blueprint
from portal.plugin_host.models import PluginBlock
from portal.plugin_host.state import enabled_in, host
from portal.projects.models import Project

MOST_REASON = 500


@blueprint.get("/centre/plugins")
@requires("plugins.manage")
def matrix() -> str:
    """Show where each plugin is on, and what could not be loaded."""
    search = request.args.get("q", "").strip()[: queries.LONGEST_SEARCH]
    found = queries.matrix(search)
    titles = {name: plugin.manifest.title for name, plugin in host().loaded.items()}
    return render_template(
        "plugins/matrix.html", matrix=found, search=search, keep=_kept(), titles=titles
    )


@blueprint.get("/centre/plugins/<name>")
@requires("plugins.manage")
def show(name: str) -> str:
    """Show one plugin: what it is, what went wrong, how long its hooks take."""
    plugin = host().loaded.get(name)
    if plugin is None:
        raise NotFound
    faults = queries.faults_of(name)
    projects = queries.projects_of(faults)
    return render_template(
        "plugins/show.html",
        plugin=plugin,
        faults=faults,
        timings=queries.timings_of(name),
        blocked=db.session.get(PluginBlock, name),
        projects=projects,
        last=queries.last_change(name),
        on={id_ for id_, names in enabled_in(projects.keys()).items() if name in names},
    )


@blueprint.post("/centre/plugins/<name>/switch")
@requires("plugins.manage")
def switch(name: str) -> Response:
    """Switch a plugin on or off in the project that the form names."""
    slug = tidy(request.form.get("slug", ""))
    project = db.session.scalar(sa.select(Project).where(Project.slug == slug))
    if project is None or name not in host().loaded:
        raise NotFound
    act = service.enable if request.form.get("on") == "1" else service.disable
    there = {
        "show": url_for("plugins.show", name=name),
        "settings": url_for("plugins.project_settings", name=name, project=project.slug),
    }
    back = there.get(request.form.get("back", ""), url_for("plugins.matrix", **_kept()))
    try:
        act(actor=current_account(), plugin=name, project=project)
    except service.SwitchError as error:
        db.session.rollback()
        if error.code == "settings":
            # The form says beside each field what is missing.
            back = there["settings"]
        flash(sentence(error, name), "error")
        return redirect(back, 303)
    db.session.commit()
    title, where = localized(host().loaded[name].manifest.title), localized(project.name)
    if act is service.enable:
        flash(gettext("%(plugin)s is on in %(project)s.", plugin=title, project=where))
    else:
        flash(
            gettext(
                "%(plugin)s is off in %(project)s. Its data stays.", plugin=title, project=where
            )
        )
    return redirect(back, 303)


@blueprint.post("/centre/plugins/<name>/block")
@requires("plugins.manage")
def block(name: str) -> Response:
    """Block a plugin everywhere, or lift the block."""
    if name not in host().loaded:
        raise NotFound
    reason = tidy(request.form.get("reason", ""))[:MOST_REASON]
    back = url_for("plugins.show", name=name)
    if request.form.get("back") == "matrix":
        back = url_for("plugins.matrix", **_kept())
    if request.form.get("on") == "1":
        if not reason:
            flash(gettext("Say why: the reason is kept in the audit trail."), "error")
            return redirect(back, 303)
        service.block(actor=current_account(), plugin=name, reason=reason)
    else:
        service.unblock(actor=current_account(), plugin=name)
    db.session.commit()
    return redirect(back, 303)


def _kept() -> dict[str, Any]:
    """Return search and page of the matrix, which its forms lead back to."""
    asked = request.form if request.method == "POST" else request.args
    return {name: asked[name] for name in ("q", "cursor") if asked.get(name)}


def sentence(error: service.SwitchError, plugin: str | None = None) -> str:
    """Return why a plugin was not switched, purged or removed, for the administrator."""
    titles: dict[str, Text] = {
        name: localized(found.manifest.title) for name, found in host().loaded.items()
    }
    if error.code == "settings" and plugin in host().loaded:
        titles = {setting.key: setting.title for setting in host().loaded[plugin].settings}
    names = ", ".join(str(titles.get(name, name)) for name in error.names)
    sentences: dict[str, str] = {
        "unknown": gettext("This plugin is not installed."),
        "quarantined": gettext("This plugin could not be loaded: %(names)s", names=names),
        "blocked": gettext("This plugin is blocked everywhere. Lift the block first."),
        "migrations": gettext(
            "Its tables are not in the database yet. The operator runs: portal db upgrade"
        ),
        "no_revision": gettext(
            "It has tables, but no migration that makes them. Its developer writes one with: "
            "portal db revision --plugin %(plugin)s",
            plugin=plugin or "NAME",
        ),
        "requires": gettext("Switch on first: %(names)s", names=names),
        "settings": gettext(
            "Before it can be switched on, give a value for: %(names)s", names=names
        ),
        "needed": gettext("Switch off first: %(names)s", names=names),
        "objection": gettext("This was refused: %(names)s", names=names),
        "on": gettext("It is still on in: %(names)s. Switch it off there first.", names=names),
        "no_purge": gettext(
            "This plugin cannot delete the data of one project: it has no function for that."
        ),
        "failed": gettext(
            "The plugin failed, and nothing was deleted. Reference: %(names)s", names=names
        ),
        "left": gettext(
            "The plugin left rows of the project in %(names)s, so nothing was deleted.",
            names=names,
        ),
    }
    return sentences[error.code]
