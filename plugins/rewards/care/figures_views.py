"""The managers' page of care's figures: kept in time or not, and the money, by month and kind."""

from collections.abc import Mapping

from flask import render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards.blueprint import staff
from plugins.rewards.care import figures
from plugins.rewards.care.escalating import MANAGE
from plugins.rewards.care.words import KINDS
from plugins.rewards.figures import Span
from plugins.rewards.showing import yuan
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


@staff.get("/p/<project>/staff/rewards/care/figures")
@requires(MANAGE)
def care_figures() -> str:
    """Show how well care was kept to in some months, the last twelve at first."""
    found, span = _kept(request.args)
    months = figures.by_month(found, span)
    return render_template(
        "rewards/care_figures.html",
        span=span,
        months=months[::-1],
        kinds=figures.by_kind(found),
        whole=sum(found, figures.Kept("", "")),
        bars=figures.bars(months),
    )


@staff.post("/p/<project>/staff/rewards/care/figures.<kind>")
@requires(MANAGE)
def export_care_figures(kind: str) -> Response:
    """Send the months by kind as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project, (found, _) = current_project(), _kept(request.form)
    rows = [
        (
            row.month, str(KINDS[row.kind][0]), row.in_time, row.late, row.missed, row.open,
            row.overdue, yuan(row.planned), yuan(row.committed), yuan(row.spent),
        )
        for row in found
    ]  # fmt: skip
    record(
        actor=current_account(),
        action="rewards.care_exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows), "what": "figures"},
    )
    db.session.commit()
    header = (
        gettext("Month"), gettext("Kind of care"), gettext("Done in time"), gettext("Done late"),
        gettext("Not done"), gettext("Still to do"), gettext("Of them overdue"),
        gettext("Planned yuan"), gettext("Committed yuan"), gettext("Yuan spent"),
    )  # fmt: skip
    return export_file(
        name=f"care-figures-{project.slug}", kind=ExportFormat(kind), header=header, rows=rows
    )


def _kept(args: Mapping[str, str]) -> tuple[list[figures.Kept], Span]:
    project = current_project()
    today = business_date(project.time_zone)
    span = Span.read(args.get("from", ""), args.get("to", ""), today)
    return figures.kept(project.id, span, today), span
