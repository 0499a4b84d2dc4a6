"""The staff's pages of the waiting list (who waits, what is offered, who is first) and figures."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import queries, rosters, waiting
from plugins.events.asking.queries import said_by
from plugins.events.blueprint import staff
from plugins.events.errors import EventError
from plugins.events.figures import figures_of
from plugins.events.words import REFUSALS
from portal.sdk import current_account, current_project, db, gettext, requires

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.get("/p/<project>/staff/events/<public_id>/figures")
@requires("events.manage")
def figures(public_id: str) -> str:
    """Show what an activity came to: persons, points, who showed up."""
    found = queries.find_with_quotas(current_project().id, public_id)
    if found is None:
        raise NotFound
    occurrence, quotas = found
    return render_template(
        "events/staff_figures.html",
        occurrence=occurrence,
        total=quotas[0],
        figures=figures_of(occurrence),
    )


@staff.get("/p/<project>/staff/events/<public_id>/queue")
@requires("events.manage")
def queue(public_id: str) -> str:
    """Show who waits, in order, and the offers that are not answered yet."""
    return _queue(public_id)


@staff.post("/p/<project>/staff/events/<public_id>/registrations/<party>/front")
@requires("events.manage")
def move_to_front(public_id: str, party: str) -> Page:
    """Put a party before the others that wait."""
    project = current_project()
    occurrence = queries.find(project.id, public_id)
    found = occurrence and rosters.party(project.id, occurrence, party)
    if not found:
        raise NotFound
    reason = request.form.get("reason", "").strip()[:200]
    try:
        waiting.move_to_front(actor=current_account(), registration=found, reason=reason)
    except EventError as error:
        db.session.rollback()
        if error.code == "NO_REASON":
            return _queue(public_id, asked=party), 422
        return _queue(public_id, refused=str(REFUSALS[error.code])), 409
    db.session.commit()
    flash(gettext("This party is the next now."))
    return redirect(url_for("events_staff.queue", public_id=public_id), 303)


def _queue(public_id: str, asked: str = "", refused: str = "") -> str:
    found = queries.find_with_quotas(current_project().id, public_id)
    if found is None:
        raise NotFound
    occurrence, quotas = found
    page = rosters.queue_page(occurrence)
    return render_template(
        "events/staff_queue.html",
        occurrence=occurrence,
        quotas=quotas,
        page=page,
        said=said_by([each for each, _name in page.items], occurrence.event),
        offers=rosters.offers(occurrence),
        asked=asked,
        refused=refused,
    )
