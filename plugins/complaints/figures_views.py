"""The pages of figures: a project's for its staff, the scoreboard of projects for all."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound, UnprocessableEntity
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import AnyOf

from plugins.complaints import figures, promising, queries, shares, words
from plugins.complaints.blueprint import blueprint, group, staff
from plugins.complaints.centre_views import WATCH, projects_of_reader
from plugins.complaints.errors import CaseError
from plugins.complaints.figures import Tally
from plugins.complaints.forms import VersionForm
from plugins.complaints.identity import Reader
from plugins.complaints.shares import Beside, Share
from plugins.complaints.staff_views import HANDLE, VIEW, StaleError
from portal.sdk import (
    ExportFormat,
    ProjectRef,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    localized,
    member_only,
    open_projects,
    record,
    requires,
)

__all__ = ["blueprint", "group", "staff"]


class DefectForm(VersionForm):
    """What engineering calls the cause."""

    defect = StringField(validators=[AnyOf(["", *words.DEFECTS])])


@staff.get("/p/<project>/staff/complaints/figures")
@requires(VIEW)
def project_figures() -> str:
    """Show twelve months by category, building or contractor, or the defects."""
    project, by = current_project(), _by()
    after = figures.since(project)
    rows = figures.tallies([project.id], by, after)
    beside = shares.beside([project.id], after, months_of=project)
    return render_template(
        "complaints/figures.html",
        by=by,
        rows=rows,
        whole=figures.whole(rows),
        titles=_titles(by, rows),
        defects=figures.defects(project.id, after) if by == "defect" else (),
        months=beside.months,
        promised=beside.promised.get(project.id, Share()),
        answered=beside.answered.get(project.id, Share()),
    )


@staff.post("/p/<project>/staff/complaints/figures.<kind>")
@requires(VIEW)
def export_figures(kind: str) -> Response:
    """Send what the page shows as a file, and note who took it."""
    project, by = current_project(), _by()
    if kind not in set(ExportFormat):
        raise NotFound
    after = figures.since(project)
    if by == "defect":
        header = [
            gettext("Defect"),
            gettext("Building"),
            gettext("Contractor"),
            gettext("Complaints"),
            gettext("Came again"),
        ]
        lines = [
            [
                str(words.DEFECTS[each.code]),
                each.building,
                each.contractor,
                each.cases,
                each.recurred,
            ]
            for each in figures.defects(project.id, after)
        ]
    else:
        rows = figures.tallies([project.id], by, after)
        header = [str(TITLES[by]), *_header()]
        titles = _titles(by, rows)
        lines = [[titles[row.key], *_cells(row)] for row in rows]
    _note(("project", project.slug), project.id, kind, len(lines))
    db.session.commit()
    name = f"complaints-{project.slug}-{by}"
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=lines)


@staff.post("/p/<project>/staff/complaints/<public_id>/classify")
@requires(HANDLE)
def classify(public_id: str) -> Response:
    """Name the defect behind a case."""
    case = queries.find(current_project().id, Reader(staff=True), public_id)
    form = DefectForm()
    if case is None:
        raise NotFound
    if not form.validate_on_submit():
        raise UnprocessableEntity
    try:
        promising.classify(
            actor=current_account(),
            case_id=case.id,
            defect=form.defect.data or "",
            version=form.version.data or 0,
        )
    except CaseError as error:
        db.session.rollback()
        raise StaleError(error) from error
    db.session.commit()
    flash(gettext("Saved. Engineering reads it among the figures."))
    return redirect(url_for("complaints_staff.show", public_id=public_id), 303)


@blueprint.get("/p/<project>/complaints/board")
@member_only
def board() -> str:
    """Show owners how every project answers; what only the staff read is not counted."""
    projects = {each.id: each for each in open_projects("complaints")}
    return render_template("complaints/board.html", **_board(projects, public=True))


@group.get("/centre/complaints/board")
@requires(WATCH)
def centre_board() -> str:
    """Show the group how the projects answer, private complaints included."""
    return render_template("complaints/centre_board.html", **_board(projects_of_reader()))


@group.post("/centre/complaints/board.<kind>")
@requires(WATCH)
def export_board(kind: str) -> Response:
    """Send the scoreboard as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    projects = projects_of_reader()
    found = _board(projects)
    header = [
        gettext("Project"),
        *_header(),
        gettext("First answers in time, percent"),
        gettext("Promises broken, percent"),
    ]
    rows: list[Tally] = found["rows"]
    judged = (found["answered"], found["promised"])
    lines = [
        [
            localized(projects[int(row.key)].name),
            *_cells(row),
            _blank(judged[0].get(int(row.key), Share()).percent),
            _blank(judged[1].get(int(row.key), Share()).broken_percent),
        ]
        for row in rows
    ]
    _note(("complaints_board", "all"), None, kind, len(lines))
    db.session.commit()
    return export_file(
        name="complaints-projects", kind=ExportFormat(kind), header=header, rows=lines
    )


TITLES: Mapping[str, object] = words.FIGURES_BY


def _board(projects: Mapping[int, ProjectRef], *, public: bool = False) -> dict[str, Any]:
    after = min((figures.since(each) for each in projects.values()), default=None)
    rows = figures.tallies(projects, "project", after, public=public) if after else []
    beside = shares.beside(projects, after, public=public) if after else Beside({}, {})
    known = {int(row.key) for row in rows}
    rows += [Tally(str(number)) for number in projects if number not in known]
    return {
        "rows": rows,
        "whole": figures.whole(rows),
        "projects": {str(number): each for number, each in projects.items()},
        "answered": beside.answered,
        "promised": beside.promised,
    }


def _by() -> str:
    by = request.args.get("by", "")
    return by if by in figures.BY else "category"


def _titles(by: str, rows: Sequence[Tally]) -> dict[str, str]:
    known = figures.category_titles(current_project().id) if by == "category" else {}
    found = {row.key: row.key for row in rows} | {
        key: localized(title) for key, title in known.items()
    }
    if by == "defect":
        found |= {key: str(title) for key, title in words.DEFECTS.items()}
    return found | {"": str(words.UNTOLD[by])}


def _header() -> list[str]:
    return [str(title) for title in words.TALLIES.values()]


def _cells(row: Tally) -> list[object]:
    return [_blank(getattr(row, name)) for name in words.TALLIES]


def _blank(value: object) -> object:
    return "" if value is None else value


def _note(subject: tuple[str, str], project_id: int | None, kind: str, rows: int) -> None:
    record(
        actor=current_account(),
        action="complaints.exported",
        subject=subject,
        project_id=project_id,
        facts={"format": kind, "rows": rows},
    )
