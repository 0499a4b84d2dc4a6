"""The staff's page of whom an activity is for."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import queries
from plugins.events.blueprint import staff
from plugins.events.condition_forms import ConditionsForm
from plugins.events.conditions import set_conditions
from plugins.events.eligibility import Rules
from plugins.events.errors import EventError
from plugins.events.staff_views import IllegalStepError
from plugins.events.states import EDITABLE
from portal.sdk import (
    buildings_of,
    current_account,
    current_project,
    db,
    gettext,
    now,
    requires,
    tiers,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.route("/p/<project>/staff/events/<public_id>/conditions", methods=["GET", "POST"])
@requires("events.manage")
def conditions(public_id: str) -> Page:
    """Show and change whom an activity is for."""
    project = current_project()
    occurrence = queries.find(project.id, public_id)
    if occurrence is None:
        raise NotFound
    form = ConditionsForm(buildings_of(project), tiers(), Rules.of(occurrence))
    if request.method == "GET":
        form.show(Rules.of(occurrence))
    if not form.validate_on_submit():
        page = render_template(
            "events/staff_conditions.html",
            form=form,
            occurrence=occurrence,
            editable=occurrence.state in EDITABLE,
        )
        return page, 422 if form.errors else 200
    try:
        set_conditions(actor=current_account(), occurrence=occurrence, rules=form.rules(), at=now())
    except EventError as error:
        db.session.rollback()
        raise IllegalStepError(error) from error
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("events_staff.conditions", public_id=public_id), 303)
