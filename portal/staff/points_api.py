"""Members' points, for the staff's programs and for services that post."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from marshmallow import fields, validate
from werkzeug.exceptions import Forbidden, NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Day, Input, Moment, Output, Text, Whole, list_of
from portal.api.paging import page_schema
from portal.audit.service import record
from portal.extensions import db
from portal.members.models import Member
from portal.points import service
from portal.points.accounts import REDEEMABLE
from portal.points.errors import PointsError
from portal.points.keys import NOTE_LENGTH
from portal.points.kinds import CurrencyKind, Kind, ProposalState
from portal.points.models import Proposal
from portal.points.proposals import adjust, describe, take_back
from portal.points.shapes import (
    FiguresShown,
    LineDetail,
    LineShown,
    LinesQuery,
    detail_of,
    figures_of,
    lines_of,
    milli,
    problem,
    sent_key,
    wished,
)
from portal.points.terms import Holder, Posting, Terms, Why
from portal.projects.current import current_project
from portal.staff.member_page import member_here
from portal.staff.points_rights import line_to_take_back, seen_project
from portal.tokens.current import is_service, refuse_services

blueprint = ApiBlueprint(
    "staff_points_api",
    "portal.staff",
    url_prefix="/api/v1/p/<project>/staff",
    title="Members' points",
)
_MEMBER = "/members/<public_id>/points"
_SOURCE = r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$"


class DeedShown(Output):
    """What a member did that a proposal is for, as the staff's page records it."""

    source = Text(40)
    category = Text(40)
    on = Day()
    words = Text(200, metadata={"description": "The same in the reader's language."})


class ProposalShown(Output):
    """An adjustment, or taking a line back, that waits for a second person, or did."""

    id = Text(22)
    member_id = Text(22)
    member_name = Text(80)
    kind = Choice((str(Kind.AWARD), str(Kind.DEDUCT)))
    amount = milli()
    reason = Text(NOTE_LENGTH)
    deed = fields.Nested(
        DeedShown,
        allow_none=True,
        metadata={"description": "What it is for; null: plain points."},
    )
    takes_back = Text(22, allow_none=True, metadata={"description": "The line that it reverses."})
    state = Choice(ProposalState)
    made_by = Text(80)
    created_at = Moment()
    decided_at = Moment(allow_none=True)


class MemberPoints(Output):
    """A member's figures by currency."""

    items = list_of(FiguresShown)


class AdjustmentWish(Input):
    """Points to give or take by hand; much in a day becomes a proposal."""

    kind = Choice((str(Kind.AWARD), str(Kind.DEDUCT)), required=True)
    amount = wished()
    reason = Text(NOTE_LENGTH, required=True, metadata={"description": "The owner reads it."})


class AdjustmentMade(Output):
    """What became of it: booked at once (`line`), or proposed (`proposal`)."""

    line = fields.Nested(LineDetail, allow_none=True)
    proposal = fields.Nested(ProposalShown, allow_none=True)


class ReversalWish(Input):
    """Why a line is taken back."""

    reason = Text(NOTE_LENGTH, required=True, metadata={"description": "The owner reads it."})


class PostingWish(Input):
    """Points that a service gives or uses, under a key that is for ever the same posting."""

    member = Text(22, required=True, metadata={"description": "The member's id."})
    kind = Choice(("earn", "spend"), required=True)
    amount = wished()
    currency = Choice(CurrencyKind, load_default=REDEEMABLE)
    key = fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9._:-]{1,100}$"),
        metadata={"description": "The same key and body in a project is the same posting."},
    )
    source = fields.String(
        required=True,
        validate=[validate.Regexp(_SOURCE), validate.Length(max=50)],
        metadata={"description": "What happened, such as shop.order."},
    )
    source_key = Text(80, load_default="")
    note = Text(NOTE_LENGTH, load_default="", metadata={"description": "The owner reads it."})
    business_date = Day(load_default=None, metadata={"description": "Today without."})
    expires_on = Day(load_default=None, metadata={"description": "The club's rule without."})


class PostingMade(Output):
    """The posting; `is_new` is 0 when an earlier call made it."""

    id = Text(22)
    kind = Choice(Kind)
    amount = milli()
    is_new = Whole(0, 1)


@blueprint.call("GET", _MEMBER, MemberPoints)
@requires("points.view")
def member_points(public_id: str) -> dict[str, Any]:
    """Show a member's figures."""
    return {"items": figures_of(Holder.member(member_here(public_id).id))}


@blueprint.call("GET", f"{_MEMBER}/lines", page_schema(LineShown), query=LinesQuery, paged=True)
@requires("points.view")
def member_lines(public_id: str, query: dict[str, str]) -> Any:
    """List a member's lines of the project and of the club, all with the club's right to see
    points; the newest first. `available_after` is null where lines are left out.
    """
    return lines_of(Holder.member(member_here(public_id).id), query, project_id=seen_project())


@blueprint.call("POST", f"{_MEMBER}/adjustments", AdjustmentMade, status=201, body=AdjustmentWish)
@requires("points.adjust")
def member_adjust(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give or take points by hand; beyond the club's limit for a day a second person decides."""
    refuse_services()
    member = member_here(public_id)
    member_id = member.id
    try:
        done = adjust(
            actor=current_account(),
            member=member,
            project_id=current_project().id,
            kind=Kind(body["kind"]),
            amount=body["amount"],
            reason=body["reason"],
            key=sent_key(),
        )
    except PointsError as error:
        raise problem(error, reason=("reason_needed",)) from error
    return _made(member_id, done)


@blueprint.call("POST", f"{_MEMBER}/lines/<posting_id>/reversal", AdjustmentMade, status=201,
                body=ReversalWish)  # fmt: skip
@requires("points.adjust")
def member_take_back(public_id: str, posting_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Take the rest of a line back; beyond the club's limit for a day a second person decides."""
    member = member_here(public_id)
    member_id = member.id
    line_id = line_to_take_back(member, posting_id)
    try:
        done = take_back(
            actor=current_account(),
            member=member,
            project_id=current_project().id,
            posting_id=line_id,
            reason=body["reason"],
            key=sent_key(),
        )
    except PointsError as error:
        raise problem(error, reason=("reason_needed",)) from error
    return _made(member_id, done)


def _made(member_id: int, done: Posting | Proposal) -> dict[str, Any]:
    """Commit what was booked or proposed, and return it."""
    if isinstance(done, Proposal):
        refuse_services()
    made = done.public_id
    db.session.commit()
    if isinstance(done, Posting):
        return {
            "line": detail_of(Holder.member(member_id), made, project_id=seen_project()),
            "proposal": None,
        }
    return {"line": None, "proposal": shown(case_of(made))}


@blueprint.call(
    "POST",
    "/points/postings",
    PostingMade,
    status=201,
    body=PostingWish,
    errors={403: "Only the token of a service with `points.post` may post."},
)
@requires("points.post")
def post(body: dict[str, Any]) -> dict[str, Any]:
    """Post for a service: the same key and body is the same posting, whenever it is sent."""
    if not is_service():
        # People give points by hand, with a reason and, beyond a limit, by two.
        raise Forbidden
    member, project = member_here(body["member"]), current_project()
    why = Why(
        f"api.{body['source']}",
        body["source_key"],
        project_id=project.id,
        business_date=body["business_date"],
        note=body["note"],
    )
    holder = Holder.member(member.id)
    key, actor, currency = f"api:{project.id}:{body['key']}", current_account(), body["currency"]
    try:
        if body["kind"] == "spend":
            made = service.spend(
                actor=actor, holder=holder, amount=body["amount"], key=key, why=why,
                currency=currency,
            )  # fmt: skip
        else:
            terms = Terms(expires_on=body["expires_on"])
            made = service.post(
                actor=actor, holder=holder, amount=body["amount"], key=key, why=why,
                currency=currency, terms=terms,
            )  # fmt: skip
    except PointsError as error:
        raise problem(error, key=("key_used",), currency=("never_spent",),
                      expires_on=("expired_before",)) from error  # fmt: skip
    if made.is_new:
        record(
            actor=current_account(),
            action="points.posted",
            subject=("member", member.public_id),
            project_id=project.id,
            facts={"posting": made.public_id, "kind": made.kind, "amount": made.amount},
        )
    db.session.commit()
    return {
        "id": made.public_id,
        "kind": made.kind,
        "amount": made.amount,
        "is_new": int(made.is_new),
    }


def proposals_here() -> sa.Select[Any]:
    """Return the statement of the project's proposals, with member and maker."""
    return (
        sa.select(Proposal)
        .join(Proposal.member)
        .join(Proposal.made_by)
        .outerjoin(Proposal.reverses)
        .options(
            sa.orm.contains_eager(Proposal.member),
            sa.orm.contains_eager(Proposal.made_by),
            sa.orm.contains_eager(Proposal.reverses),
        )
        .where(Proposal.project_id == current_project().id)
    )


def case_of(public_id: str) -> Proposal:
    """Return one of the project's proposals as it stands now. Raises 404."""
    found: Proposal | None = db.session.scalar(
        proposals_here()
        .where(Proposal.public_id == public_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def shown(found: Proposal) -> dict[str, Any]:
    """Return a proposal as staff may see it."""
    member: Member = found.member
    return {
        "id": found.public_id,
        "member_id": member.public_id,
        "member_name": member.name,
        "kind": found.kind,
        "amount": found.amount,
        "reason": found.reason,
        "deed": _deed(found),
        "takes_back": found.reverses.public_id if found.reverses else None,
        "state": found.state,
        "made_by": found.made_by.display_name,
        "created_at": found.created_at,
        "decided_at": found.decided_at,
    }


def _deed(found: Proposal) -> dict[str, Any] | None:
    if found.fact is None:
        return None
    on = date.fromisoformat(found.fact["on"])
    named = {name: found.fact[name] for name in ("source", "category")}
    return {**named, "on": on, "words": describe(found)}
