"""One's homes, for programs: who lives there, and moving out."""

from typing import Any

from portal.access import member_only
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Day, Flag, Input, Moment, Output, Text, Whole, list_of
from portal.api.forms import checked, form_over
from portal.api.problems import refused
from portal.extensions import db
from portal.i18n import localized
from portal.members.current import current_member
from portal.projects import queries
from portal.projects.errors import HomeError
from portal.projects.forms import MovedOutForm
from portal.projects.invitations import INVITED_ROLES, INVITING_ROLES
from portal.projects.models import EndReason, Invitation, Ownership, Role
from portal.projects.sentences import sentence
from portal.projects.service import end_ownership
from portal.projects.views import ending_tenant, own_home

blueprint = ApiBlueprint("projects_api", "portal.projects", url_prefix="/api/v1", title="Homes")
INVITED = tuple(str(role) for role in INVITED_ROLES)


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
    role = Choice(INVITED)
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


@blueprint.call("GET", "/me/homes", HomesShown)
@member_only
def homes() -> dict[str, Any]:
    """List the member's homes."""
    member = current_member()
    return {
        "items": [home_shown(place) for place in queries.homes_of(member.id)],
        "past": [home_shown(place) for place in queries.past_homes_of(member.id)],
    }


@blueprint.call("GET", "/me/homes/<public_id>", HomeDetail)
@member_only
def home(public_id: str) -> dict[str, Any]:
    """Show one home: its facts, who lives there, open invitations."""
    place, people = own_home(public_id)
    inviting = place.role in INVITING_ROLES
    invitations = queries.invitations_of(place.unit_id) if inviting else []
    return {
        **home_shown(place),
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
            for person in people
        ],
        "invitations": [invitation_shown(each) for each in invitations],
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


def home_shown(place: Ownership) -> dict[str, Any]:
    """Return one of the member's homes."""
    return {
        "id": place.unit.public_id,
        "title": queries.unit_title(place.unit),
        "project": place.unit.project.slug,
        "project_name": localized(place.unit.project.name),
        "role": place.role,
        "since": place.since,
        "until": place.until,
    }


def invitation_shown(found: Invitation) -> dict[str, Any]:
    """Return an open invitation."""
    return {
        "id": found.public_id,
        "name": found.name,
        "role": found.role,
        "expires_at": found.expires_at,
    }
