"""The staff's page of figures: points taken, what is owed, best sellers, what runs out."""

from collections.abc import Mapping

from flask import render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards import figures as counted
from plugins.rewards.blueprint import staff
from plugins.rewards.showing import points
from plugins.rewards.staff_views import MANAGE
from plugins.rewards.words import KINDS
from portal.sdk import (
    ExportFormat,
    business_date,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    now,
    record,
    requires,
)

__all__ = ["staff"]


@staff.get("/p/<project>/staff/rewards/figures")
@requires(MANAGE)
def figures() -> str:
    """Show the figures of some months, the last twelve at first."""
    project, span = current_project(), _span(request.args)
    found = counted.taken(project, span)
    months = counted.by_month(found, span)
    sellers, low = counted.on_the_shelf(project, span)
    return render_template(
        "rewards/figures.html",
        span=span,
        months=months,
        kinds=counted.by_kind(found),
        whole=counted.whole(found),
        bars=counted.bars(months),
        owed=counted.owed(project, now()),
        sellers=sellers,
        low=low,
    )


@staff.post("/p/<project>/staff/rewards/figures.<kind>")
@requires(MANAGE)
def export_figures(kind: str) -> Response:
    """Send the months by kind as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project, span = current_project(), _span(request.form)
    rows = [
        (
            row.month, str(KINDS[row.kind][0]), row.orders, row.pieces,
            points(row.captured), points(row.returned), points(row.net),
        )
        for row in counted.taken(project, span)
    ]  # fmt: skip
    record(
        actor=current_account(),
        action="rewards.exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows), "of": "figures"},
    )
    db.session.commit()
    header = (
        gettext("Month"), gettext("Kind"), gettext("Orders"), gettext("Pieces"),
        gettext("Points taken"), gettext("Points given back"), gettext("Points that stayed"),
    )  # fmt: skip
    name = f"rewards-{project.slug}-figures"
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=rows)


def _span(args: Mapping[str, str]) -> counted.Span:
    today = business_date(current_project().time_zone)
    return counted.Span.read(args.get("from", ""), args.get("to", ""), today)
