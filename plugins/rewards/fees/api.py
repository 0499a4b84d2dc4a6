"""Fee credits for the property company's program: what is open, and its answers."""

from typing import Any

from marshmallow import validate

from plugins.rewards.fees import answering, queries
from plugins.rewards.fees.models import FeeCredit
from plugins.rewards.fees.staff_views import FEES
from portal.sdk import (
    ApiBlueprint,
    ApiInput,
    ApiOutput,
    api_fields,
    api_page,
    api_page_schema,
    current_account,
    current_project,
    db,
    now,
    requires,
)

api = ApiBlueprint(
    "rewards_fees_api", __name__, url_prefix="/api/v1/p/<project>/rewards/fees", title="Rewards"
)
_MOST = 2**53
_RESULT = {"description": "done, repeated, or why nothing was changed"}


class FeeCreditShown(ApiOutput):
    """A credit that waits for an answer. `amount` in fen."""

    code = api_fields.Text(12)
    building = api_fields.Text()
    entrance = api_fields.Text()
    number = api_fields.Text()
    month = api_fields.Text(7)
    amount = api_fields.Whole(0, _MOST)
    until = api_fields.Moment(allow_none=True)


class Answer(ApiInput):
    """What the company says to a credit; a refusal has a reason."""

    code = api_fields.Text(20, required=True)
    answer = api_fields.Choice((answering.CONFIRMED, answering.REFUSED), required=True)
    reason = api_fields.Text(200)


class Answers(ApiInput):
    """Up to 500 answers; each stands for itself."""

    items = api_fields.list_of(
        Answer, required=True, validate=validate.Length(min=1, max=answering.MOST)
    )


class OutcomeOfAnswer(ApiOutput):
    """What became of an answer."""

    code = api_fields.Text(20)
    result = api_fields.Text(30, metadata=_RESULT)


class OutcomesOfAnswers(ApiOutput):
    """One outcome for each answer, in their order."""

    items = api_fields.list_of(OutcomeOfAnswer)


@api.call("GET", "", api_page_schema(FeeCreditShown), paged=True)
@requires(FEES)
def open_fees() -> Any:
    """List the credits that wait for an answer, the oldest first."""
    return api_page(queries.page_of_open(current_project().id), _shown)


@api.call("POST", "/answers", OutcomesOfAnswers, body=Answers)
@requires(FEES)
def answer(body: dict[str, Any]) -> dict[str, Any]:
    """Confirm or refuse credits; an answer that was sent before changes nothing."""
    rows = [
        answering.Row(line, each["code"], each["answer"], each.get("reason", "").strip())
        for line, each in enumerate(body["items"], 1)
    ]
    told = answering.apply_rows(
        actor=current_account(), project=current_project(), rows=rows, at=now()
    )
    db.session.commit()
    return {"items": [{"code": each.code, "result": each.result} for each in told]}


def _shown(credit: FeeCredit) -> dict[str, Any]:
    return {
        "code": credit.order.code,
        "building": credit.building,
        "entrance": credit.entrance,
        "number": credit.number,
        "month": credit.month,
        "amount": credit.worth,
        "until": credit.order.expires_at,
    }
