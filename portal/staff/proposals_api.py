"""What waits for a second person, for the staff's programs."""

from typing import Any

from marshmallow import Schema, fields, validate

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.fields import Choice, Input, Text
from portal.api.paging import page_schema, paged
from portal.api.problems import conflict
from portal.extensions import db
from portal.pagination import page_of
from portal.points.errors import PointsError
from portal.points.keys import NOTE_LENGTH
from portal.points.kinds import ProposalState
from portal.points.models import Proposal
from portal.points.proposals import decide
from portal.points.sentences import sentence
from portal.points.shapes import problem
from portal.staff.points_api import ProposalShown, blueprint, case_of, proposals_here, shown
from portal.tokens.current import refuse_services

__all__ = ["blueprint"]


class ProposalQuery(Schema):
    """Which proposals."""

    state = fields.String(
        load_default=str(ProposalState.PROPOSED), validate=validate.OneOf(list(ProposalState))
    )


class ProposalDecision(Input):
    """What a second person says; a refusal needs a note, which the colleague reads."""

    decision = Choice(("approve", "refuse"), required=True)
    note = Text(NOTE_LENGTH)


@blueprint.call(
    "GET", "/points/proposals", page_schema(ProposalShown), query=ProposalQuery, paged=True
)
@requires("points.view")
def proposals(query: dict[str, str]) -> Any:
    """List the project's proposals of one state, the oldest first."""
    statement = proposals_here().where(Proposal.state == query["state"])
    return paged(page_of(statement, Proposal.created_at, Proposal.id), shown)


@blueprint.call(
    "POST",
    "/points/proposals/<proposal_id>/decision",
    ProposalShown,
    body=ProposalDecision,
    errors={409: "It is decided already (`state`), or it is the caller's own."},
)
@requires("points.approve")
def proposal_decide(proposal_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Agree to a colleague's proposal, which books it, or refuse it."""
    refuse_services()
    proposal = case_of(proposal_id)
    try:
        decide(
            actor=current_account(),
            proposal=proposal,
            member=proposal.member,
            approve=body["decision"] == "approve",
            note=body.get("note", ""),
        )
    except PointsError as error:
        if error.code in ("own_proposal", "own_points", "decided_already"):
            raise conflict(error.code, sentence(error), state=error.state or "proposed") from error
        raise problem(error, note=("reason_needed",)) from error
    db.session.commit()
    return shown(case_of(proposal_id))
