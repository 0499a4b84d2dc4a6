"""Referrals for programs: the owner's mini-program, and the sales system with its stages."""

from typing import Any

from marshmallow import validate
from werkzeug.exceptions import NotFound

from plugins.referrals import dispute_queries, disputes, inviting, queries, reward_queries, stages
from plugins.referrals.codes import show_code
from plugins.referrals.errors import ReferralError
from plugins.referrals.importing import MOST_SUM, Outcome, Row, apply_rows
from plugins.referrals.models import Lead, Referrer
from plugins.referrals.models.rewards import Kind, RewardState
from plugins.referrals.problems import problem
from plugins.referrals.rules import rules_now
from plugins.referrals.states import SALES, Buyer, State
from portal.sdk import (
    ApiBlueprint,
    ApiInput,
    ApiOutput,
    api_fields,
    api_page,
    api_page_schema,
    current_account,
    current_member,
    current_project,
    db,
    member_only,
    now,
    record,
    requires,
)

api = ApiBlueprint("referrals_api", "plugins.referrals", url_prefix="/api/v1/p/<project>/referrals")
AT_ONCE = 100
MOST_AMOUNT = 2**53


class Code(ApiOutput):
    """The member's own code, empty before the first, and whether referrals are open."""

    code = api_fields.Text()
    open = api_fields.Flag()


class RewardShown(ApiOutput):
    """A reward of the member's. `amount`: milli-points or fen, below nought when taken back."""

    kind = api_fields.Choice(Kind)
    amount = api_fields.Whole(-MOST_AMOUNT, MOST_AMOUNT)
    state = api_fields.Choice(RewardState)
    earned_on = api_fields.Day()


class LeadShown(ApiOutput):
    """A friend on the way, masked. `ends_at`: when the clock that runs now is over; `dispute`:
    where the dispute stands, empty without one."""

    id = api_fields.Text(22)
    friend = api_fields.Text()
    state = api_fields.Choice(State)
    reason = api_fields.Text()
    ends_at = api_fields.Moment(allow_none=True)
    rules_version = api_fields.Whole(1, 100_000, allow_none=True)


class LeadWithRewards(LeadShown):
    """A friend on the way with what it brought the member."""

    dispute = api_fields.Text()
    rewards = api_fields.list_of(RewardShown)


class Words(ApiInput):
    """What somebody has to say."""

    words = api_fields.Text(400, required=True)


class StageSent(ApiInput):
    """A stage of a sale. `code`: what the friend shows; `buyer`: who signs; `price` in fen; `area`
    in hundredths of a square metre."""

    code = api_fields.Text(20, required=True)
    stage = api_fields.Choice(tuple(SALES), required=True)
    on = api_fields.Day(required=True)
    buyer = api_fields.Choice(Buyer)
    paper = api_fields.Text(200)
    building = api_fields.Text(40)
    price = api_fields.Whole(1, MOST_SUM)
    area = api_fields.Whole(1, MOST_SUM)


class StagesSent(ApiInput):
    """Stages in any order, each as often as you like."""

    items = api_fields.list_of(
        StageSent, required=True, validate=validate.Length(min=1, max=AT_ONCE)
    )


class Cancellation(ApiInput):
    """A purchase that was cancelled, by the code that the friend showed."""

    code = api_fields.Text(20, required=True)
    words = api_fields.Text(400, required=True)


class OutcomeShown(ApiOutput):
    """What became of a stage: `done`, `repeated`, `waiting` for the one before, or why not."""

    code = api_fields.Text()
    result = api_fields.Text()


class Outcomes(ApiOutput):
    """One for each stage, in the order sent."""

    items = api_fields.list_of(OutcomeShown)


@api.call("GET", "/code", Code)
@member_only
def own_code() -> dict[str, object]:
    """Show the member's code."""
    return _code(inviting.referrer_of(current_project(), current_member()))


@api.call("POST", "/code", Code, errors={409: "Referrals are not open here."})
@member_only
def join() -> dict[str, object]:
    """Give the member a code, the same however often it is asked for."""
    project = current_project()
    if rules_now(project.id, now()) is None:
        raise problem(ReferralError("NOT_OPEN"))
    referrer = inviting.join(project=project, member=current_member())
    db.session.commit()
    return _code(referrer)


@api.call("GET", "/leads", api_page_schema(LeadShown), paged=True)
@member_only
def leads() -> Any:
    """List the member's friends, the newest first, masked."""
    referrer = inviting.referrer_of(current_project(), current_member())
    return api_page(queries.own_leads(referrer or Referrer(id=0)), _lead)


@api.call("GET", "/leads/<public_id>", LeadWithRewards)
@member_only
def lead(public_id: str) -> dict[str, object]:
    """Show one friend with the member's rewards."""
    return _whole(_own(public_id))


@api.call(
    "POST", "/leads/<public_id>/dispute", LeadWithRewards, body=Words,
    errors={409: "There is nothing to object to, or it was decided before."},
)  # fmt: skip
@member_only
def object_to(body: dict[str, str], public_id: str) -> dict[str, object]:
    """Object to a refusal."""
    found = _own(public_id)
    try:
        disputes.open_dispute(
            actor=current_account(), project=current_project(), lead=found,
            words=body["words"].strip(), side="owner", at=now(),
        )  # fmt: skip
    except ReferralError as error:
        raise problem(error) from error
    db.session.commit()
    return _whole(found)


@api.call("POST", "/staff/stages", Outcomes, body=StagesSent)
@requires("referrals.sales")
def record_stages(body: dict[str, Any]) -> dict[str, object]:
    """Take in stages from the sales system: each counts once, and one that comes before its turn
    waits for it."""
    project = current_project()
    rows = [
        Row(
            line, each["code"], each["stage"], each["on"], each.get("buyer") or "",
            each.get("paper") or "", each.get("building") or "", each.get("price"),
            each.get("area"),
        )
        for line, each in enumerate(body["items"], 1)
    ]  # fmt: skip
    outcomes = apply_rows(actor=current_account(), project=project, rows=rows, at=now())
    record(
        actor=current_account(),
        action="referrals.stages_imported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"rows": len(rows), "done": sum(each.result == "done" for each in outcomes)},
    )
    db.session.commit()
    return {"items": [_outcome(each) for each in outcomes]}


@api.call("POST", "/staff/cancellations", OutcomeShown, body=Cancellation)
@requires("referrals.override")
def cancel(body: dict[str, str]) -> dict[str, object]:
    """Note that a purchase was cancelled: its rewards are taken back. Again, nothing happens."""
    found = queries.lead_by_pass(current_project().id, body["code"])
    if found is None:
        raise NotFound
    result = "repeated"
    if found.state != State.CANCELLED:
        try:
            stages.end(
                actor=current_account(), project=current_project(), lead=found,
                to=State.CANCELLED, words=body["words"].strip(), at=now(),
            )  # fmt: skip
        except ReferralError as error:
            raise problem(error) from error
        db.session.commit()
        result = "done"
    return {"code": found.pass_code, "result": result}


def _code(referrer: Referrer | None) -> dict[str, object]:
    opened = rules_now(current_project().id, now()) is not None
    return {"code": show_code(referrer.code) if referrer else "", "open": opened}


def _lead(found: Lead) -> dict[str, object]:
    return {
        "id": found.public_id,
        "friend": found.phone_masked,
        "state": found.state,
        "reason": found.reason,
        "ends_at": found.ends_at,
        "rules_version": found.campaign.version if found.campaign else None,
    }


def _whole(found: Lead) -> dict[str, object]:
    mine = inviting.referrer_of(current_project(), current_member())
    rewards = reward_queries.rewards_of(found, owner=mine.id if mine else 0)
    dispute = dispute_queries.of_lead(found)
    return {
        **_lead(found),
        "dispute": dispute.state if dispute else "",
        "rewards": [
            {key: getattr(each, key) for key in ("kind", "amount", "state", "earned_on")}
            for each in rewards
        ],
    }


def _outcome(outcome: Outcome) -> dict[str, object]:
    return {"code": outcome.code, "result": outcome.result}


def _own(public_id: str) -> Lead:
    found = queries.own_lead(current_project().id, current_member().id, public_id)
    if found is None:
        raise NotFound
    return found
