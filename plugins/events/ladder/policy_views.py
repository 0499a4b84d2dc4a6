"""The staff's pages of the policy in versions, and of the days that do not count."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from plugins.events.blueprint import staff
from plugins.events.errors import EventError
from plugins.events.ladder import policies, queries, words
from plugins.events.ladder.forms import PauseForm, PolicyForm
from plugins.events.ladder.models import Pause, Policy, Version
from plugins.events.showing import to_local
from plugins.events.words import REFUSALS
from portal.sdk import (
    business_date,
    current_account,
    current_project,
    db,
    gettext,
    now,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
MANAGE = "events.manage"


class RefusedError(Conflict):
    """A 409 whose page says why."""

    def __init__(self, error: EventError) -> None:
        super().__init__()
        self.advice = str(REFUSALS[error.code])


@staff.get("/p/<project>/staff/events/ladder")
@requires(MANAGE)
def ladder() -> str:
    """List the versions of the policy, and the days that do not count."""
    return _ladder(PauseForm(formdata=None))


@staff.route("/p/<project>/staff/events/ladder/new", methods=["GET", "POST"])
@requires(MANAGE)
def write_policy() -> Page:
    """Write the next version, or change the draft that there is."""
    form, project = PolicyForm(), current_project()
    found = policies.newest(project.id)
    seen = request.form.get("seen", str(found.version if found else 0))
    if request.method == "GET":
        if found is not None:
            form.show(found, project)
        if found is None or found.state == Version.PUBLISHED:
            form.starts_at.data = to_local(now(), project)
    if not form.validate_on_submit():
        return _editor(form, seen), 422 if form.errors else 200
    try:
        made = policies.write_draft(
            actor=current_account(),
            project=project,
            starts_at=form.begins(project),
            values=form.values(),
            seen=int(seen) if seen.isdecimal() and len(seen) < 9 else -1,
        )
    except EventError as error:
        db.session.rollback()
        form.form_errors.append(str(REFUSALS[error.code]))
        newer = policies.newest(project.id)
        return _editor(form, str(newer.version if newer else 0)), 409
    db.session.commit()
    flash(gettext("Saved as a draft. A colleague publishes it."))
    return redirect(url_for("events_staff.policy", public_id=made.public_id), 303)


@staff.get("/p/<project>/staff/events/ladder/<public_id>")
@requires(MANAGE)
def policy(public_id: str) -> str:
    """Show a version as members read it."""
    return render_template(
        "events/policy.html",
        policy=_find(public_id),
        ladder=words,
        mine=_find(public_id).written_by == current_account().id,
        at=now(),
    )


@staff.post("/p/<project>/staff/events/ladder/<public_id>/publish")
@requires("events.review")
def publish_policy(public_id: str) -> Response:
    """Put a draft of a colleague's in force."""
    found = _find(public_id)
    if request.form.get("seen") != found.starts_at.isoformat():
        raise RefusedError(EventError("CHANGED"))
    try:
        policies.publish(actor=current_account(), policy=found, seen=found.starts_at, at=now())
    except EventError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    flash(gettext("Published. Registrations from then on are judged by it."))
    return redirect(url_for("events_staff.policy", public_id=public_id), 303)


@staff.post("/p/<project>/staff/events/ladder/pauses")
@requires(MANAGE)
def add_pause() -> Page:
    """Add days on which marks do not run down."""
    form = PauseForm()
    if not form.validate_on_submit():
        return _ladder(form), 422
    first, last = form.days()
    try:
        policies.add_pause(
            actor=current_account(),
            project=current_project(),
            title=form.title.data or "",
            first=first,
            last=last,
            at=now(),
        )
    except EventError:
        db.session.rollback()
        form.first.errors = [gettext("These days are set already.")]
        return _ladder(form), 409
    db.session.commit()
    flash(gettext("Saved. Marks that count end later by these days."))
    return redirect(url_for("events_staff.ladder"), 303)


@staff.post("/p/<project>/staff/events/ladder/pauses/<public_id>/remove")
@requires(MANAGE)
def remove_pause(public_id: str) -> Response:
    """Let days count after all."""
    project = current_project()
    found = db.session.query(Pause).filter_by(project_id=project.id, public_id=public_id).first()
    if found is None:
        raise NotFound
    policies.remove_pause(actor=current_account(), project=project, pause=found, at=now())
    db.session.commit()
    flash(gettext("Saved. These days count."))
    return redirect(url_for("events_staff.ladder"), 303)


def _find(public_id: str) -> Policy:
    found = queries.version(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _ladder(form: PauseForm) -> str:
    project, at = current_project(), now()
    return render_template(
        "events/ladder.html",
        page=queries.versions(project.id),
        current=queries.policy_now(project.id, at),
        pauses=queries.pauses(project.id, business_date(project.time_zone)),
        form=form,
        at=at,
    )


def _editor(form: PolicyForm, seen: str) -> str:
    return render_template("events/policy_edit.html", form=form, seen=seen)
