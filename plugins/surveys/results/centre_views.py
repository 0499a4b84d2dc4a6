"""The group's page of surveys: projects beside each other, and the same as a file."""

from flask import render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.surveys.blueprint import group
from plugins.surveys.figures.intervals import Figure
from plugins.surveys.results.benchmark import Row, compare
from plugins.surveys.words import SERIES
from portal.sdk import (
    ExportFormat,
    current_account,
    db,
    export_file,
    gettext,
    localized,
    record,
    requires,
    visible_projects,
)

__all__ = ["group"]

COMPARE = "surveys.compare"


@group.get("/centre/surveys/")
@requires(COMPARE)
def compared() -> str:
    """Show the newest results of each project that the reader may see."""
    wanted = _wanted()
    return render_template("surveys/centre.html", rows=_rows(wanted), wanted=wanted)


@group.post("/centre/surveys/export.<kind>")
@requires(COMPARE)
def export(kind: str) -> Response:
    """Send the comparison as filtered as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    wanted = _wanted()
    rows = _rows(wanted)
    record(
        actor=current_account(),
        action="surveys.exported",
        subject=("surveys_list", "centre"),
        project_id=None,
        facts={"format": kind, "rows": len(rows), "filtered_by": sorted(wanted)},
    )
    db.session.commit()
    low, high = gettext("from"), gettext("to")
    titles = [
        gettext("Satisfied, percent"), gettext("NPS"), gettext("Whole index"),
        gettext("Loyal owners, percent"),
    ]  # fmt: skip
    header = [gettext("Project"), gettext("Wave"), gettext("Asked to answer"), gettext("Answered")]
    for title in titles:
        header += [title, f"{title}, {low}", f"{title}, {high}", f"{title}, n"]
    return export_file(
        name="surveys-projects", kind=ExportFormat(kind), header=header, rows=map(_line, rows)
    )


def _wanted() -> dict[str, str]:
    series = request.args.get("series", "")
    search = request.args.get("q", "").strip()[:60]
    known = series if series in SERIES and series != "own" else "yearly"
    return {"series": known, **({"q": search} if search else {})}


def _rows(wanted: dict[str, str]) -> list[Row]:
    projects = {each.id: each for each in visible_projects("surveys")}
    return compare(projects, series=wanted["series"], search=wanted.get("q", ""))


def _line(row: Row) -> list[object]:
    found: list[object] = [
        localized(row.project.name), row.wave.number, row.rate.asked, row.rate.answered,
    ]  # fmt: skip
    for figure, factor in ((row.satisfied, 100), (row.nps, 1), (row.index, 1), (row.loyal, 100)):
        found += _cells(figure, factor, row.wave.least_cell)
    return found


def _cells(figure: Figure, factor: int, least: int) -> list[object]:
    if figure.value is None or figure.low is None or figure.high is None:
        return [gettext("fewer than %(num)s", num=least), "", "", ""]
    return [
        *(f"{each * factor:.1f}" for each in (figure.value, figure.low, figure.high)),
        figure.base if figure.exact else "",
    ]
