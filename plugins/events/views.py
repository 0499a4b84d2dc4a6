"""The owners' pages: activities, one activity, registering, tickets."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import lists, queries, registering
from plugins.events.asking.answers import Sheet
from plugins.events.asking.parties import Asked, read_form
from plugins.events.asking.questions import questions_of
from plugins.events.ballot.pages import draw_box
from plugins.events.blueprint import blueprint
from plugins.events.eligibility import reasons
from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from plugins.events.pages import OwnerPage, refusal_of
from plugins.events.party import candidates
from plugins.events.policy import Terms
from plugins.events.queries import ListFilter
from plugins.events.states import PUBLIC, Seat
from portal.sdk import (
    HouseholdRef,
    MemberRef,
    ProjectRef,
    current_member,
    current_project,
    db,
    gettext,
    household_of,
    member_only,
    now,
    plugin_settings,
    points_balance,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
CODES = {
    "NOT_OPEN_FOR_YOU": 403,
    "NOT_AN_OWNER": 403,
    "NOT_YOUR_BUILDING": 403,
    "NOT_YOUR_TIER": 403,
    "TOO_NEW": 403,
    "CAME_RECENTLY": 403,
    "WAITING_LIST_ONLY": 403,
    "NOBODY": 422,
    "TOO_MANY": 422,
    "UNKNOWN_PERSON": 422,
    "BAD_WISH": 422,
    "BAD_ANSWERS": 422,
    "BAD_GUEST": 422,
    "NO_HOST": 422,
    "TOO_MANY_GUESTS": 422,
    "NO_TEXT": 422,
}
"""What is not 409."""


@blueprint.get("/p/<project>/events/")
@member_only
def index() -> str:
    """Show the activities to come, or those that were, searched and by kind."""
    wanted = ListFilter.read(request.args, ("past",))
    page = lists.coming(current_project().id, current_member().id, wanted)
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
    return shown(public_id)


@blueprint.post("/p/<project>/events/<public_id>/register")
@member_only
def register(public_id: str) -> Page:
    """Register the member; a second time leads to the same ticket."""
    occurrence = find_public(public_id)
    party = party_typed()
    try:
        made = registering.register(
            occurrence_id=occurrence.id,
            member=current_member(),
            project=current_project(),
            terms_seen=request.form.get("terms", ""),
            at=now(),
            party=party,
            wishes=wishes(),
            asked=asked(),
        )
    except EventError as error:
        db.session.rollback()
        return shown(public_id, error, ticked=party), CODES.get(error.code, 409)
    db.session.commit()
    if made.state == Seat.CONFIRMED:
        flash(gettext("You are registered. Show this page at the door."))
    return redirect(url_for("events.ticket", public_id=made.public_id), 303)


@blueprint.post("/p/<project>/events/<public_id>/queue")
@member_only
def join_queue(public_id: str) -> Page:
    """Let the member's party wait for seats; a second time leads to the same place."""
    occurrence = find_public(public_id)
    party = party_typed()
    try:
        made = registering.join_queue(
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
    if made.state == Seat.WAITING:
        flash(gettext("You are on the waiting list. We will tell you when seats are free."))
    return redirect(url_for("events.ticket", public_id=made.public_id), 303)


def owner_page(public_id: str) -> OwnerPage:
    """Return an activity as the member who asks sees it, or raise NotFound."""
    member, project = current_member(), current_project()
    home = household_of(member, project)
    at = now()
    found = queries.find_with_seats(project.id, public_id, member, home.tier, at)
    if found is None or found.occurrence.state not in PUBLIC:
        raise NotFound
    return page_for(found, member, project, home, at)


def shown(
    public_id: str, refused: EventError | None = None, ticked: Collection[str] | None = None
) -> str:
    """Return the page of an activity as the member who asks sees it."""
    page = owner_page(public_id)
    return render_template(
        "events/show.html",
        page=page,
        refused=refusal_of(refused) if refused else None,
        sheet=sheet_of(page.occurrence, refused),
        at=now(),
        ticked=[current_member().public_id] if ticked is None else ticked,
        preview=False,
        typed=request.form,
    )


def page_for(
    found: queries.Found,
    member: MemberRef,
    project: ProjectRef,
    home: HouseholdRef,
    at: datetime,
) -> OwnerPage:
    """Return an activity as a member sees it at a time."""
    occurrence = found.occurrence
    already = queries.seated_of(found.seats, member, home.mates)
    household = candidates(occurrence, project, home.mates, already.keys)
    rules = reasons(occurrence, project, home, found.came_on)
    terms = Terms.of(occurrence, found.window)
    asked = terms.price + terms.deposit and already.with_me is None
    available = points_balance(member).available if asked else 0
    page = OwnerPage.of(found, already, available, at, household, rules, found.ladder)
    return replace(page, draw=draw_box(occurrence, home.tier, member, project, at))


def sheet_of(occurrence: Occurrence, refused: EventError | None = None) -> Sheet:
    """Return the questions of an activity with what the form has, and what is wrong with it."""
    errors = refused.errors if refused else {}
    return Sheet(questions_of(occurrence.event), asked().answers, errors)


def asked() -> Asked:
    """Return the guests and the answers of a form."""
    return read_form(request.form, dict(request.form.lists()))


def wishes() -> dict[str, int]:
    """Return for how many persons the form asks for what some quota gives: no number is -1."""
    typed = {
        name.removeprefix("wish-"): value.strip()
        for name, value in request.form.items()
        if name.startswith("wish-")
    }
    many = {key: value for key, value in typed.items() if value}
    return {
        key: int(value) if len(value) <= 3 and value.isdecimal() else -1
        for key, value in many.items()
    }


def find_public(public_id: str) -> Occurrence:
    """Return an activity that owners see, or raise NotFound."""
    found = queries.find(current_project().id, public_id)
    if found is None or found.state not in PUBLIC:
        raise NotFound
    return found


def party_typed() -> list[str] | None:
    """Return who is ticked; without the fields of the household it is the member alone: None."""
    return request.form.getlist("person") if "household" in request.form else None
