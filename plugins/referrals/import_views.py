"""The staff's page for stages from the sales system."""

from flask import render_template
from werkzeug.wrappers import Response

from plugins.referrals.blueprint import staff
from plugins.referrals.errors import ReferralError
from plugins.referrals.forms import StagesForm
from plugins.referrals.importing import apply_rows, read_rows
from plugins.referrals.words import REFUSALS
from portal.sdk import current_account, current_project, db, now, record, requires

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.route("/p/<project>/staff/referrals/import", methods=["GET", "POST"])
@requires("referrals.sales")
def import_stages() -> Page:
    """Take in stages as rows, and say what became of each line."""
    form, project = StagesForm(), current_project()
    if not form.validate_on_submit():
        page = render_template("referrals/import.html", form=form, outcomes=[])
        return page, 422 if form.errors else 200
    try:
        rows = read_rows(form.rows.data or "")
    except ReferralError as error:
        form.rows.errors = [str(REFUSALS[error.code])]
        return render_template("referrals/import.html", form=form, outcomes=[]), 422
    outcomes = apply_rows(actor=current_account(), project=project, rows=rows, at=now())
    record(
        actor=current_account(),
        action="referrals.stages_imported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={
            "rows": len(rows),
            "done": sum(outcome.result == "done" for outcome in outcomes),
        },
    )
    db.session.commit()
    return render_template("referrals/import.html", form=form, outcomes=outcomes)
