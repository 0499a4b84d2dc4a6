"""Inviting into a home and accepting, for programs."""

from typing import Any

from flask import url_for
from werkzeug.exceptions import NotFound

from portal.access import member_only, public
from portal.accounts.current import current_account, find_current_account
from portal.accounts.flow import our_address
from portal.api.fields import Choice, Flag, Input, Moment, Output, Text
from portal.api.forms import checked, form_over
from portal.api.problems import Problem, refused
from portal.extensions import db
from portal.i18n import localized
from portal.idempotency.answers import secret_answer
from portal.members.current import current_member, find_current_member
from portal.projects import queries
from portal.projects.api import (
    INVITED,
    HomeShown,
    InvitationShown,
    blueprint,
    home_shown,
    invitation_shown,
)
from portal.projects.errors import HomeError
from portal.projects.forms import InvitationForm
from portal.projects.invitation_views import inviting_place, open_invitation
from portal.projects.invitations import (
    accept_invitation,
    check_open,
    find_invitation,
    invite,
    must_choose,
    withdraw_invitation,
)
from portal.projects.models import Invitation
from portal.projects.sentences import sentence
from portal.projects.views import own_place

__all__ = ["blueprint"]


class InvitationWish(Input):
    """Whom to invite."""

    name = Text(80, required=True)
    phone = Text(40, required=True)
    role = Choice(INVITED, required=True)


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
    role = Choice(INVITED)
    expires_at = Moment()
    must_choose_household = Flag(
        metadata={"description": "True: say `household` when accepting, for it changes more."}
    )


class Acceptance(Input):
    """Which household to live in, when that is a question."""

    household = Choice(("join", "stay"))


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
    return {**invitation_shown(made), "token": token, "link": link}


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
    return home_shown(own_place(unit_id))


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
