"""The staff's page of figures: the funnel and the share of referrals, month by month."""

from flask import render_template
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.referrals import figures as counted
from plugins.referrals.blueprint import staff
from plugins.referrals.exclusions import NAME
from plugins.referrals.words import STATES
from portal.sdk import (
    ExportFormat,
    business_date,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    plugin_settings,
    record,
    requires,
)

__all__ = ["staff"]

RULES = "referrals.rules"


@staff.get("/p/<project>/staff/referrals/figures")
@requires(RULES)
def figures() -> str:
    """Show the last twelve months, with an alert where the share is too small."""
    project = current_project()
    found = counted.months(project, business_date(project.time_zone))
    whole = counted.whole(found)
    least = plugin_settings(NAME, project)["least_share"] or 0
    return render_template(
        "referrals/figures.html",
        months=found,
        whole=whole,
        bars=counted.bars(found),
        stages=counted.FUNNEL,
        least=least,
        low=whole.share is not None and whole.share < least,
    )


@staff.post("/p/<project>/staff/referrals/figures.<kind>")
@requires(RULES)
def export_figures(kind: str) -> Response:
    """Send the months as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project = current_project()
    found = counted.months(project, business_date(project.time_zone))
    rows = [
        (
            month.key,
            *(month.reached.get(stage, 0) for stage in counted.FUNNEL),
            month.referred,
            month.contracts,
            "" if month.share is None else month.share,
        )
        for month in found
    ]
    record(
        actor=current_account(),
        action="referrals.exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows), "of": "figures"},
    )
    db.session.commit()
    header = (
        gettext("Month"),
        *(str(STATES[stage][0]) for stage in counted.FUNNEL),
        gettext("Referred contracts"),
        gettext("All contracts"),
        gettext("Share of contracts by referral, percent"),
    )
    name = f"referrals-{project.slug}"
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=rows)
