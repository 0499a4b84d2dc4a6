"""The owners' tickets: the code for the door, the place in the waiting list, offers, cancelling."""

import segno
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import queries, registering, rosters
from plugins.events.asking.changing import may_change
from plugins.events.asking.queries import said_by
from plugins.events.ballot.pages import entry_box
from plugins.events.blueprint import blueprint
from plugins.events.errors import EventError
from plugins.events.models import Registration
from plugins.events.pages import queue_words, refusal_of
from plugins.events.policy import Terms, cancelled_as, standing
from plugins.events.showing import ticket_code
from plugins.events.states import EXPECTED, Seat
from portal.sdk import (
    current_member,
    current_project,
    db,
    gettext,
    localized,
    member_only,
    now,
    our_address,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
_WAITED = (Seat.ENTERED, Seat.WAITING, Seat.HELD)


@blueprint.get("/p/<project>/events/tickets/<public_id>")
@member_only
def ticket(public_id: str) -> str:
    """Show a ticket with its code, and what cancelling would mean now."""
    return _ticket(public_id)


@blueprint.post("/p/<project>/events/tickets/<public_id>/cancel")
@member_only
def cancel(public_id: str) -> Page:
    """Cancel the member's own registration."""
    found = own_registration(public_id)
    waited, asked = found.state in _WAITED, found.state == Seat.PENDING
    try:
        registering.cancel(
            registration_id=found.id,
            occurrence_id=found.occurrence_id,
            project=current_project(),
            at=now(),
        )
    except EventError as error:
        db.session.rollback()
        return _ticket(public_id, refused=refusal_of(error)), 409
    db.session.commit()
    gone = gettext("You have given up your place.")
    if asked:
        waited, gone = True, gettext("Your request is withdrawn.")
    flash(gone if waited else gettext("Your registration is cancelled."))
    return redirect(url_for("events.ticket", public_id=public_id), 303)


@blueprint.post("/p/<project>/events/tickets/<public_id>/accept")
@member_only
def accept(public_id: str) -> Page:
    """Take the seats that are offered to the member's party."""
    found = own_registration(public_id)
    try:
        registering.accept(
            registration_id=found.id,
            occurrence_id=found.occurrence_id,
            member=current_member(),
            project=current_project(),
            terms_seen=request.form.get("terms", ""),
            at=now(),
        )
    except EventError as error:
        db.session.rollback()
        status = 410 if error.code == "OFFER_OVER" else 409
        return _ticket(public_id, refused=refusal_of(error)), status
    db.session.commit()
    flash(gettext("The seats are yours. Show this page at the door."))
    return redirect(url_for("events.ticket", public_id=public_id), 303)


def own_registration(public_id: str) -> Registration:
    """Return the reader's own registration, or raise NotFound."""
    found = queries.ticket(current_project().id, current_member().id, public_id)
    if found is None or found.member_id != current_member().id:
        raise NotFound
    return found


def _ticket(public_id: str, refused: str | None = None) -> str:
    found = queries.ticket(current_project().id, current_member().id, public_id)
    if found is None:
        raise NotFound
    mine = found.member_id == current_member().id
    going = found.state == Seat.CONFIRMED
    waiting = found.state == Seat.WAITING
    until = found.offer_until if found.state == Seat.HELD else None
    ends = mine and found.state in EXPECTED
    cancels_as = cancelled_as(found, found.occurrence, now()) if ends else None
    code = segno.make(our_address(url_for("events_staff.scan", code=found.ticket)), error="m")
    title = localized(found.occurrence.event.title)
    return render_template(
        "events/ticket.html",
        registration=found,
        occurrence=found.occurrence,
        standing=standing(found.occurrence, now()),
        seats=queries.seats_of(found),
        said=said_by([found], found.occurrence.event)[found.id],
        code=ticket_code(found.ticket),
        qr=code.svg_data_uri(scale=6, border=2, dark="#0f3d3a") if going else None,
        qr_says=gettext("Entry code for “%(title)s”", title=title),
        cancels_as=cancels_as,
        place=queue_words(found.occurrence, rosters.before(found)) if waiting else None,
        offered=mine and until is not None and until > now(),
        terms=Terms.of(found.occurrence, found.window),
        changes=mine and may_change(found, found.occurrence, now()),
        refused=refused,
        draw=entry_box(found, now()),
    )
