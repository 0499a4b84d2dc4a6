"""The staff's pages of a series: the rule with a preview, its dates, copies."""

from collections.abc import Collection
from datetime import date
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events.blueprint import staff
from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from plugins.events.series import changing, cloning, queries, service
from plugins.events.series.forms import RuleForm
from plugins.events.series.rules import Rule
from plugins.events.series.service import Planned
from plugins.events.series.words import day_name, rule_words
from plugins.events.staff_views import MANAGE, IllegalStepError
from plugins.events.states import EDITABLE, STEPS
from portal.sdk import (
    current_account,
    current_project,
    db,
    gettext,
    may,
    ngettext,
    now,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
TOGETHER = ("submit", "approve", "return", "cancel")
"""Steps that this date and the following may take together."""


@staff.route("/p/<project>/staff/events/<public_id>/repeat", methods=["GET", "POST"])
@requires(MANAGE)
def repeat(public_id: str) -> Page:
    """Show what a rule would make of an activity, and make it."""
    occurrence, project, form = _find(public_id), current_project(), RuleForm()
    series = occurrence.series
    if request.method == "GET":
        if series:
            form.show(Rule.of(series.rule))
        else:
            form.start_at(occurrence.starts_at.astimezone(ZoneInfo(project.time_zone)).date())
    if not form.validate_on_submit():
        return _rule(form, occurrence), 422 if form.errors else 200
    rule, at = form.rule(), now()
    planned = service.plan(occurrence, rule, project, at)
    new = {each.day for each in planned if each.state == "new"}
    seen, ticked = _days("seen"), _days("day")
    skipped = (seen - ticked) if seen else queries.skipped_of(series)
    if request.form.get("do") != "make":
        return _rule(form, occurrence, planned, skipped)
    if seen != new:
        said = gettext("The dates are others now. Look at them, then make them.")
        return _rule(form, occurrence, planned, skipped, said), 422
    if not new - skipped:
        return _rule(form, occurrence, planned, skipped, gettext("Tick at least one date.")), 422
    try:
        made = service.make_dates(
            actor=current_account(),
            project=project,
            pattern=occurrence,
            rule=rule,
            skipped=skipped,
            at=at,
        )
    except EventError as error:
        db.session.rollback()
        raise IllegalStepError(error) from error
    many = len(made)
    db.session.commit()
    flash(ngettext("%(num)d date made as a draft.", "%(num)d dates made as drafts.", many))
    return redirect(url_for("events_staff.dates", public_id=public_id), 303)


@staff.get("/p/<project>/staff/events/<public_id>/dates")
@requires(MANAGE)
def dates(public_id: str) -> str:
    """List the dates of a series, with what this one and the following may do together."""
    return _dates(public_id)


@staff.post("/p/<project>/staff/events/<public_id>/dates/step")
@requires(MANAGE)
def step_dates(public_id: str) -> Page:
    """Lead a date of a series and those that follow to their next state."""
    occurrence, step = _find(public_id), request.form.get("step", "")
    allowed = step in TOGETHER and (step not in ("approve", "return") or may("events.review"))
    if occurrence.series_id is None or not allowed:
        raise IllegalStepError(EventError("ILLEGAL_STEP", state=occurrence.state))
    try:
        many = service.take_step(
            actor=current_account(),
            project=current_project(),
            occurrence=occurrence,
            step=step,
            at=now(),
            reason=request.form.get("reason", "").strip()[:200],
        )
    except EventError as error:
        db.session.rollback()
        if error.code == "NO_REASON":
            return _dates(public_id, asked=step), 422
        raise IllegalStepError(error) from error
    db.session.commit()
    if many <= changing.AT_ONCE:
        flash(ngettext("Done for %(num)d date.", "Done for %(num)d dates.", many))
    return redirect(url_for("events_staff.dates", public_id=public_id), 303)


@staff.post("/p/<project>/staff/events/<public_id>/dates/stop")
@requires(MANAGE)
def stop_change(public_id: str) -> Response:
    """Stop a change that is passed on to the dates of a series."""
    changing.stop(actor=current_account(), occurrence=_find(public_id))
    db.session.commit()
    return redirect(url_for("events_staff.dates", public_id=public_id), 303)


@staff.post("/p/<project>/staff/events/<public_id>/clone")
@requires(MANAGE)
def clone(public_id: str) -> Response:
    """Copy an activity as a draft, and go on writing there."""
    made = cloning.clone(
        actor=current_account(), project=current_project(), pattern=_find(public_id), at=now()
    )
    db.session.commit()
    flash(gettext("Copied as a draft, some weeks later. Look at its dates."))
    return redirect(url_for("events_staff.edit", public_id=made.public_id), 303)


def _rule(
    form: RuleForm,
    occurrence: Occurrence,
    planned: Collection[Planned] = (),
    skipped: Collection[date] = (),
    refused: str = "",
) -> str:
    return render_template(
        "events/series_repeat.html",
        form=form,
        occurrence=occurrence,
        planned=planned,
        skipped=skipped,
        refused=refused,
        new=[each.day.isoformat() for each in planned if each.state == "new"],
        day_name=day_name,
        editable=occurrence.state in EDITABLE,
    )


def _dates(public_id: str, asked: str = "") -> str:
    found = queries.find_with_change(current_project().id, public_id)
    if found is None:
        raise NotFound
    occurrence, change = found
    series = occurrence.series
    states = queries.following(occurrence)
    together = {
        step: sum(states.get(source, 0) for source in STEPS[step].sources) for step in TOGETHER
    }
    return render_template(
        "events/series_dates.html",
        occurrence=occurrence,
        page=queries.dates_of(series.id) if series else None,
        rule=rule_words(Rule.of(series.rule)) if series else "",
        together=together,
        change=change,
        asked=asked,
        reviews=may("events.review"),
    )


def _days(name: str) -> set[date]:
    found = set()
    for text in request.form.getlist(name)[:500]:
        try:
            found.add(date.fromisoformat(text))
        except ValueError:
            continue
    return found


def _find(public_id: str) -> Occurrence:
    found = queries.find_with_series(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
