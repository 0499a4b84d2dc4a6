"""The ways to the staff pages: chooser, project desk, group centre."""

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires, signed_in
from portal.extensions import db
from portal.pagination import page_of
from portal.permissions.current import current_rights, may
from portal.projects.current import current_project
from portal.projects.models import Project
from portal.slots import StaffWidget, fill
from portal.staff.blueprint import blueprint
from portal.staff.figures import (
    figures_of,
    newest_members,
    projects_matching,
    waiting_claims,
)

__all__ = ["blueprint"]

QUERY_MAX = 60


@blueprint.get("/staff/")
@signed_in
def index() -> Response | str:
    """Lead staff to their one project, to the group centre, or let them choose."""
    rights = current_rights()
    ids = rights.project_ids("staff.desk")
    if ids is None:
        return redirect(url_for("staff.centre"))
    if not ids:
        raise Forbidden
    if len(ids) == 1:
        only = db.session.get_one(Project, next(iter(ids)))
        return redirect(url_for("staff.desk", project=only.slug))
    return _projects("staff/projects.html", ids)


@blueprint.get("/centre/")
@requires("staff.desk")
def centre() -> str:
    """Show every project with its figures."""
    return _projects("staff/centre.html", None)


@blueprint.get("/p/<project>/staff/")
@requires("staff.desk")
def desk() -> str:
    """Show the project's queues: figures first, then what waits longest."""
    project = current_project()
    widgets: list[StaffWidget] = fill("staff_widgets", project)
    return render_template(
        "staff/desk.html",
        today=clock.business_date(project.time_zone),
        widgets=[widget for widget in widgets if may(widget.permission)],
        claims=waiting_claims(project) if may("claims.review") else None,
        members=newest_members(project) if may("members.view") else None,
    )


def _projects(template: str, ids: frozenset[int] | None) -> str:
    query = request.args.get("q", "").replace("\0", "").strip()[:QUERY_MAX]
    page = page_of(projects_matching(query, ids), Project.id)
    return render_template(
        template, page=page, figures=figures_of([project.id for project in page.items]), query=query
    )
