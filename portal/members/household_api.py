"""The people of the household, for programs."""

from typing import Any

from werkzeug.exceptions import NotFound

from portal import clock
from portal.access import member_only
from portal.api.fields import (
    Choice,
    Day,
    Flag,
    Input,
    Output,
    Text,
    Whole,
    list_of,
)
from portal.api.forms import checked, form_over
from portal.api.problems import refused
from portal.club.queries import current_club
from portal.extensions import db
from portal.i18n import gettext
from portal.members.api import blueprint
from portal.members.current import current_member
from portal.members.forms import PersonForm
from portal.members.models import Person, PersonRelation
from portal.members.names import NAME_MAX
from portal.members.queries import (
    find_person,
    members_of_household,
    persons_of_household,
)
from portal.members.service import (
    PERSONS_MAX,
    MemberError,
    add_person,
    change_person,
    remove_person,
)

__all__ = ["blueprint"]


_MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"


class PersonShown(Output):
    """Someone at home without an account."""

    id = Text(22)
    name = Text(NAME_MAX)
    relation = Choice(PersonRelation)
    birth_month = Text(7, allow_none=True, metadata={"description": "Such as 2018-04."})


class PersonWish(Input):
    """Someone at home without an account; of a child, a guardian's consent is needed."""

    name = Text(NAME_MAX, required=True)
    relation = Choice(PersonRelation, required=True)
    birth_month = Text(
        7,
        allow_none=True,
        load_default=None,
        metadata={"description": "Such as 2018-04; needed for a child.", "pattern": _MONTH},
    )
    guardian_consents = Flag(load_default=False)


class HouseholdMember(Output):
    """A member of the household."""

    id = Text(22)
    name = Text(NAME_MAX)
    joined_on = Day()
    me = Flag()


class HouseholdShown(Output):
    """The people of the household."""

    members = list_of(HouseholdMember)
    persons = list_of(PersonShown)
    persons_max = Whole(0, 1000)


@blueprint.call("GET", "/me/household", HouseholdShown)
@member_only
def household() -> dict[str, Any]:
    """Show the people of the household."""
    member = current_member()
    return {
        "members": [
            {
                "id": each.public_id,
                "name": each.name,
                "joined_on": each.joined_on,
                "me": each.id == member.id,
            }
            for each in members_of_household(member.household_id)
        ],
        "persons": [_person(each) for each in persons_of_household(member.household_id)],
        "persons_max": PERSONS_MAX,
    }


@blueprint.call("POST", "/me/household/persons", PersonShown, status=201, body=PersonWish)
@member_only
def person_new(body: dict[str, Any]) -> dict[str, Any]:
    """Add someone without an account."""
    return _save(None, body)


@blueprint.call("PUT", "/me/household/persons/<public_id>", PersonShown, body=PersonWish)
@member_only
def person_change(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change someone without an account."""
    return _save(_own_person(public_id), body)


@blueprint.call("DELETE", "/me/household/persons/<public_id>")
@member_only
def person_remove(public_id: str) -> None:
    """Erase someone without an account."""
    remove_person(actor=current_member(), person=_own_person(public_id))
    db.session.commit()


def _own_person(public_id: str) -> Person:
    found = find_person(current_member().household_id, public_id)
    if found is None:
        raise NotFound
    return found


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.public_id,
        "name": person.name,
        "relation": person.relation,
        "birth_month": person.birth_month,
    }


def _save(found: Person | None, body: dict[str, Any]) -> dict[str, Any]:
    today = clock.business_date(current_club().time_zone)
    values = {**body, "guardian": body["guardian_consents"]}
    form = checked(form_over(PersonForm, values, today=today), {"guardian": "guardian_consents"})
    facts = {
        "actor": current_member(),
        "name": form.name.data or "",
        "relation": form.relation.data,
        "birth_month": form.birth_month.data or None,
        "guardian_consents": bool(form.guardian.data),
        "today": today,
    }
    try:
        if found is None:
            found = add_person(**facts)
        else:
            change_person(person=found, **facts)
    except MemberError as error:
        sentence = gettext("A household holds at most %(count)s such persons.", count=PERSONS_MAX)
        raise refused(error.args[0], sentence) from error
    db.session.commit()
    return _person(found)
