"""Payouts for programs: what is due into a batch, a second person's yes, paid, and its rows."""

from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import NotFound

from plugins.referrals import payout as service
from plugins.referrals import reward_queries
from plugins.referrals.codes import show_code
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import TaxClass
from plugins.referrals.models.rewards import Batch, BatchState, Beneficiary
from plugins.referrals.problems import REFUSED, problem
from plugins.referrals.reward_views import PAY, owners
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
    record,
    requires,
)

api = ApiBlueprint(
    "referrals_pay_api", __name__, url_prefix="/api/v1/p/<project>/referrals/staff/payouts",
    title="Referrals",
)  # fmt: skip
_MOST = 2**53


class PayoutListed(ApiOutput):
    """A payout. `total` in fen, before tax."""

    id = api_fields.Text(22)
    number = api_fields.Whole(1, _MOST)
    state = api_fields.Choice(BatchState)
    total = api_fields.Whole(-_MOST, _MOST)
    rewards = api_fields.Whole(0, _MOST)
    paid_on = api_fields.Day(allow_none=True)
    proof = api_fields.Text()


class PayeeShown(ApiOutput):
    """What one payee gets, in fen. `side`: an owner, or the friend of the lead with this `code`."""

    side = api_fields.Choice(Beneficiary)
    name = api_fields.Text()
    code = api_fields.Text()
    gross = api_fields.Whole(0, _MOST)
    tax = api_fields.Whole(0, _MOST)
    net = api_fields.Whole(0, _MOST)
    tax_class = api_fields.Choice(TaxClass)


class PayoutShown(PayoutListed):
    """A payout with one line a payee."""

    payees = api_fields.list_of(PayeeShown)


class Proof(ApiInput):
    """When it was paid, and what proves it."""

    paid_on = api_fields.Day(required=True)
    proof = api_fields.Text(120, required=True)


@api.call("GET", "", api_page_schema(PayoutListed), paged=True)
@requires(PAY)
def payouts() -> Any:
    """List the payouts, the newest first."""
    return api_page(reward_queries.batches(current_project().id), _listed)


@api.call("POST", "", PayoutListed, status=201, errors=REFUSED)
@requires(PAY)
def propose() -> dict[str, object]:
    """Put everything that is due into a payout; NOTHING_DUE when there is nothing."""
    try:
        made = service.propose(actor=current_account(), project=current_project())
    except ReferralError as error:
        raise problem(error) from error
    db.session.commit()
    return _listed(made)


@api.call("GET", "/<public_id>", PayoutListed)
@requires(PAY)
def payout(public_id: str) -> dict[str, object]:
    """Show how a payout stands."""
    return _listed(_find(public_id))


@api.call("POST", "/<public_id>/approve", PayoutListed, errors=REFUSED)
@requires(PAY)
def approve(public_id: str) -> dict[str, object]:
    """Approve a payout that somebody else has proposed."""
    return _act(public_id, service.approve_batch)


@api.call("POST", "/<public_id>/pay", PayoutListed, body=Proof, errors=REFUSED)
@requires(PAY)
def pay(body: dict[str, Any], public_id: str) -> dict[str, object]:
    """Note when an approved payout was paid, and what proves it."""
    return _act(
        public_id, service.pay, project=current_project(), on=body["paid_on"], proof=body["proof"],
        at=now(),
    )  # fmt: skip


@api.call("POST", "/<public_id>/drop", PayoutListed, errors=REFUSED)
@requires(PAY)
def drop(public_id: str) -> dict[str, object]:
    """Give a payout up that was not paid; its rewards wait for the next one."""
    return _act(public_id, service.drop)


@api.call("POST", "/<public_id>/export", PayoutShown)
@requires(PAY)
def export(public_id: str) -> dict[str, object]:
    """Take a payout with its payees for the bank; the trail says who took it."""
    batch = _find(public_id)
    lines = reward_queries.payee_lines(batch)
    members = owners(lines)
    record(
        actor=current_account(),
        action="referrals.payout_exported",
        subject=("referrals_batch", batch.public_id),
        project_id=batch.project_id,
        facts={"format": "json", "rows": batch.rows, "total": batch.total},
    )
    db.session.commit()
    return {
        **_listed(batch),
        "payees": [
            {
                "side": Beneficiary.FRIEND if friend else Beneficiary.OWNER,
                "name": friend.name if friend else members[referrer.member_id].name,
                "code": show_code(friend.pass_code if friend else referrer.code),
                **{key: getattr(line, key) for key in ("gross", "tax", "net", "tax_class")},
            }
            for line, friend, referrer in lines
        ],
    }


def _act(public_id: str, act: Callable[..., None], **values: Any) -> dict[str, object]:
    batch = _find(public_id)
    try:
        act(actor=current_account(), batch=batch, **values)
    except ReferralError as error:
        raise problem(error) from error
    db.session.commit()
    return _listed(batch)


def _listed(batch: Batch) -> dict[str, object]:
    same = ("number", "state", "total", "paid_on", "proof")
    shown = {key: getattr(batch, key) for key in same}
    return {"id": batch.public_id, "rewards": batch.rows, **shown}


def _find(public_id: str) -> Batch:
    found = reward_queries.batch(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
