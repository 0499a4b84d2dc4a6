"""The group's page of the morning: late, refused and risen cases of all projects."""

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.wrappers import Response

from plugins.complaints import centre, handling
from plugins.complaints.blueprint import group
from plugins.complaints.errors import CaseError
from plugins.complaints.forms import VersionForm
from plugins.complaints.identity import Reader
from plugins.complaints.models import Case
from plugins.complaints.staff_views import CENTRE, LEAD, StaleError, rank
from portal.sdk import (
    ProjectRef,
    current_account,
    db,
    gettext,
    may,
    ngettext,
    now,
    requires,
    visible_projects,
)

__all__ = ["group"]

WATCH = "complaints.watch"


@group.get("/centre/complaints/")
@requires(WATCH)
def morning() -> str:
    """Show what is late, refused, risen or unread in every project that the reader may see."""
    projects, at, account = projects_of_reader(), now(), current_account()
    show = request.args.get("show", "")
    show = show if show in centre.SHOWS else ""
    figures, bursts = centre.heads(projects, account.id, at)
    return render_template(
        "complaints/centre.html",
        page=centre.morning(projects, show, account.id, at),
        figures=figures,
        bursts=bursts,
        projects=projects,
        show=show,
        reader=Reader(staff=True, rank=rank()),
        acts=may(CENTRE) or may(LEAD),
        at=at,
    )


@group.post("/centre/complaints/read")
@requires(WATCH)
def read_all() -> Response:
    """Mark everything that matters now as read."""
    projects, at = projects_of_reader(), now()
    cases = db.session.scalars(
        sa.select(Case).where(Case.project_id.in_(projects), centre.matters(at)).limit(500)
    ).all()
    number = centre.mark_read(actor=current_account(), cases=cases)
    db.session.commit()
    flash(ngettext("%(num)d marked as read.", "%(num)d marked as read.", number))
    return redirect(url_for("complaints_centre.morning"), 303)


@group.post("/centre/complaints/<public_id>/read")
@requires(WATCH)
def read(public_id: str) -> Response:
    """Mark one case as read, as it stands now."""
    centre.mark_read(actor=current_account(), cases=[_case(public_id, projects_of_reader())])
    db.session.commit()
    return redirect(url_for("complaints_centre.morning", show=request.args.get("show")), 303)


@group.post("/centre/complaints/<public_id>/take-over")
@requires(WATCH)
def take_over(public_id: str) -> Response:
    """Take a case over to the group in one click, or order that as a leader."""
    if not (may(CENTRE) or may(LEAD)):
        raise Forbidden
    projects, form = projects_of_reader(), VersionForm()
    case = _case(public_id, projects)
    try:
        handling.take_over(
            actor=current_account(),
            case_id=case.id,
            project=projects[case.project_id],
            version=(form.version.data or 0) if form.validate_on_submit() else 0,
        )
    except CaseError as error:
        db.session.rollback()
        raise StaleError(error) from error
    db.session.commit()
    flash(gettext("The group centre has the case now."))
    return redirect(url_for("complaints_centre.morning"), 303)


def projects_of_reader() -> dict[int, ProjectRef]:
    """Return the projects with complaints that the reader works for, by id."""
    return {project.id: project for project in visible_projects("complaints")}


def _case(public_id: str, projects: dict[int, ProjectRef]) -> Case:
    found = centre.find(projects, public_id)
    if found is None:
        raise NotFound
    return found
