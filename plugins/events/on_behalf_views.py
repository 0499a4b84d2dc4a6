"""The staff's page for registering somebody who called or came by."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import on_behalf, queries
from plugins.events.blueprint import staff
from plugins.events.counting import window_of
from plugins.events.eligibility import reasons
from plugins.events.errors import EventError
from plugins.events.ladder import words as ladder_words
from plugins.events.ladder.queries import standing_of
from plugins.events.models import Occurrence
from plugins.events.pages import refusal_of
from plugins.events.party import candidates
from plugins.events.policy import Terms
from plugins.events.views import CODES, asked, sheet_of, wishes
from portal.sdk import (
    MemberRef,
    PhoneError,
    current_account,
    current_project,
    db,
    find_phone_holder,
    gettext,
    homes_of,
    household_of,
    normalize_phone,
    now,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.get("/p/<project>/staff/events/<public_id>/add")
@requires("events.manage")
def add(public_id: str) -> str:
    """Ask for the phone of the member to register."""
    return _add(_find(public_id))


@staff.post("/p/<project>/staff/events/<public_id>/add")
@requires("events.manage")
def add_party(public_id: str) -> Page:
    """Show the household of a phone, then register who is ticked."""
    occurrence, form = _find(public_id), request.form
    member = member_of_phone(form.get("phone", ""))
    if member is None:
        said = gettext("No member with a home here signs in with this number.")
        return _add(occurrence, refused=said), 422
    if "terms" not in form:
        return _add(occurrence, member)
    try:
        on_behalf.register_for(
            actor=current_account(),
            occurrence_id=occurrence.id,
            member=member,
            project=current_project(),
            party=form.getlist("person"),
            terms_seen=form["terms"],
            reason=form.get("reason", "").strip()[:200],
            force="force" in form,
            at=now(),
            wishes=wishes(),
            asked=asked(),
            overrule="overrule" in form,
        )
    except EventError as error:
        db.session.rollback()
        wrong = error.code == "NO_REASON" or CODES.get(error.code) == 422
        return _add(_find(public_id), member, refusal_of(error), error), 422 if wrong else 409
    db.session.commit()
    flash(gettext("Registered. The member has been told."))
    return redirect(url_for("events_staff.show", public_id=public_id), 303)


def member_of_phone(phone: str) -> MemberRef | None:
    """Return who signs in with a number and has a home here."""
    project = current_project()
    try:
        holder = find_phone_holder(normalize_phone(phone), project)
    except PhoneError:
        return None
    member = holder.member
    return member if member is not None and homes_of(member, project) else None


def _add(
    occurrence: Occurrence,
    member: MemberRef | None = None,
    refused: str = "",
    error: EventError | None = None,
) -> str:
    household, rules, terms = [], [], Terms.of(occurrence)
    if member is not None:
        home = household_of(member, current_project())
        already = queries.seated(occurrence.id, member, home.mates)
        household = candidates(occurrence, current_project(), home.mates, already.keys)
        came_on = queries.came_on(occurrence, member)
        ladder = standing_of(current_project().id, member.id, now())
        terms = Terms.of(occurrence, window_of(occurrence.id, home.tier), ladder.version)
        rules = reasons(occurrence, current_project(), home, came_on)
        rules += ladder_words.reasons(ladder)
    return render_template(
        "events/add.html",
        occurrence=occurrence,
        member=member,
        candidates=household,
        rules=rules,
        ticked=request.form.getlist("person") or [each.mate.key for each in household[:1]],
        typed=request.form,
        refused=refused,
        sheet=sheet_of(occurrence, error),
        terms=terms,
        wishes=queries.chosen_quotas(occurrence),
    )


def _find(public_id: str) -> Occurrence:
    found = queries.find(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
