"""Members' tiers, for the staff's programs."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Day, Input, Output, Text
from portal.api.paging import page_schema, paged
from portal.api.problems import conflict, refused
from portal.extensions import db
from portal.members.models import Member
from portal.pagination import page_of
from portal.projects.current import current_project
from portal.staff.member_page import member_here
from portal.tiers.api import TiersShown, standings
from portal.tiers.errors import TierError
from portal.tiers.evaluate import today
from portal.tiers.kinds import OverrideState
from portal.tiers.models import Override, Scheme
from portal.tiers.overrides import (
    REASON_LENGTH,
    decide_override,
    end_override,
    propose_override,
)
from portal.tiers.sentences import sentence
from portal.tiers.versions import in_force
from portal.tokens.current import refuse_services

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
    scheme = Text(30)
    tier = Text(30)
    reason = Text(REASON_LENGTH)
    expires_on = Day()
    state = Choice(OverrideState)


class OverrideDecision(Input):
    """What a second person says to a proposal; `end`: of a tier that holds."""

    decision = Choice(("approve", "refuse", "end"), required=True)


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
    answer = _shown(made, found[0].key)
    db.session.commit()
    return answer


@blueprint.call("GET", "/<public_id>/tier/overrides", page_schema(OverrideShown), paged=True)
@requires("members.view")
def member_overrides(public_id: str) -> Any:
    """List the tiers that were proposed or given to a member by hand, the newest first."""
    statement = _overrides(member_here(public_id))
    page = page_of(statement, Override.created_at, Override.id, descending=True)
    return paged(page, lambda row: _shown(*row))


@blueprint.call(
    "POST",
    "/<public_id>/tier/overrides/<override_id>/decision",
    OverrideShown,
    body=OverrideDecision,
    errors={409: "It is decided already (`state`), or it is the caller's own."},
)
@requires("tiers.approve")
def decide_tier(public_id: str, override_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Agree to a colleague's proposal, refuse it, or end a tier given by hand."""
    refuse_services()
    member = member_here(public_id)
    wanted = _overrides(member).where(Override.public_id == override_id)
    row = db.session.execute(wanted).first()
    if row is None:
        raise NotFound
    override, scheme = row
    act: dict[str, Any] = {"actor": current_account(), "override": override, "member": member}
    try:
        if body["decision"] == "end":
            end_override(**act)
        else:
            decide_override(**act, approve=body["decision"] == "approve")
    except TierError as error:
        if error.code == "expiry_invalid":
            raise refused(error.code, sentence(error), "decision") from error
        raise conflict(error.code, sentence(error), state=error.state or override.state) from error
    answer = _shown(override, scheme)
    db.session.commit()
    return answer


def _overrides(member: Member) -> sa.Select[Any]:
    return (
        sa.select(Override, Scheme.key)
        .join(Scheme, Scheme.id == Override.scheme_id)
        .where(Override.member_id == member.id)
    )


def _shown(override: Override, scheme: str) -> dict[str, Any]:
    return {
        "id": override.public_id,
        "scheme": scheme,
        "tier": override.tier,
        "reason": override.reason,
        "expires_on": override.expires_on,
        "state": override.state,
    }
