"""The staff's page at the door: a code or a name, the party, one tick for each who comes in."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import door, queries, rosters
from plugins.events.asking.queries import said_by
from plugins.events.blueprint import staff
from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from plugins.events.showing import plain_ticket
from plugins.events.states import Seat
from plugins.events.words import REFUSALS
from portal.sdk import current_account, current_project, db, gettext, ngettext, now, requires

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.get("/p/<project>/staff/events/door")
@requires("events.manage")
def scan() -> Response:
    """Lead from a ticket's code, as a camera reads it, to the door of its activity."""
    ticket = plain_ticket(request.args.get("code", ""))
    found = rosters.by_ticket(current_project().id, ticket)
    if found is None:
        raise NotFound
    activity = found.registration.occurrence.public_id
    return redirect(url_for("events_staff.at_door", public_id=activity, q=ticket), 302)


@staff.get("/p/<project>/staff/events/<public_id>/door")
@requires("events.manage")
def at_door(public_id: str) -> Page:
    """Show the door of an activity, with the parties that a code or a name finds."""
    return _door(_find(public_id), request.args.get("q", ""))


@staff.post("/p/<project>/staff/events/<public_id>/registrations/<party>/check-in")
@requires("events.manage")
def check_in(public_id: str, party: str) -> Page:
    """Let the ticked persons of a party in, or take that back."""
    occurrence = _find(public_id)
    found = rosters.party(current_project().id, occurrence, party)
    if found is None:
        raise NotFound
    actor, seats = current_account(), request.form.getlist("seat")
    undoing = request.form.get("act") == "undo"
    number = 0
    try:
        if undoing:
            door.undo(actor=actor, registration=found, occurrence=occurrence, seats=seats)
        else:
            number = door.check_in(
                actor=actor, registration=found, occurrence=occurrence, seats=seats, at=now()
            )
    except EventError as error:
        db.session.rollback()
        ticket = found.ticket
        status = 422 if error.code == "NOBODY" else 409
        return _door(_find(public_id), ticket, str(REFUSALS[error.code])), status
    db.session.commit()
    if undoing:
        flash(gettext("Taken back. The trace stays in the audit trail."))
        return redirect(url_for("events_staff.at_door", public_id=public_id, q=found.ticket), 303)
    flash(ngettext("%(num)d person is in.", "%(num)d persons are in.", number))
    return redirect(url_for("events_staff.at_door", public_id=public_id), 303)


def _door(occurrence: Occurrence, asked: str, refused: str = "") -> str:
    asked = asked.strip()[:200].replace("\0", "")
    ticket, at = plain_ticket(asked), now()
    by_code = rosters.by_ticket(occurrence.project_id, ticket) if ticket else None
    parties = [by_code] if by_code else rosters.by_name(occurrence, asked[:60]) if asked else []
    code = None
    if by_code is not None:
        code = door.refusal_at_door(occurrence, by_code.registration, at)
        inside = all(each.state == Seat.ATTENDED for each in by_code.seats)
        code = code or ("ALREADY_IN" if inside else None)
    elif asked and not parties:
        code = "UNKNOWN_TICKET" if ticket else "UNKNOWN_NAME"
    inside_now, expected = rosters.came_in(occurrence)
    return render_template(
        "events/door.html",
        occurrence=occurrence,
        asked=asked,
        parties=parties,
        said={
            found.id: said_by([found], found.occurrence.event)[found.id]
            for found in (each.registration for each in parties)
        },
        code=code,
        refused=refused,
        refusals={
            each.registration.id: door.refusal_at_door(occurrence, each.registration, at)
            for each in parties
        },
        inside=inside_now,
        expected=expected,
    )


def _find(public_id: str) -> Occurrence:
    found = queries.find(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
