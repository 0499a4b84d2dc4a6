"""What cannot be taken back: deleting a plugin's data of a project, and removing a plugin."""

from collections.abc import Mapping

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.extensions import db
from portal.forms import tidy
from portal.i18n import Text, gettext, localized
from portal.plugin_host import purge, removal
from portal.plugin_host.blueprint import blueprint
from portal.plugin_host.service import SwitchError
from portal.plugin_host.staff_views import sentence
from portal.plugin_host.state import host
from portal.projects.models import Project

__all__ = ["blueprint"]
Page = Response | str | tuple[str, int]


@blueprint.get("/centre/plugins/<name>/purge", endpoint="purge")
@requires("plugins.purge")
def choose(name: str) -> Page:
    """Show what a plugin keeps about each project, or about the one asked for."""
    if name not in host().loaded:
        raise NotFound
    slug = request.args.get("project")
    if slug is not None:
        return _purge_page(name, _project(slug))
    return render_template(
        "plugins/purge_choose.html", plugin=host().loaded[name], page=purge.places(name)
    )


@blueprint.post("/centre/plugins/<name>/purge", endpoint="purge_now")
@requires("plugins.purge")
def delete_data(name: str) -> Page:
    """Delete a plugin's data of the project whose short name was typed again."""
    if name not in host().loaded:
        raise NotFound
    project, typed = _project(tidy(request.form.get("project", ""))), _typed()
    if typed != project.slug:
        return _purge_page(name, project, wrong=typed)
    try:
        deleted = purge.purge(actor=current_account(), plugin=name, project=project)
    except SwitchError as error:
        db.session.rollback()
        flash(sentence(error), "error")
        return redirect(url_for("plugins.purge", name=name), 303)
    db.session.commit()
    flash(
        gettext(
            "%(rows)s rows of “%(plugin)s” in %(project)s are deleted.",
            rows=sum(deleted.values()),
            plugin=localized(host().loaded[name].manifest.title),
            project=localized(project.name),
        )
    )
    return redirect(url_for("plugins.purge", name=name), 303)


@blueprint.get("/centre/plugins/<name>/remove", endpoint="remove")
@requires("plugins.purge")
def look_at_removal(name: str) -> Page:
    """Show which tables removing a plugin drops."""
    return _removal_page(name)


@blueprint.post("/centre/plugins/<name>/remove", endpoint="remove_now")
@requires("plugins.purge")
def remove(name: str) -> Page:
    """Drop the tables of the plugin whose name was typed again."""
    typed = _typed()
    if typed != name:
        return _removal_page(name, wrong=typed)
    try:
        leaving = removal.remove(actor=current_account(), plugin=name)
    except SwitchError as error:
        db.session.rollback()
        if error.code == "unknown":
            raise NotFound from error
        flash(sentence(error), "error")
        return redirect(url_for("plugins.remove", name=name), 303)
    db.session.commit()
    flash(gettext("“%(plugin)s” is removed with its tables.", plugin=name))
    if leaving.package:
        flash(gettext("Uninstall its package now: portal db upgrade would make its tables again."))
    return redirect(url_for("plugins.matrix"), 303)


def _purge_page(name: str, project: Project, *, wrong: str | None = None) -> Page:
    refusal: Text | None = None
    rows: Mapping[str, int] = {}
    try:
        rows = purge.look(name, project)
    except SwitchError as error:
        refusal = sentence(error)
    body = render_template(
        "plugins/purge.html",
        plugin=host().loaded[name],
        place=project,
        rows=rows,
        refusal=refusal,
        wrong=wrong,
    )
    return body if wrong is None else (body, 422)


def _removal_page(name: str, *, wrong: str | None = None) -> Page:
    leaving, refusal = None, None
    try:
        leaving = removal.look(name)
    except SwitchError as error:
        if error.code == "unknown":
            raise NotFound from error
        refusal = sentence(error)
    loaded = host().loaded.get(name)
    body = render_template(
        "plugins/remove.html",
        name=name,
        title=localized(loaded.manifest.title) if loaded else name,
        known=loaded is not None,
        leaving=leaving,
        refusal=refusal,
        wrong=wrong,
    )
    return body if wrong is None else (body, 422)


def _typed() -> str:
    """Return what was typed as the last answer, as much of it as is shown again."""
    return request.form.get("typed", "").strip()[:80]


def _project(slug: str) -> Project:
    project = db.session.scalar(sa.select(Project).where(Project.slug == slug))
    if project is None:
        raise NotFound
    return project
