"""One's homes, for programs: who lives there, inviting, accepting, moving out."""

from typing import Any

from flask import url_for
from werkzeug.exceptions import NotFound

from portal.access import member_only, public
from portal.accounts.current import current_account, find_current_account
from portal.accounts.flow import our_address
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Day, Flag, Input, Moment, Output, Text, Whole, list_of
from portal.api.forms import checked, form_over
from portal.api.problems import Problem, refused
from portal.extensions import db
from portal.i18n import localized
from portal.idempotency.answers import secret_answer
from portal.members.current import current_member, find_current_member
from portal.projects import queries
from portal.projects.errors import HomeError
from portal.projects.forms import InvitationForm, MovedOutForm
from portal.projects.invitation_views import inviting_place, open_invitation
from portal.projects.invitations import (
    INVITED_ROLES,
    INVITING_ROLES,
    accept_invitation,
    check_open,
    find_invitation,
    invite,
    must_choose,
    withdraw_invitation,
)
from portal.projects.models import EndReason, Invitation, Ownership, Role
from portal.projects.sentences import sentence
from portal.projects.service import end_ownership
from portal.projects.views import ending_tenant, own_place, shown_people

blueprint = ApiBlueprint("projects_api", "portal.projects", url_prefix="/api/v1", title="Homes")
_INVITED = tuple(str(role) for role in INVITED_ROLES)


class HomeShown(Output):
    """One of the member's homes, present or past."""

    id = Text(22)
    title = Text()
    project = Text(40, metadata={"description": "The project's slug."})
    project_name = Text()
    role = Choice(Role)
    since = Day()
    until = Day(allow_none=True)


class HomesShown(Output):
    """The member's homes."""

    items = list_of(HomeShown)
    past = list_of(HomeShown)


class Resident(Output):
    """Someone who lives in the home."""

    id = Text(22)
    name = Text(80)
    role = Choice(Role)
    since = Day()
    me = Flag()


class InvitationShown(Output):
    """An open invitation."""

    id = Text(22)
    name = Text(80)
    role = Choice(_INVITED)
    expires_at = Moment()


class HomeDetail(HomeShown):
    """A home with its facts and its people."""

    area = Whole(
        0, 10**9, allow_none=True, metadata={"description": "Hundredths of a square metre."}
    )
    handover_on = Day(allow_none=True)
    may_invite = Flag()
    people = list_of(Resident)
    invitations = list_of(InvitationShown)


class MovedOut(Input):
    """Since when a tenant does not live there any more."""

    on = Day(required=True)


class InvitationWish(Input):
    """Whom to invite."""

    name = Text(80, required=True)
    phone = Text(40, required=True)
    role = Choice(_INVITED, required=True)


class InvitationMade(InvitationShown):
    """An invitation with its link, shown this once."""

    token = Text(80)
    link = Text(400)


class InvitationOpened(Output):
    """What an invitation offers."""

    home = Text()
    project_name = Text()
    invited_by = Text(80)
    name = Text(80)
    role = Choice(_INVITED)
    expires_at = Moment()
    must_choose_household = Flag(
        metadata={"description": "True: say `household` when accepting, for it changes more."}
    )


class Acceptance(Input):
    """Which household to live in, when that is a question."""

    household = Choice(("join", "stay"))


@blueprint.call("GET", "/me/homes", HomesShown)
@member_only
def homes() -> dict[str, Any]:
    """List the member's homes."""
    member = current_member()
    return {
        "items": [_home(place) for place in queries.homes_of(member.id)],
        "past": [_home(place) for place in queries.past_homes_of(member.id)],
    }


@blueprint.call("GET", "/me/homes/<public_id>", HomeDetail)
@member_only
def home(public_id: str) -> dict[str, Any]:
    """Show one home: its facts, who lives there, open invitations."""
    place = own_place(public_id)
    inviting = place.role in INVITING_ROLES
    invitations = queries.invitations_of(place.unit_id) if inviting else []
    return {
        **_home(place),
        "area": place.unit.area,
        "handover_on": place.unit.handover_on,
        "may_invite": inviting,
        "people": [
            {
                "id": person.public_id,
                "name": person.member.name,
                "role": person.role,
                "since": person.since,
                "me": person.id == place.id,
            }
            for person in shown_people(place)
        ],
        "invitations": [_invitation(each) for each in invitations],
    }


@blueprint.call("POST", "/me/homes/<public_id>/people/<person_id>/end", body=MovedOut)
@member_only
def end_tenancy(public_id: str, person_id: str, body: dict[str, Any]) -> None:
    """Say that a tenant has moved out: one's own tenant, or oneself."""
    tenant = ending_tenant(public_id, person_id)
    form = checked(form_over(MovedOutForm, body))
    try:
        end_ownership(
            actor=current_account(),
            ownership=tenant,
            reason=EndReason.MOVED_OUT,
            on=form.on.data or body["on"],
        )
    except HomeError as error:
        raise refused(error.code, sentence(error), "on") from error
    db.session.commit()


@blueprint.call(
    "POST", "/me/homes/<public_id>/invitations", InvitationMade, status=201, body=InvitationWish
)
@member_only
@secret_answer
def new_invitation(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Invite a spouse, co-owner or tenant; the link is shown this once."""
    place = inviting_place(public_id)
    form = checked(form_over(InvitationForm, body))
    try:
        made, token = invite(
            actor=current_account(),
            member=current_member(),
            unit=place.unit,
            name=form.name.data or "",
            phone=form.phone.e164 or "",
            role=form.role.data,
        )
    except HomeError as error:
        raise refused(error.code, sentence(error), "phone") from error
    db.session.commit()
    link = our_address(url_for("projects.accept", token=token))
    return {**_invitation(made), "token": token, "link": link}


@blueprint.call("DELETE", "/me/homes/<public_id>/invitations/<invitation_id>")
@member_only
def withdraw(public_id: str, invitation_id: str) -> None:
    """Take an invitation back."""
    found = open_invitation(inviting_place(public_id), invitation_id)
    try:
        withdraw_invitation(actor=current_account(), invitation=found)
    except HomeError as error:
        raise _over(error) from error
    db.session.commit()


_OVER = {
    403: "The invitation is for another mobile number.",
    410: "The invitation was used, withdrawn, or has expired.",
}


@blueprint.call("GET", "/invitations/<token>", InvitationOpened, errors=_OVER)
@public
def invitation(token: str) -> dict[str, Any]:
    """Show what an invitation offers to whoever holds its link."""
    found = _opened(token)
    member = find_current_member()
    return {
        "home": queries.unit_title(found.unit),
        "project_name": localized(found.unit.project.name),
        "invited_by": found.invited_by.name,
        "name": found.name,
        "role": found.role,
        "expires_at": found.expires_at,
        "must_choose_household": member is not None and must_choose(found, member),
    }


@blueprint.call("POST", "/invitations/<token>/accept", HomeShown, body=Acceptance, errors=_OVER)
@member_only
def accept(token: str, body: dict[str, str]) -> dict[str, Any]:
    """Accept an invitation: the home is the member's from then on."""
    found, member = _opened(token), current_member()
    answers = {"join": True, "stay": False}
    try:
        accept_invitation(
            actor=current_account(),
            member=member,
            invitation=found,
            join=answers.get(body.get("household", "")),
        )
    except HomeError as error:
        raise _over(error) from error
    unit_id = found.unit.public_id
    db.session.commit()
    return _home(own_place(unit_id))


def _opened(token: str) -> Invitation:
    account = find_current_account()
    found = find_invitation(token)
    if found is None:
        raise NotFound
    try:
        opened = check_open(found)
        if account is not None and account.phone_hash != opened.phone_hash:
            raise HomeError("wrong_phone")
    except HomeError as error:
        raise _over(error) from error
    return opened


def _over(error: HomeError) -> Problem:
    if error.code in ("choice_needed", "already_there"):
        return refused(error.code, sentence(error), "household")
    return Problem(403 if error.code == "wrong_phone" else 410, error.code, detail=sentence(error))


def _home(place: Ownership) -> dict[str, Any]:
    return {
        "id": place.unit.public_id,
        "title": queries.unit_title(place.unit),
        "project": place.unit.project.slug,
        "project_name": localized(place.unit.project.name),
        "role": place.role,
        "since": place.since,
        "until": place.until,
    }


def _invitation(found: Invitation) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "name": found.name,
        "role": found.role,
        "expires_at": found.expires_at,
    }
