"""A project's homes, for the staff's programs: found, added, and who lives there put right."""

from typing import Any

from marshmallow import Schema, fields, validate
from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.exporting import declare_export
from portal.api.fields import Choice, Day, Flag, Input, Output, Text, Whole, list_of
from portal.api.forms import checked, form_over
from portal.api.paging import page_schema, paged
from portal.api.problems import refused
from portal.extensions import db
from portal.pagination import page_of
from portal.projects import queries, staff_queries
from portal.projects.api import blueprint
from portal.projects.current import current_project
from portal.projects.ending_views import person_in
from portal.projects.errors import HomeError
from portal.projects.forms import EndForm, RoleForm, UnitForm
from portal.projects.models import Building, EndReason, Ownership, Role, Unit
from portal.projects.sentences import sentence
from portal.projects.service import change_role, end_ownership
from portal.projects.staff_queries import HomeFilter, HomeWithPeople
from portal.projects.staff_views import add_unit, staff_homes_export, unit_in_project

__all__ = ["blueprint"]

_AT = "/p/<project>/staff/homes"


class HomesQuery(Schema):
    """What the list is narrowed to."""

    q = fields.String(
        load_default="",
        validate=validate.Length(max=60),
        metadata={"description": "An address (2-1-1502) or an owner's name."},
    )
    state = fields.String(load_default="", validate=validate.OneOf(["", "claimed", "unclaimed"]))


class HomeRowShown(Output):
    """A home in the list."""

    id = Text(22)
    title = Text()
    building = Text(40)
    entrance = Text(20)
    number = Text(20)
    owner = Text(80, allow_none=True)
    since = Day(allow_none=True)
    claimed = Flag(metadata={"description": "Whether a household has it."})


class PersonOfHome(Output):
    """Someone who lives in the home, or did."""

    id = Text(22)
    member_id = Text(22)
    name = Text(80)
    role = Choice(Role)
    since = Day()
    until = Day(allow_none=True)
    end_reason = Choice(EndReason, allow_none=True)


class StaffHome(Output):
    """One home: facts, people now and before."""

    id = Text(22)
    title = Text()
    building = Text(40)
    entrance = Text(20)
    number = Text(20)
    area = Whole(
        0, 10**9, allow_none=True, metadata={"description": "Hundredths of a square metre."}
    )
    handover_on = Day(allow_none=True)
    people = list_of(PersonOfHome)
    past = list_of(PersonOfHome)


class HomeWish(Input):
    """A home to add."""

    building = Text(40, required=True)
    entrance = Text(20)
    number = Text(20, required=True)
    area = fields.Decimal(
        places=2, as_string=True, metadata={"description": "Square metres, such as 89.50."}
    )
    handover_on = Day()


class Ending(Input):
    """How and when somebody's place ends."""

    reason = Choice(EndReason, required=True)
    on = Day(required=True)
    note = Text(500, required=True)
    split_household = Flag()


class RoleChangeWish(Input):
    """What somebody is to the home from now on."""

    role = Choice(Role, required=True)
    note = Text(500, required=True)


@blueprint.call("GET", _AT, page_schema(HomeRowShown), query=HomesQuery, paged=True)
@requires("homes.manage")
def staff_homes(query: dict[str, str]) -> Any:
    """List the project's homes, building by building."""
    wanted = HomeFilter(search=query["q"].strip(), state=query["state"])
    statement = staff_queries.homes_in(current_project().id, wanted)
    return paged(page_of(statement, Building.key, Unit.place, Unit.id), _row)


declare_export(blueprint, _AT, "staff_homes_file", staff_homes_export, query=HomesQuery)


@blueprint.call("GET", f"{_AT}/<public_id>", StaffHome)
@requires("homes.manage")
def staff_home(public_id: str) -> dict[str, Any]:
    """Show one home: facts, people now and before."""
    return _home(public_id)


@blueprint.call("POST", _AT, StaffHome, status=201, body=HomeWish)
@requires("homes.manage")
def staff_home_new(body: dict[str, Any]) -> dict[str, Any]:
    """Add a home by hand, and its building when it is new."""
    form = checked(form_over(UnitForm, body))
    unit = add_unit(form)
    if unit is None:
        raise refused("already_there", str(form.number.errors[0]), "number")
    public_id = unit.public_id
    db.session.commit()
    return _home(public_id)


@blueprint.call("POST", f"{_AT}/<public_id>/people/<person_id>/end", StaffHome, body=Ending)
@requires("homes.manage")
def staff_end(public_id: str, person_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """End a person's place in a home; a sale ends all who own it."""
    person, _people = person_in(unit_in_project(public_id), person_id)
    form = checked(form_over(EndForm, body))
    try:
        end_ownership(
            actor=current_account(),
            ownership=person,
            reason=form.reason.data,
            on=form.on.data or body["on"],
            note=form.note.data or "",
            split_household=bool(form.split_household.data)
            and form.reason.data == EndReason.DIVORCE,
        )
    except HomeError as error:
        field = "on" if error.code in ("future", "too_old", "before_start") else "reason"
        raise refused(error.code, sentence(error), field) from error
    db.session.commit()
    return _home(public_id)


@blueprint.call("PATCH", f"{_AT}/<public_id>/people/<person_id>", StaffHome, body=RoleChangeWish)
@requires("homes.manage")
def staff_role(public_id: str, person_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Correct what a member is to a home."""
    person, _people = person_in(unit_in_project(public_id), person_id)
    form = checked(form_over(RoleForm, body))
    try:
        change_role(
            actor=current_account(),
            ownership=person,
            role=form.role.data,
            note=form.note.data or "",
        )
    except HomeError as error:
        raise refused(error.code, sentence(error), "role") from error
    db.session.commit()
    return _home(public_id)


def _row(row: Any) -> dict[str, Any]:
    unit, owner, since = row
    return {
        "id": unit.public_id,
        "title": queries.unit_title(unit),
        "building": unit.building.name,
        "entrance": unit.entrance,
        "number": unit.number,
        "owner": owner,
        "since": since,
        "claimed": unit.household_id is not None,
    }


def _home(public_id: str) -> dict[str, Any]:
    found: HomeWithPeople | None = staff_queries.home_with_people(current_project().id, public_id)
    if found is None:
        raise NotFound
    unit = found.unit
    return {
        "id": unit.public_id,
        "title": queries.unit_title(unit),
        "building": unit.building.name,
        "entrance": unit.entrance,
        "number": unit.number,
        "area": unit.area,
        "handover_on": unit.handover_on,
        "people": [_person(each) for each in found.people],
        "past": [_person(each) for each in found.past],
    }


def _person(person: Ownership) -> dict[str, Any]:
    return {
        "id": person.public_id,
        "member_id": person.member.public_id,
        "name": person.member.name,
        "role": person.role,
        "since": person.since,
        "until": person.until,
        "end_reason": person.end_reason,
    }
