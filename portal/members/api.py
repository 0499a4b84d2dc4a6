"""Oneself, for programs: joining, profile, consent, household."""

from typing import Any

from flask import g
from marshmallow import fields
from werkzeug.exceptions import NotFound

from portal import clock
from portal.access import Scope, member_only, public, signed_in
from portal.accounts.current import current_account
from portal.accounts.models import Account, SignInMethod
from portal.accounts.queries import find_account_by_phone
from portal.accounts.service import AccountExistsError, accept_legal_texts
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import (
    Choice,
    Day,
    Flag,
    Input,
    Moment,
    Output,
    Secret,
    Text,
    Whole,
    list_of,
)
from portal.api.forms import checked, form_over
from portal.api.problems import Problem, invalid, refused
from portal.club.models import LegalKind
from portal.club.queries import current_club, current_legal_texts
from portal.extensions import db
from portal.i18n import gettext
from portal.idempotency.answers import secret_answer
from portal.members.current import current_member, find_current_member
from portal.members.forms import JoinForm, PersonForm, ProfileForm
from portal.members.joining import admit, consents_missing, offer
from portal.members.models import Member, Person, PersonRelation, Salutation
from portal.members.names import NAME_MAX
from portal.members.queries import (
    find_person,
    members_of_household,
    persons_of_household,
    phone_views,
)
from portal.members.service import (
    PERSONS_MAX,
    MemberError,
    add_person,
    change_person,
    change_profile,
    remove_person,
)
from portal.members.views import offer_months
from portal.permissions.current import current_rights
from portal.phones import mask_phone
from portal.slots import JoinChoice, fill
from portal.tokens.current import check_scope, current_token
from portal.tokens.models import TokenKind
from portal.tokens.queries import project_slugs
from portal.tokens.sign_in import Issued, held, issue, proved_phone
from portal.tokens.tickets import LONGEST

blueprint = ApiBlueprint("members_api", "portal.members", url_prefix="/api/v1", title="Oneself")
_MOST_VERSIONS = 100_000


class Consents(Input):
    """The versions that are accepted, as GET /api/v1/legal shows them."""

    terms = Whole(1, _MOST_VERSIONS)
    privacy = Whole(1, _MOST_VERSIONS)


class Joining(Input):
    """Who joins; the ticket is the one that signing in gave a phone without an account."""

    ticket = Secret(LONGEST)
    name = Text(NAME_MAX, required=True)
    salutation = Choice(Salutation, load_default=str(Salutation.NONE))
    adult = Flag(required=True)
    consents = fields.Nested(Consents, required=True)
    follow = Text(40, load_default="", metadata={"description": "A project's slug."})


class Joined(Issued):
    """The new member's token (the one that asked, if one did), and what was found: homes that the
    roster knew, for instance."""

    messages = list_of(Text())


class ProjectRights(Output):
    """What may be done in one project."""

    project = Text(40, metadata={"description": "The project's slug."})
    permissions = list_of(Text())


class Me(Output):
    """Whom the token stands for."""

    kind = Choice(TokenKind)
    name = Text(NAME_MAX)
    phone = Text(40, allow_none=True, metadata={"description": "Masked."})
    email = Text(254, allow_none=True)
    member_id = Text(22, allow_none=True, metadata={"description": "Null: not joined yet."})
    card_number = Text(12, allow_none=True)
    joined_on = Day(allow_none=True)
    consent_needed = Flag()
    permissions = list_of(Text(), metadata={"description": "Held club-wide."})
    projects = list_of(ProjectRights, metadata={"description": "What is held in one project only."})
    expires_at = Moment(allow_none=True)


class PhoneViewShown(Output):
    """Someone of the staff saw the full phone number."""

    by = Text()
    at = Moment()
    reason = Text(500)


class Profile(Output):
    """What is kept of the member."""

    name = Text(NAME_MAX)
    salutation = Choice(Salutation)
    birth_month = Whole(1, 12, allow_none=True)
    phone_views = list_of(PhoneViewShown)


class ProfileChange(Input):
    """What is to change; what is left out stays."""

    name = Text(NAME_MAX)
    salutation = Choice(Salutation)
    birth_month = Whole(1, 12, allow_none=True)


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
    birth_month = Text(7, allow_none=True, load_default=None)
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


@blueprint.call("POST", "/join", Joined, status=201, body=Joining)
@public
@secret_answer
def join_club(body: dict[str, Any]) -> dict[str, Any]:
    """Join the club: with the ticket of a proved phone, or with the token of an account."""
    account: Account | None = g.get("account")
    if account is not None:
        check_scope(Scope.WRITE)
    phone = None if account else proved_phone(body.get("ticket"))
    if account is None and phone is None:
        raise invalid(ticket=gettext("Please confirm your phone number first."))
    choices: list[JoinChoice] = fill("join_choices")
    in_force = current_legal_texts()
    values = {
        **{name: body[name] for name in ("name", "salutation", "adult", "follow")},
        "consents": [
            in_force[kind].id
            for kind, version in body["consents"].items()
            if kind in in_force and in_force[kind].version == version
        ],
    }
    form = form_over(JoinForm, values, legal_text_ids={text.id for text in in_force.values()})
    offer(form, choices)
    checked(form)
    if account and find_current_member():
        raise Problem(
            409,
            "already_member",
            title=gettext("Already a member"),
            detail=gettext("This account is a member already."),
        )
    if phone and find_account_by_phone(phone):
        raise _known()
    try:
        member, messages = admit(form, choices, account, phone)
    except (AccountExistsError, MemberError) as error:
        raise _known() from error
    if account is not None:
        db.session.commit()
        return {**held(), "messages": messages}
    issued = issue(db.session.get_one(Account, member.account_id), SignInMethod.CODE)
    return {**issued, "messages": messages}


@blueprint.call("GET", "/me", Me)
@signed_in
def me() -> dict[str, Any]:
    """Show whom the token stands for, and what it may do, in the club and in single projects."""
    account, token, member = current_account(), current_token(), find_current_member()
    service, rights = token.kind == TokenKind.SERVICE, current_rights()
    slugs = project_slugs(rights.by_project.keys())
    return {
        "kind": token.kind,
        "name": member.name if member else account.display_name,
        "phone": mask_phone(account.phone) if account.phone else None,
        "email": None if service else account.email,
        "member_id": member.public_id if member else None,
        "card_number": member.card_number if member else None,
        "joined_on": member.joined_on if member else None,
        "consent_needed": member is not None and consents_missing(account),
        "permissions": sorted(rights.club),
        "projects": [
            {"project": slug, "permissions": sorted(rights.by_project[project_id])}
            for project_id, slug in slugs.items()
        ],
        "expires_at": token.expires_at,
    }


@blueprint.call("GET", "/me/profile", Profile)
@member_only
def profile() -> dict[str, Any]:
    """Show what is kept of the member, and who saw the full phone number."""
    return _profile(current_member())


@blueprint.call("PATCH", "/me/profile", Profile, body=ProfileChange)
@member_only
def change_own_profile(body: dict[str, Any]) -> dict[str, Any]:
    """Change name, salutation or month of birth."""
    member = current_member()
    present = {name: getattr(member, name) for name in ("name", "salutation", "birth_month")}
    form = form_over(ProfileForm, {**present, **body})
    offer_months(form)
    checked(form)
    change_profile(
        actor=current_account(),
        member=member,
        name=form.name.data or "",
        salutation=form.salutation.data,
        birth_month=form.birth_month.data or None,
    )
    db.session.commit()
    return _profile(member)


@blueprint.call("POST", "/me/consent", body=Consents)
@member_only
def consent(body: dict[str, int]) -> None:
    """Accept the texts in force."""
    wanted = {kind: text.version for kind, text in current_legal_texts().items()}
    if wanted != body:
        missing = next((kind for kind in LegalKind if wanted.get(kind) != body.get(kind)), "body")
        raise invalid(**{missing: gettext("Please read and accept each text to go on.")})
    accept_legal_texts(
        account=current_account(),
        legal_text_ids={text.id for text in current_legal_texts().values()},
    )
    db.session.commit()


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


def _known() -> Problem:
    db.session.rollback()
    detail = gettext("This number already has an account. Please sign in.")
    return Problem(409, "already_joined", title=gettext("There is an account"), detail=detail)


def _profile(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "salutation": member.salutation,
        "birth_month": member.birth_month,
        "phone_views": phone_views(member),
    }


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
    form = checked(form_over(PersonForm, values, today=today))
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
