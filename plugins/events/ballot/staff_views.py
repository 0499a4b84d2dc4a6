"""The staff's page of how seats are given: set it, follow the entries, draw."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import queries, rosters
from plugins.events.ballot.forms import WayForm, way_form
from plugins.events.ballot.pages import proof_of
from plugins.events.ballot.service import hold_draw, set_way
from plugins.events.ballot.terms import draw_due, entries_end
from plugins.events.blueprint import staff
from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from plugins.events.policy import standing
from plugins.events.states import EDITABLE, Seat, State
from plugins.events.words import REFUSALS
from portal.sdk import (
    current_account,
    current_project,
    db,
    gettext,
    localized,
    now,
    requires,
    tiers,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.route("/p/<project>/staff/events/<public_id>/draw", methods=["GET", "POST"])
@requires("events.manage")
def draw(public_id: str) -> Page:
    """Show and set how seats are given; show the entries, their hash and what was drawn."""
    occurrence = _find(public_id)
    form = _form(occurrence)
    if request.method == "GET":
        form.show()
    if not form.validate_on_submit():
        return _shown(occurrence, form), 422 if form.errors else 200
    try:
        set_way(actor=current_account(), occurrence=occurrence, way=form.way(), at=now())
    except EventError as error:
        db.session.rollback()
        said = REFUSALS.get(error.code, REFUSALS["MODE_FIXED"])
        return _shown(_find(public_id), form, refused=said), 409
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("events_staff.draw", public_id=public_id), 303)


@staff.post("/p/<project>/staff/events/<public_id>/draw/run")
@requires("events.manage")
def run_draw(public_id: str) -> Page:
    """Draw the seats, with the public number that was announced."""
    occurrence = _find(public_id)
    try:
        hold_draw(
            actor=current_account(),
            occurrence_id=occurrence.id,
            project=current_project(),
            at=now(),
            number=request.form.get("number", "").replace("\0", ""),
        )
    except EventError as error:
        db.session.rollback()
        occurrence = _find(public_id)
        form = _form(occurrence)
        status = 422 if error.code == "NO_NUMBER" else 409
        return _shown(occurrence, form, refused=REFUSALS[error.code]), status
    db.session.commit()
    flash(gettext("The seats are drawn. Everybody who entered is told."))
    return redirect(url_for("events_staff.draw", public_id=public_id), 303)


def _form(occurrence: Occurrence) -> WayForm:
    # Nobody changes it later, so no tiers are asked for.
    begins = occurrence.state in (State.DRAFT, State.SCHEDULED)
    return way_form(occurrence, current_project(), tiers() if begins else [])


def _shown(occurrence: Occurrence, form: WayForm, refused: object = "") -> str:
    at, ballot = now(), occurrence.ballot
    state = standing(occurrence, at)
    waits = ballot is not None and ballot.drawn_at is None
    entered = rosters.counts(occurrence).get(Seat.ENTERED, (0, 0))[0] if waits else 0
    return render_template(
        "events/staff_draw.html",
        occurrence=occurrence,
        form=form,
        refused=refused,
        ballot=ballot,
        source=localized(ballot.source) if ballot else "",
        until=entries_end(occurrence),
        due=draw_due(occurrence),
        entered=entered,
        editable=occurrence.state in EDITABLE
        and state in (State.DRAFT, State.SCHEDULED)
        and not entered,
        may_draw=waits and state in (State.OPEN, State.CLOSED) and draw_due(occurrence) <= at,
        proof=proof_of(occurrence),
    )


def _find(public_id: str) -> Occurrence:
    found = queries.find(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
