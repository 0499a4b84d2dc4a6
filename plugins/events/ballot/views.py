"""The owners' pages of a draw: entering it, its proof, and the proof as a file."""

import json

from flask import flash, make_response, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events.ballot.entering import enter as enter_party
from plugins.events.ballot.pages import draw_box, proof_of
from plugins.events.blueprint import blueprint
from plugins.events.errors import EventError
from plugins.events.states import Seat
from plugins.events.views import CODES, asked, find_public, party_typed, shown, wishes
from portal.sdk import current_member, current_project, db, gettext, member_only, now

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.post("/p/<project>/events/<public_id>/enter")
@member_only
def enter(public_id: str) -> Page:
    """Enter the member's party into the draw; a second time leads to the same entry."""
    occurrence, party = find_public(public_id), party_typed()
    try:
        made = enter_party(
            occurrence_id=occurrence.id,
            member=current_member(),
            project=current_project(),
            at=now(),
            party=party,
            wishes=wishes(),
            asked=asked(),
        )
    except EventError as error:
        db.session.rollback()
        return shown(public_id, error, ticked=party), CODES.get(error.code, 409)
    db.session.commit()
    if made.state == Seat.ENTERED:
        flash(gettext("You are in the draw. We will tell you what was drawn."))
    return redirect(url_for("events.ticket", public_id=made.public_id), 303)


@blueprint.get("/p/<project>/events/<public_id>/draw")
@member_only
def draw(public_id: str) -> str:
    """Show how the seats of an activity are drawn, and the proof of it."""
    occurrence = find_public(public_id)
    box = draw_box(occurrence, None, current_member(), current_project(), now())
    if box is None:
        raise NotFound
    return render_template(
        "events/draw.html", occurrence=occurrence, draw=box, proof=proof_of(occurrence)
    )


@blueprint.get("/p/<project>/events/<public_id>/draw.json")
@member_only
def draw_file(public_id: str) -> Response:
    """Send what was frozen and drawn as a file; it names nobody."""
    proof = proof_of(find_public(public_id))
    if proof is None:
        raise NotFound
    answer = make_response(json.dumps(proof.told, ensure_ascii=False, indent=1))
    answer.mimetype = "application/json"
    answer.headers["Content-Disposition"] = f'attachment; filename="draw-{public_id}.json"'
    return answer
