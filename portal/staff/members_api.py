"""A project's members, for the staff's programs: found, seen, registered, corrected."""

from typing import Any

from flask import request
from marshmallow import Schema, fields, validate
from werkzeug.exceptions import NotFound

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.accounts.service import AccountExistsError
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Day, Flag, Input, Output, Text, list_of
from portal.api.forms import checked, form_over
from portal.api.paging import page_schema, paged_items
from portal.api.problems import Problem
from portal.extensions import db
from portal.i18n import gettext
from portal.members.forms import REASON_MAX, CorrectionForm, RegistrationForm, UnmaskForm
from portal.members.models import Member, Salutation
from portal.members.names import NAME_MAX
from portal.members.service import MemberError, change_profile
from portal.pagination import page_of
from portal.phones import mask_phone
from portal.projects.current import current_project
from portal.projects.models import Ownership, Role
from portal.projects.queries import unit_title
from portal.staff.member_list import note_search_by_phone
from portal.staff.member_page import member_here, note_shown
from portal.staff.member_page_queries import member_with_homes, people_at_home
from portal.staff.member_search import (
    QUERY_MAX,
    MemberFilter,
    MemberRow,
    members_of,
    with_homes,
)
from portal.staff.registration import add_to_project, enrol, member_with, note_search
from portal.staff.stages import Stage, stage_of

blueprint = ApiBlueprint(
    "staff_members_api",
    "portal.staff",
    url_prefix="/api/v1/p/<project>/staff/members",
    title="Members of a project",
)


class MembersQuery(Schema):
    """What the list is narrowed to."""

    q = fields.String(
        load_default="",
        validate=validate.Length(max=QUERY_MAX),
        metadata={"description": "A name, card number, phone or its tail, or a home."},
    )
    role = fields.String(validate=validate.OneOf(list(Role)))
    stage = fields.String(validate=validate.OneOf(list(Stage)))
    claim = fields.String(validate=validate.OneOf(["1"]))


class MemberHomeShown(Output):
    """A home of a member in this project."""

    id = Text(22)
    title = Text()
    role = Choice(Role)
    since = Day()
    until = Day(allow_none=True)


class MemberShown(Output):
    """A member in the list."""

    id = Text(22)
    name = Text(NAME_MAX)
    salutation = Choice(Salutation)
    card_number = Text(12)
    joined_on = Day()
    stage = Choice(Stage)
    claim_waiting = Flag()
    homes = list_of(MemberHomeShown)


class HouseholdPerson(Output):
    """Someone of the member's household."""

    id = Text(22, allow_none=True)
    name = Text(NAME_MAX)
    relation = Text(20, allow_none=True, metadata={"description": "Null for a member."})


class MemberDetail(Output):
    """One member, as the staff of a project see them."""

    id = Text(22)
    name = Text(NAME_MAX)
    salutation = Choice(Salutation)
    card_number = Text(12)
    joined_on = Day()
    stage = Choice(Stage)
    phone = Text(40, allow_none=True, metadata={"description": "Masked."})
    homes = list_of(MemberHomeShown)
    household = list_of(HouseholdPerson)


class Registration(Input):
    """A person at the desk."""

    phone = Text(40, required=True)
    name = Text(NAME_MAX, required=True)
    salutation = Choice(Salutation, load_default=str(Salutation.NONE))
    adult = Flag(required=True)


class Addition(Input):
    """Whose number came to the desk."""

    phone = Text(40, required=True)


class Correction(Input):
    """How a member is called, and why that is put right."""

    name = Text(NAME_MAX)
    salutation = Choice(Salutation)
    reason = Text(REASON_MAX, required=True)


class Unmasking(Input):
    """What the number is needed for."""

    reason = Text(REASON_MAX, required=True)


class FullPhone(Output):
    """A full phone number."""

    phone = Text(40, allow_none=True)


@blueprint.call("GET", "", page_schema(MemberShown), query=MembersQuery, paged=True)
@requires("members.view")
def staff_list(query: dict[str, str]) -> Any:
    """List the project's members, the newest first; a search by phone leaves a trace."""
    project, wanted = current_project(), MemberFilter.read(request.args)
    note_search_by_phone(project, wanted)
    today = clock.business_date(project.time_zone)
    page = page_of(members_of(project, wanted, today), Member.joined_on, Member.id, descending=True)
    rows = with_homes(project, page.items, today)
    return paged_items([_row(row) for row in rows], page.next_cursor)


@blueprint.call("GET", "/<public_id>", MemberDetail)
@requires("members.view")
def staff_show(public_id: str) -> dict[str, Any]:
    """Show a member: identity, homes here, household."""
    return _detail(public_id)


@blueprint.call(
    "POST",
    "",
    MemberDetail,
    status=201,
    body=Registration,
    errors={409: "The number is a member's already: add them to the project instead."},
)
@requires("members.edit")
def staff_new(body: dict[str, Any]) -> dict[str, Any]:
    """Register a member at the desk."""
    form = checked(form_over(RegistrationForm, body))
    if member_with(form.phone.e164 or ""):
        note_search()
        raise _known()
    try:
        member, _verified = enrol(form)
    except (AccountExistsError, MemberError) as error:
        db.session.rollback()
        raise _known() from error
    public_id = member.public_id
    db.session.commit()
    return _detail(public_id)


@blueprint.call("POST", "/add", MemberDetail, body=Addition)
@requires("members.edit")
def staff_add(body: dict[str, str]) -> dict[str, Any]:
    """Let the member of a number follow this project; an unknown number is not found."""
    form = form_over(RegistrationForm, {**body, "name": "-", "adult": True})
    if not form.phone.validate(form):
        raise Problem(422, errors={"phone": [str(error) for error in form.phone.errors]})
    member = member_with(form.phone.e164 or "")
    if member is None:
        raise NotFound
    add_to_project(member)
    public_id = member.public_id
    db.session.commit()
    return _detail(public_id)


@blueprint.call("PATCH", "/<public_id>", MemberDetail, body=Correction)
@requires("members.edit")
def staff_edit(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Correct how a member is called, with a reason."""
    member = member_here(public_id)
    values = {"name": member.name, "salutation": member.salutation, **body}
    form = checked(form_over(CorrectionForm, values))
    change_profile(
        actor=current_account(),
        member=member,
        name=form.name.data or "",
        salutation=form.salutation.data,
        birth_month=member.birth_month,
        project_id=current_project().id,
        reason=form.reason.data,
    )
    db.session.commit()
    return _detail(public_id)


@blueprint.call("POST", "/<public_id>/phone", FullPhone, body=Unmasking)
@requires("members.unmask")
def unmask(public_id: str, body: dict[str, str]) -> dict[str, Any]:
    """Show the full phone number; the member can read who asked and why."""
    member = member_here(public_id)
    note_shown(member, checked(form_over(UnmaskForm, body)))
    phone = member.account.phone
    db.session.commit()
    return {"phone": phone}


def _known() -> Problem:
    sentence = gettext("This number is a member's already.")
    return Problem(
        409,
        "already_member",
        title=gettext("Already a member"),
        detail=sentence,
        errors={"phone": [sentence]},
    )


def _row(row: MemberRow) -> dict[str, Any]:
    return {
        **_identity(row.member),
        "stage": row.stage,
        "claim_waiting": row.claim_waiting,
        "homes": [_home(home) for home in row.homes],
    }


def _detail(public_id: str) -> dict[str, Any]:
    project = current_project()
    found = member_with_homes(project, public_id)
    if found is None:
        raise NotFound
    member, homes = found
    present = [home.since for home in homes if home.until is None]
    today = clock.business_date(project.time_zone)
    return {
        **_identity(member),
        "stage": stage_of(min(present, default=None), today),
        "phone": mask_phone(member.account.phone) if member.account.phone else None,
        "homes": [_home(home) for home in homes],
        "household": [
            {"id": each.public_id, "name": each.name, "relation": each.relation}
            for each in people_at_home(project, member)
        ],
    }


def _identity(member: Member) -> dict[str, Any]:
    return {
        "id": member.public_id,
        "name": member.name,
        "salutation": member.salutation,
        "card_number": member.card_number,
        "joined_on": member.joined_on,
    }


def _home(home: Ownership) -> dict[str, Any]:
    return {
        "id": home.unit.public_id,
        "title": unit_title(home.unit),
        "role": home.role,
        "since": home.since,
        "until": home.until,
    }
