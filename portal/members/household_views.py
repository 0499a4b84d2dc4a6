"""The people of a member's household."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import member_only
from portal.club.queries import current_club
from portal.extensions import db
from portal.i18n import gettext
from portal.members.blueprint import blueprint
from portal.members.current import current_member
from portal.members.forms import PersonForm
from portal.members.models import Person
from portal.members.queries import find_person, members_of_household, persons_of_household
from portal.members.service import (
    PERSONS_MAX,
    MemberError,
    add_person,
    change_person,
    needs_guardian,
    remove_person,
)

__all__ = ["blueprint"]


@blueprint.get("/me/household")
@member_only
def household() -> str:
    """Show the people of the household."""
    member = current_member()
    persons = persons_of_household(member.household_id)
    today = clock.business_date(current_club().time_zone)
    minors = {
        person.id
        for person in persons
        if person.birth_month and needs_guardian(person.birth_month, today)
    }
    return render_template(
        "members/household.html",
        members=members_of_household(member.household_id),
        persons=persons,
        minors=minors,
        full=len(persons) >= PERSONS_MAX,
        persons_max=PERSONS_MAX,
    )


@blueprint.route("/me/household/persons/new", methods=["GET", "POST"])
@member_only
def person_new() -> Response | str | tuple[str, int]:
    """Add someone without an account."""
    return _edit(None)


@blueprint.route("/me/household/persons/<public_id>", methods=["GET", "POST"])
@member_only
def person(public_id: str) -> Response | str | tuple[str, int]:
    """Change someone without an account."""
    return _edit(_person(public_id))


@blueprint.route("/me/household/persons/<public_id>/remove", methods=["GET", "POST"])
@member_only
def person_remove(public_id: str) -> Response | str:
    """Ask, then erase someone without an account."""
    found = _person(public_id)
    if request.method == "GET":
        return render_template("members/person_remove.html", person=found)
    name = found.name
    remove_person(actor=current_member(), person=found)
    db.session.commit()
    flash(gettext("%(name)s has been removed from your household.", name=name))
    return redirect(url_for("members.household"), 303)


def _person(public_id: str) -> Person:
    found = find_person(current_member().household_id, public_id)
    if found is None:
        raise NotFound
    return found


def _edit(found: Person | None) -> Response | str | tuple[str, int]:
    today = clock.business_date(current_club().time_zone)
    form = PersonForm(obj=found, today=today)
    if not form.validate_on_submit():
        body = render_template("members/person.html", form=form, person=found)
        return (body, 422) if request.method == "POST" else body
    try:
        _save(form, found)
    except MemberError as error:
        raise Conflict(error.args[0]) from error
    db.session.commit()
    flash(gettext("%(name)s is saved.", name=form.name.data))
    return redirect(url_for("members.household"), 303)


def _save(form: PersonForm, found: Person | None) -> None:
    member = current_member()
    name, relation = form.name.data or "", form.relation.data
    month, consents = form.birth_month.data or None, bool(form.guardian.data)
    if found is None:
        add_person(
            actor=member,
            name=name,
            relation=relation,
            birth_month=month,
            guardian_consents=consents,
            today=form.today,
        )
    else:
        change_person(
            actor=member,
            person=found,
            name=name,
            relation=relation,
            birth_month=month,
            guardian_consents=consents,
            today=form.today,
        )
