"""The staff's page of who asked for a place."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import queries, rosters
from plugins.events.asking.approving import DONE, decide
from plugins.events.asking.queries import asking_activities, said_by
from plugins.events.blueprint import staff
from plugins.events.errors import EventError
from plugins.events.ladder.queries import standings_of
from plugins.events.ladder.words import of_member
from plugins.events.pages import refusal_of
from plugins.events.policy import Terms
from portal.sdk import current_account, current_project, db, gettext, ngettext, now, requires

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.get("/p/<project>/staff/events/requests")
@requires("events.manage")
def all_requests() -> str:
    """List the activities at which members wait for an answer."""
    page = asking_activities(current_project().id)
    return render_template("events/staff_all_requests.html", page=page)


@staff.get("/p/<project>/staff/events/<public_id>/requests")
@requires("events.manage")
def requests(public_id: str) -> str:
    """Show who asks for a place, the first to ask first, with what they said."""
    return _requests(public_id)


@staff.post("/p/<project>/staff/events/<public_id>/requests")
@requires("events.manage")
def answer_requests(public_id: str) -> Page:
    """Approve, reject or put on the waiting list who is ticked."""
    project, form = current_project(), request.form
    occurrence, act = queries.find(project.id, public_id), form.get("act", "")
    if occurrence is None or act not in DONE:
        raise NotFound
    try:
        outcome = decide(
            actor=current_account(),
            occurrence_id=occurrence.id,
            project=project,
            parties=form.getlist("party"),
            act=act,
            at=now(),
            reason=form.get("reason", "").strip()[:200],
        )
    except EventError as error:
        db.session.rollback()
        said = gettext("Tick who is meant.") if error.code == "NOBODY" else ""
        return _requests(public_id, refused=said, asked=error.code == "NO_REASON"), 422
    refused = {key: refusal_of(error) for key, error in outcome.items() if error is not None}
    db.session.commit()
    done = len(outcome) - len(refused)
    said = ngettext("%(num)d party was answered.", "%(num)d parties were answered.", done)
    if refused:
        return _requests(public_id, wrong=refused, done=said if done else ""), 409
    flash(said)
    return redirect(url_for("events_staff.requests", public_id=public_id), 303)


def _requests(
    public_id: str,
    refused: str = "",
    wrong: dict[str, str] | None = None,
    done: str = "",
    *,
    asked: bool = False,
) -> str:
    found = queries.find_with_quotas(current_project().id, public_id)
    if found is None:
        raise NotFound
    occurrence, quotas = found
    page = rosters.pending_page(occurrence)
    parties = [each for each, _name in page.items]
    return render_template(
        "events/staff_requests.html",
        occurrence=occurrence,
        quotas=quotas,
        page=page,
        said=said_by(parties, occurrence.event),
        standings={
            key: of_member(each)
            for key, each in standings_of(
                occurrence.project_id, [each.member_id for each in parties], now()
            ).items()
        },
        costs={each.id: Terms.read(each.asked_under) for each in parties},
        refused=refused,
        wrong=wrong or {},
        done=done,
        asked=asked,
        ticked=request.form.getlist("party"),
        typed=request.form,
    )
