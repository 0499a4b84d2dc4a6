"""The staff's acts on people in a home: ending their place, changing their role."""

from babel.lists import format_list
from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.extensions import db
from portal.forms import SelectChoice
from portal.i18n import gettext
from portal.projects import queries
from portal.projects.blueprint import blueprint
from portal.projects.current import current_project
from portal.projects.errors import HomeError
from portal.projects.forms import EndForm, RoleForm
from portal.projects.models import EndReason, Ownership, Role, Unit
from portal.projects.queries import OWNING_ROLES, household_shape
from portal.projects.sentences import sentence
from portal.projects.service import REASONS, change_role, end_ownership
from portal.projects.staff_views import unit_in_project
from portal.words import TITLES

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.route(
    "/p/<project>/staff/homes/<public_id>/people/<person_id>/end", methods=["GET", "POST"]
)
@requires("homes.manage")
def staff_end(public_id: str, person_id: str) -> Page:
    """Say what ends and what stays, then end a person's place in a home."""
    unit = unit_in_project(public_id)
    person, people = person_in(unit, person_id)
    reasons = REASONS[Role(person.role)]
    form = EndForm(data={"on": clock.business_date(current_project().time_zone)})
    form.reason.choices = [
        SelectChoice(str(reason), TITLES["end_reason"][reason]) for reason in reasons
    ]
    if form.validate_on_submit() and form.on.data:
        try:
            ended = end_ownership(
                actor=current_account(),
                ownership=person,
                reason=form.reason.data,
                on=form.on.data,
                note=form.note.data or "",
                split_household=form.split_household.data and form.reason.data == EndReason.DIVORCE,
            )
        except HomeError as error:
            db.session.rollback()
            field = form.on if error.code in ("future", "too_old", "before_start") else form.reason
            field.errors = [sentence(error)]
            person, people = person_in(unit_in_project(public_id), person_id)
        else:
            names = format_list([each.member.name for each in ended], locale=get_locale())
            db.session.commit()
            flash(gettext("Ended for: %(names)s.", names=names))
            return redirect(url_for("projects.staff_home", public_id=public_id), 303)
    shape = household_shape(person.member.household_id)
    body = render_template(
        "projects/staff_end.html",
        form=form,
        unit=unit,
        person=person,
        title=queries.unit_title(unit),
        sold_with=[
            each.member.name
            for each in people
            if each.role in OWNING_ROLES and each.id != person.id
        ],
        may_sell=EndReason.SALE in reasons,
        may_split=EndReason.DIVORCE in reasons and shape.members > 1,
    )
    return (body, 422) if request.method == "POST" else body


@blueprint.route(
    "/p/<project>/staff/homes/<public_id>/people/<person_id>/role", methods=["GET", "POST"]
)
@requires("homes.manage")
def staff_role(public_id: str, person_id: str) -> Page:
    """Correct what a member is to a home."""
    unit = unit_in_project(public_id)
    person, _people = person_in(unit, person_id)
    form = RoleForm(data={"role": person.role})
    if form.validate_on_submit():
        try:
            change_role(
                actor=current_account(),
                ownership=person,
                role=form.role.data,
                note=form.note.data or "",
            )
        except HomeError as error:
            db.session.rollback()
            form.role.errors = [sentence(error)]
            person, _people = person_in(unit_in_project(public_id), person_id)
        else:
            db.session.commit()
            flash(gettext("The role is changed."))
            return redirect(url_for("projects.staff_home", public_id=public_id), 303)
    body = render_template(
        "projects/staff_role.html",
        form=form,
        unit=unit,
        person=person,
        title=queries.unit_title(unit),
    )
    return (body, 422) if request.method == "POST" else body


def person_in(unit: Unit, person_id: str) -> tuple[Ownership, list[Ownership]]:
    """Return a person living in the home now, and everybody there; raises 404."""
    people = list(queries.people_of(unit.id))
    for person in people:
        if person.public_id == person_id:
            return person, people
    raise NotFound
