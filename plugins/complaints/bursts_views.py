"""The group's page of a burst: what the radar reads, which complaints, what is done about it."""

from flask import flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from plugins.complaints import bursts, centre, radar
from plugins.complaints.blueprint import group
from plugins.complaints.centre_views import WATCH, projects_of_reader
from plugins.complaints.errors import CaseError
from plugins.complaints.forms import check_words
from plugins.complaints.identity import Reader
from plugins.complaints.models import Burst
from plugins.complaints.staff_views import CENTRE, LEAD, StaleError, rank
from plugins.complaints.states import Stage
from portal.sdk import current_account, db, gettext, lazy, may, requires

__all__ = ["group"]

Page = str | tuple[str, int] | Response


class PlanForm(FlaskForm):
    """What is done about a burst."""

    body = TextAreaField(
        lazy("What is done, by whom, by when"), [DataRequired(), Length(max=2000), check_words]
    )


@group.get("/centre/complaints/bursts/<public_id>")
@requires(WATCH)
def burst(public_id: str) -> str:
    """Show a burst."""
    return _page(public_id, PlanForm())


@group.post("/centre/complaints/bursts/<public_id>/plan")
@requires(WATCH)
def plan(public_id: str) -> Page:
    """Write down what is done about a burst."""
    found, form = _burst(public_id), PlanForm()
    _check_rank()
    if not form.validate_on_submit():
        return _page(public_id, form), 422
    try:
        bursts.plan(actor=current_account(), burst=found, body=form.body.data or "")
    except CaseError as error:
        db.session.rollback()
        raise StaleError(error) from error
    db.session.commit()
    flash(gettext("The plan is kept."))
    return redirect(url_for("complaints_centre.burst", public_id=public_id), 303)


@group.post("/centre/complaints/bursts/<public_id>/stand-down")
@requires(WATCH)
def stand_down(public_id: str) -> Page:
    """End a burst."""
    found = _burst(public_id)
    _check_rank()
    try:
        bursts.stand_down(actor=current_account(), burst=found)
    except CaseError as error:
        db.session.rollback()
        raise StaleError(error) from error
    db.session.commit()
    flash(gettext("Stood down. For 14 days only a markedly larger return is told, as an alert."))
    return redirect(url_for("complaints_centre.morning"), 303)


def _page(public_id: str, form: PlanForm) -> str:
    found = _burst(public_id)
    if not form.is_submitted():
        form.body.data = found.plan
    projects = projects_of_reader()
    return render_template(
        "complaints/burst.html",
        burst=found,
        category=centre.category_of(found),
        where=projects[found.project_id],
        cases=bursts.cases_of(found),
        form=form,
        acts=found.stage != Stage.STOOD_DOWN and (may(CENTRE) or may(LEAD)),
        days=radar.WINDOW_DAYS,
        calm_days=radar.CALM_DAYS,
        reader=Reader(staff=True, rank=rank()),
    )


def _burst(public_id: str) -> Burst:
    found = centre.find_burst(projects_of_reader(), public_id)
    if found is None:
        raise NotFound
    return found


def _check_rank() -> None:
    if not (may(CENTRE) or may(LEAD)):
        raise Forbidden
