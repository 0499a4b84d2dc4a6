"""Members' tiers, for the staff's programs."""

from datetime import date
from typing import Any

from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Day, Input, Output, Text
from portal.api.problems import refused
from portal.extensions import db
from portal.projects.current import current_project
from portal.staff.member_page import member_here
from portal.tiers.api import TiersShown, standings
from portal.tiers.errors import TierError
from portal.tiers.evaluate import today
from portal.tiers.kinds import OverrideState
from portal.tiers.overrides import REASON_LENGTH, propose_override
from portal.tiers.sentences import sentence
from portal.tiers.versions import in_force

blueprint = ApiBlueprint(
    "staff_tiers_api",
    "portal.staff",
    url_prefix="/api/v1/p/<project>/staff/members",
    title="Members' tiers",
)


class OverrideWish(Input):
    """A tier for a member until a day; a second person has to agree."""

    scheme = Text(30, required=True)
    tier = Text(30, required=True)
    reason = Text(REASON_LENGTH, required=True, metadata={"description": "The owner reads it."})
    expires_on = Day(required=True)


class OverrideShown(Output):
    """A tier given by hand, and where it stands."""

    id = Text(22)
    tier = Text(30)
    reason = Text(REASON_LENGTH)
    expires_on = Day()
    state = Choice(OverrideState)


@blueprint.call("GET", "/<public_id>/tier", TiersShown)
@requires("members.view")
def member_tier(public_id: str) -> dict[str, Any]:
    """Show a member's place in every scheme."""
    return standings(member_here(public_id))


@blueprint.call("POST", "/<public_id>/tier", OverrideShown, status=201, body=OverrideWish)
@requires("tiers.override")
def propose_tier(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Propose a tier for a member."""
    member = member_here(public_id)
    found = in_force(today(), scheme=body["scheme"])
    if not found:
        raise NotFound
    expires_on: date = body["expires_on"]
    try:
        made = propose_override(
            actor=current_account(),
            member=member,
            project_id=current_project().id,
            found=found[0],
            tier=body["tier"],
            reason=body["reason"],
            expires_on=expires_on,
        )
    except TierError as error:
        about = {"reason_needed": "reason", "expiry_invalid": "expires_on"}
        raise refused(error.code, sentence(error), about.get(error.code, "tier")) from error
    answer = {
        "id": made.public_id,
        "tier": made.tier,
        "reason": made.reason,
        "expires_on": made.expires_on,
        "state": made.state,
    }
    db.session.commit()
    return answer
