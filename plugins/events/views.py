"""The owners' pages: activities, one activity, registering, tickets."""

from collections.abc import Collection

import segno
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import queries, registering
from plugins.events.blueprint import blueprint
from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from plugins.events.pages import OwnerPage, refusal_of
from plugins.events.party import candidates
from plugins.events.policy import cancelled_as, standing
from plugins.events.queries import ListFilter
from plugins.events.showing import ticket_code
from plugins.events.states import PUBLIC, Seat
from plugins.events.words import REFUSALS
from portal.sdk import (
    current_member,
    current_project,
    db,
    gettext,
    housemates,
    localized,
    member_only,
    now,
    plugin_settings,
    points_balance,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
_CODES = {"NOT_OPEN_FOR_YOU": 403, "NOBODY": 422, "TOO_MANY": 422, "UNKNOWN_PERSON": 422}


@blueprint.get("/p/<project>/events/")
@member_only
def index() -> str:
    """Show the activities to come, or those that were, searched and by kind."""
    wanted = ListFilter.read(request.args, ("past",))
    page = queries.coming(current_project().id, current_member().id, wanted)
    few = plugin_settings("events", current_project())["few_seats"]
    return render_template("events/index.html", page=page, wanted=wanted, at=now(), few=few)


@blueprint.get("/p/<project>/events/mine")
@member_only
def mine() -> str:
    """Show what the member registered for, the newest first."""
    page = queries.mine(current_project().id, current_member().id)
    return render_template("events/mine.html", page=page, at=now())


@blueprint.get("/p/<project>/events/<public_id>")
@member_only
def show(public_id: str) -> str:
    """Show an activity, and whether this member may join and why."""
    return _page(public_id)


@blueprint.post("/p/<project>/events/<public_id>/register")
@member_only
def register(public_id: str) -> Page:
    """Register the member; a second time leads to the same ticket."""
    occurrence = _find(public_id)
    # Without the fields of the household it is the member alone.
    party = request.form.getlist("person") if "household" in request.form else None
    try:
        made = registering.register(
            occurrence_id=occurrence.id,
            member=current_member(),
            project=current_project(),
            terms_seen=request.form.get("terms", ""),
            at=now(),
            party=party,
        )
    except EventError as error:
        db.session.rollback()
        said = refusal_of(error)
        return _page(public_id, refused=said, ticked=party), _CODES.get(error.code, 409)
    db.session.commit()
    flash(gettext("You are registered. Show this page at the door."))
    return redirect(url_for("events.ticket", public_id=made.public_id), 303)


@blueprint.get("/p/<project>/events/tickets/<public_id>")
@member_only
def ticket(public_id: str) -> str:
    """Show a ticket with its code, and what cancelling would mean now."""
    return _ticket(public_id)


@blueprint.post("/p/<project>/events/tickets/<public_id>/cancel")
@member_only
def cancel(public_id: str) -> Page:
    """Cancel the member's own registration."""
    project = current_project()
    found = queries.ticket(project.id, current_member().id, public_id)
    if found is None or found.member_id != current_member().id:
        raise NotFound
    try:
        registering.cancel(
            registration_id=found.id,
            occurrence_id=found.occurrence_id,
            project=project,
            at=now(),
        )
    except EventError as error:
        db.session.rollback()
        return _ticket(public_id, refused=str(REFUSALS[error.code])), 409
    db.session.commit()
    flash(gettext("Your registration is cancelled."))
    return redirect(url_for("events.ticket", public_id=public_id), 303)


def _page(public_id: str, refused: str | None = None, ticked: Collection[str] | None = None) -> str:
    member = current_member()
    found = queries.find_with_seats(current_project().id, public_id, member)
    if found is None or found[0].state not in PUBLIC:
        raise NotFound
    occurrence, quotas, seats = found
    mates = housemates(member)
    already = queries.seated_of(seats, member, mates)
    household = candidates(occurrence, current_project(), mates, already.keys)
    costs = occurrence.price + occurrence.deposit
    available = points_balance(member).available if costs else 0
    page = OwnerPage.of(occurrence, quotas, already, available, now(), household)
    return render_template(
        "events/show.html",
        page=page,
        refused=refused,
        ticked=[member.public_id] if ticked is None else ticked,
        preview=False,
    )


def _ticket(public_id: str, refused: str | None = None) -> str:
    found = queries.ticket(current_project().id, current_member().id, public_id)
    if found is None:
        raise NotFound
    mine = found.member_id == current_member().id
    going = found.state in (Seat.HELD, Seat.CONFIRMED)
    code = segno.make(f"EVENT:{found.ticket}", error="m", micro=False)
    title = localized(found.occurrence.event.title)
    return render_template(
        "events/ticket.html",
        registration=found,
        occurrence=found.occurrence,
        standing=standing(found.occurrence, now()),
        seats=queries.seats_of(found),
        code=ticket_code(found.ticket),
        qr=code.svg_data_uri(scale=6, border=2, dark="#0f3d3a") if going else None,
        qr_says=gettext("Entry code for “%(title)s”", title=title),
        cancels_as=cancelled_as(found, found.occurrence, now()) if going and mine else None,
        refused=refused,
    )


def _find(public_id: str) -> Occurrence:
    found = queries.find(current_project().id, public_id)
    if found is None or found.state not in PUBLIC:
        raise NotFound
    return found
