"""The member's page for changing a registration until its deadline."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from plugins.events import queries
from plugins.events.asking.answers import Sheet
from plugins.events.asking.changing import change, may_change, present
from plugins.events.asking.questions import questions_of
from plugins.events.blueprint import blueprint
from plugins.events.errors import EventError
from plugins.events.models import Registration
from plugins.events.pages import refusal_of
from plugins.events.ticket_views import own_registration
from plugins.events.views import CODES, asked, wishes
from portal.sdk import (
    current_member,
    current_project,
    db,
    gettext,
    household_of,
    member_only,
    now,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.get("/p/<project>/events/tickets/<public_id>/change")
@member_only
def change_form(public_id: str) -> str:
    """Show what the member may change, as it stands; or that the time for it is over."""
    return _form(own_registration(public_id))


@blueprint.post("/p/<project>/events/tickets/<public_id>/change")
@member_only
def change_party(public_id: str) -> Page:
    """Change who comes, what they chose and answered: all of it or nothing."""
    found, said = own_registration(public_id), asked()
    try:
        change(
            registration_id=found.id,
            occurrence_id=found.occurrence_id,
            member=current_member(),
            project=current_project(),
            at=now(),
            party=request.form.getlist("person"),
            wishes=wishes(),
            guests=said.guests,
            answers=said.answers,
        )
    except EventError as error:
        db.session.rollback()
        return _form(own_registration(public_id), error), CODES.get(error.code, 409)
    db.session.commit()
    flash(gettext("Changed."))
    return redirect(url_for("events.ticket", public_id=public_id), 303)


def _form(found: Registration, refused: EventError | None = None) -> str:
    member, project, occurrence = current_member(), current_project(), found.occurrence
    quotas = queries.chosen_quotas(occurrence)
    home = household_of(member, project)
    stands = present(found, occurrence, member, project, home, quotas)
    typed: dict[str, object] = dict(request.form)
    ticked, answers = request.form.getlist("person"), asked().answers
    if refused is None:
        ticked, answers = stands.party, stands.answers
        typed = {f"wish-{key}": many for key, many in stands.wishes.items()}
        for guest in stands.guests:
            typed[f"{guest.key}-name"] = guest.name
            typed[f"{guest.key}-age"] = "" if guest.age is None else guest.age
    errors = refused.errors if refused else {}
    return render_template(
        "events/change.html",
        registration=found,
        occurrence=occurrence,
        open=may_change(found, occurrence, now()),
        candidates=stands.among,
        ticked=ticked,
        typed=typed,
        wishes=quotas,
        sheet=Sheet(questions_of(occurrence.event), answers, errors),
        each=(found.charged + found.deposit) // found.seats,
        refused=refusal_of(refused) if refused else None,
    )
