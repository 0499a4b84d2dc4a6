"""The staff's pages of a project's homes: the list, one home, adding one by hand."""

from collections.abc import Iterator, Sequence

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.audit.service import record
from portal.exports import ExportFormat, export_file
from portal.extensions import db, read_only
from portal.i18n import gettext
from portal.pagination import page_of
from portal.projects import queries, staff_queries
from portal.projects.blueprint import blueprint
from portal.projects.current import current_project
from portal.projects.forms import UnitForm
from portal.projects.models import Building, Project, Unit
from portal.projects.service import ensure_unit
from portal.projects.staff_queries import HomeFilter, HomeRow
from portal.slots import fill

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.get("/p/<project>/staff/homes")
@requires("homes.manage")
def staff_homes() -> str:
    """Show the project's homes, building by building, searched and filtered."""
    project, wanted = current_project(), HomeFilter.read(request.args)
    statement = staff_queries.homes_in(project.id, wanted)
    counts = staff_queries.count_homes(project.id, wanted)
    shown = staff_queries.chosen(counts, wanted)
    return render_template(
        "projects/staff_homes.html",
        page=page_of(statement, Building.key, Unit.place, Unit.id),
        buildings=counts,
        wanted=wanted,
        found=sum(each.homes for each in shown),
        claimed=sum(each.claimed for each in shown),
    )


@blueprint.post("/p/<project>/staff/homes/export.<kind>")
@requires("members.export")
def staff_homes_export(kind: str) -> Response:
    """Send the filtered homes as a file, and note who took how many."""
    if kind not in set(ExportFormat):
        raise NotFound
    project, wanted = current_project(), HomeFilter.read(request.args)
    counts = staff_queries.chosen(staff_queries.count_homes(project.id, wanted), wanted)
    record(
        actor=current_account(),
        action="homes.exported",
        subject=("project", project.public_id),
        project_id=project.id,
        facts={
            "format": kind,
            "rows": sum(each.homes for each in counts),
            "filtered_by": sorted(wanted.args()),
        },
    )
    db.session.commit()
    # Writing is done: others need not wait while the rows are read.
    read_only.set(True)
    header = [
        gettext("Building"),
        gettext("Entrance"),
        gettext("Number"),
        gettext("Area in square metres"),
        gettext("Handed over on"),
        gettext("Owner"),
        gettext("Since"),
    ]
    today = clock.business_date(project.time_zone)
    return export_file(
        name=f"homes-{project.slug}-{today:%Y%m%d}",
        kind=ExportFormat(kind),
        header=header,
        rows=_lines(project, wanted),
    )


@blueprint.get("/p/<project>/staff/homes/<public_id>")
@requires("homes.manage")
def staff_home(public_id: str) -> str:
    """Show one home: facts, people now and before, and what other features know of it."""
    project = current_project()
    found = staff_queries.home_with_people(project.id, public_id)
    if found is None:
        raise NotFound
    return render_template(
        "projects/staff_home.html",
        unit=found.unit,
        title=queries.unit_title(found.unit),
        people=found.people,
        past=found.past,
        sections=sorted(fill("unit_sections", project, found.unit), key=lambda card: card.order),
    )


@blueprint.route("/p/<project>/staff/homes/new", methods=["GET", "POST"])
@requires("homes.manage")
def staff_home_new() -> Page:
    """Add a home by hand, and its building when it is new."""
    project, form = current_project(), UnitForm()
    if form.validate_on_submit() and (unit := add_unit(form)):
        public_id = unit.public_id
        db.session.commit()
        flash(gettext("The home is in the register now."))
        return redirect(url_for("projects.staff_home", public_id=public_id), 303)
    body = render_template(
        "projects/staff_home_new.html", form=form, buildings=queries.building_names(project.id)
    )
    return (body, 422) if request.method == "POST" else body


def add_unit(form: UnitForm) -> Unit | None:
    """Add the home of a valid form, flushed; None, and a sentence at its number, for a known one.

    The caller commits.
    """
    project = current_project()
    building, entrance, number = (
        form.building.data or "",
        form.entrance.data or "",
        form.number.data or "",
    )
    if queries.find_unit(project.id, building, entrance, number) is not None:
        form.number.errors = [gettext("This home is in the register already.")]
        return None
    unit = ensure_unit(
        project=project,
        building=building,
        entrance=entrance,
        number=number,
        area=form.area_hundredths,
        handover_on=form.handover_on.data,
    )
    db.session.flush()
    record(
        actor=current_account(),
        action="unit.added",
        subject=("unit", unit.public_id),
        project_id=project.id,
    )
    return unit


def unit_in_project(public_id: str) -> Unit:
    """Return a home of this request's project; raises 404 for any other."""
    unit = queries.unit_by_public_id(current_project().id, public_id)
    if unit is None:
        raise NotFound
    return unit


def _lines(project: Project, wanted: HomeFilter) -> Iterator[Sequence[object]]:
    for row in staff_queries.all_homes(project.id, wanted):
        yield _line(row)


def _line(row: HomeRow) -> Sequence[object]:
    unit = row.unit
    return (
        unit.building.name,
        unit.entrance,
        unit.number,
        unit.area / 100 if unit.area else "",
        unit.handover_on.isoformat() if unit.handover_on else "",
        row.owner or "",
        row.since.isoformat() if row.since else "",
    )
