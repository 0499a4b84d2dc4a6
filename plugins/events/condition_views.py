"""The staff's page of an activity's conditions."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import queries
from plugins.events.blueprint import staff
from plugins.events.condition_forms import EXTRAS, conditions_form
from plugins.events.conditions import set_conditions
from plugins.events.errors import EventError
from plugins.events.series import service as series
from plugins.events.staff_views import IllegalStepError, saved
from plugins.events.states import EDITABLE
from portal.sdk import (
    buildings_of,
    current_account,
    current_project,
    db,
    now,
    requires,
    tiers,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.route("/p/<project>/staff/events/<public_id>/conditions", methods=["GET", "POST"])
@requires("events.manage")
def conditions(public_id: str) -> Page:
    """Show and change whom an activity is for, windows of tiers and quotas."""
    project = current_project()
    found = queries.find_with_quotas(project.id, public_id)
    if found is None:
        raise NotFound
    occurrence, quotas = found
    form = conditions_form(occurrence, project, buildings_of(project), tiers(), quotas)
    if request.method == "GET":
        form.show(queries.windows_of(occurrence), quotas)
    if not form.validate_on_submit():
        page = render_template(
            "events/staff_conditions.html",
            form=form,
            extras=EXTRAS,
            occurrence=occurrence,
            editable=occurrence.state in EDITABLE,
        )
        return page, 422 if form.errors else 200
    act: dict[str, Any] = {"occurrence": occurrence, "wanted": form.conditions(), "at": now()}
    act |= {"actor": current_account(), "project": project}
    many = 1
    try:
        if occurrence.series_id is None:
            set_conditions(**act)
        else:
            following = request.form.get("dates") == "following"
            many = series.set_conditions(**act, following=following)
    except EventError as error:
        db.session.rollback()
        raise IllegalStepError(error) from error
    db.session.commit()
    flash(saved(many))
    return redirect(url_for("events_staff.conditions", public_id=public_id), 303)
