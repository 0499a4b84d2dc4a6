"""The staff's page of figures of all activities: month by month, and one by one as a file."""

from flask import render_template
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events.after import season as counted
from plugins.events.blueprint import staff
from plugins.events.showing import moment
from portal.sdk import (
    ExportFormat,
    business_date,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    record,
    requires,
)

__all__ = ["staff"]

MANAGE = "events.manage"
_SHOWN = 50


@staff.get("/p/<project>/staff/events/figures")
@requires(MANAGE)
def season() -> str:
    """Show the last twelve months: seats, who came, points."""
    project = current_project()
    today = business_date(project.time_zone)
    found = counted.activities(project, today)
    months = counted.months(found, today)
    return render_template(
        "events/season.html",
        months=months,
        whole=counted.whole(found),
        bars=counted.bars(months),
        latest=found[: -_SHOWN - 1 : -1],
    )


@staff.post("/p/<project>/staff/events/figures.<kind>")
@requires(MANAGE)
def export_season(kind: str) -> Response:
    """Send every activity of the last twelve months as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project = current_project()
    found = counted.activities(project, business_date(project.time_zone))
    rows = [
        (
            row.title,
            moment(row.starts_at) if row.starts_at else "",
            row.seats,
            row.came,
            row.away,
            "" if row.show_rate is None else row.show_rate,
            row.paid // 1000,
            row.kept // 1000,
        )
        for row in found
    ]
    record(
        actor=current_account(),
        action="events.figures_exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows)},
    )
    db.session.commit()
    header = (
        gettext("Which activity"),
        gettext("Begins"),
        gettext("Seats taken"),
        gettext("Was there"),
        gettext("Did not come"),
        gettext("Show rate, percent"),
        gettext("Points taken in"),
        gettext("Deposits kept"),
    )
    name = f"activities-{project.slug}"
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=rows)
