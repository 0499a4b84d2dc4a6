"""The staff's queue of claims, for programs."""

from typing import Any

from marshmallow import Schema, fields, validate
from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.api.fields import Choice, Day, Flag, Input, Moment, Output, Text, Whole, list_of
from portal.api.forms import checked, form_over
from portal.api.paging import page_schema, paged
from portal.api.problems import refused
from portal.claims import queries
from portal.claims.api import Step, blueprint, moved, step
from portal.claims.decisions import REASONS, Decision, Resolution
from portal.claims.errors import ClaimError, IllegalTransitionError
from portal.claims.forms import DecisionForm
from portal.claims.models import ClaimState, UnitClaim
from portal.claims.queries import ClaimFile
from portal.claims.review import review_of
from portal.claims.sentences import sentence
from portal.claims.staff_views import SEARCH_LENGTH, decided, field_of, queue_page
from portal.extensions import db
from portal.members.models import Member
from portal.projects.current import current_project
from portal.projects.errors import HomeError
from portal.projects.models import Role
from portal.projects.queries import address_title
from portal.projects.sentences import sentence as home_sentence

__all__ = ["blueprint"]

_AT = "/p/<project>/staff/claims"


class QueueQuery(Schema):
    """Which claims."""

    state = fields.String(
        load_default=str(ClaimState.PENDING), validate=validate.OneOf(list(ClaimState))
    )
    q = fields.String(load_default="", validate=validate.Length(max=SEARCH_LENGTH))


class QueuedClaim(Output):
    """A claim in the queue."""

    id = Text(22)
    title = Text()
    name = Text(80)
    role = Choice(Role)
    state = Choice(ClaimState)
    member_id = Text(22)
    member_name = Text(80)
    created_at = Moment()


class ComparisonShown(Output):
    """What the claimant says and what the roster says; `same` is null when it says nothing."""

    title = Text()
    claimed = Text()
    roster = Text()
    same = Flag(allow_none=True)


class PersonInHome(Output):
    """Someone who lives in the claimed home now."""

    name = Text(80)
    role = Choice(Role)
    since = Day()


class ReviewedClaim(QueuedClaim):
    """A claim with everything that a decision needs."""

    unit_id = Text(22, allow_none=True)
    conflict = Flag(metadata={"description": "Whether another household has the home."})
    differences = Whole(0, 100)
    comparison = list_of(ComparisonShown)
    people = list_of(PersonInHome)
    photos = list_of(Text(22))
    history = list_of(Step)
    likely_since = Day(allow_none=True)
    phone_differs = Flag()


_FITTING = "; ".join(
    f"{decision}: {', '.join(map(str, reasons))}" for decision, reasons in REASONS.items()
)


class DecisionWish(Input):
    """The answer to a claim; what follows `note` counts with an approval only."""

    decision = Choice(Decision, required=True)
    reason = Choice(
        tuple(dict.fromkeys(str(r) for reasons in REASONS.values() for r in reasons)),
        required=True,
        metadata={"description": f"One that fits the decision. {_FITTING}."},
    )
    note = Text(500, metadata={"description": "The claimant reads it; needed with reason other."})
    since = Day(metadata={"description": "Since when the home is theirs."})
    resolution = Choice(
        Resolution,
        metadata={
            "description": "What becomes of the household that has the home now; needed when the "
            "claim shows a `conflict`."
        },
    )
    ended_on = Day(
        metadata={
            "description": "With resolution sale or mistake: the last day of those who live there."
        }
    )
    add_unit = Flag(
        metadata={"description": "True: add the home, which the register does not know yet."}
    )
    update_roster_phone = Flag(
        metadata={"description": "True: put the claimant's phone into the roster."}
    )


@blueprint.call("GET", _AT, page_schema(QueuedClaim), query=QueueQuery, paged=True)
@requires("claims.review")
def staff_list(query: dict[str, str]) -> Any:
    """List the project's claims in one state, the oldest first."""
    page = queue_page(current_project().id, query["state"], query["q"].strip())
    return paged(page, lambda row: _queued(row[0], row[1]))


@blueprint.call("GET", f"{_AT}/<public_id>", ReviewedClaim)
@requires("claims.review")
def staff_show(public_id: str) -> dict[str, Any]:
    """Show a claim beside the roster."""
    return _reviewed(_claim(public_id))


@blueprint.call(
    "POST",
    f"{_AT}/<public_id>/decision",
    ReviewedClaim,
    body=DecisionWish,
    errors={409: "The claim stands elsewhere now (`state`), where this is not possible."},
)
@requires("claims.review")
def staff_decide(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Decide on a claim: approve, ask for more, or refuse."""
    found = _claim(public_id)
    reason = f"{body['decision']}_reason"
    values = {**body, reason: body["reason"]}
    form = checked(form_over(DecisionForm, values), {reason: "reason"})
    try:
        decided(found.claim, form)
    except IllegalTransitionError as error:
        raise moved(error.state) from error
    except ClaimError as error:
        raise refused(error.code, sentence(error), field_of(error)) from error
    except HomeError as error:
        field = "ended_on" if form.ended_on.data else "since"
        raise refused(error.code, home_sentence(error), field) from error
    db.session.commit()
    return _reviewed(_claim(public_id))


def _claim(public_id: str) -> ClaimFile:
    found = queries.claim_in(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _queued(claim: UnitClaim, member: Member) -> dict[str, Any]:
    return {
        "id": claim.public_id,
        "title": address_title(claim.building, claim.entrance, claim.number),
        "name": claim.name,
        "role": claim.role,
        "state": claim.state,
        "member_id": member.public_id,
        "member_name": member.name,
        "created_at": claim.created_at,
    }


def _reviewed(found: ClaimFile) -> dict[str, Any]:
    review = review_of(found, current_project())
    return {
        **_queued(found.claim, found.claim.member),
        "title": review.title,
        "unit_id": review.unit.public_id if review.unit else None,
        "conflict": review.conflict,
        "differences": review.differences,
        "comparison": [
            {
                "title": str(line.title),
                "claimed": line.claimed,
                "roster": line.roster,
                "same": line.same,
            }
            for line in review.lines
        ],
        "people": [
            {"name": each.member.name, "role": each.role, "since": each.since}
            for each in review.people
        ],
        "photos": [photo.public_id for photo in review.photos],
        "history": [step(event) for event in review.history],
        "likely_since": review.likely_since,
        "phone_differs": review.phone_differs,
    }
