"""Contracts, payments and fees for the programs of the sales and the property office.

What is sent is kept by its natural key: the same again changes nothing, and the order is free.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate
from werkzeug.exceptions import NotFound

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Day, Input, Output, Text, Whole, list_of
from portal.api.paging import page_schema, paged
from portal.contracts import queries
from portal.contracts.audit import note_recorded
from portal.contracts.incoming import Outcome, take_contracts, take_fees, take_payments
from portal.contracts.list_filter import ListFilter
from portal.contracts.models import MOST_FEN, Contract, ContractState, Fee, FeeCategory, Payment
from portal.contracts.queries import CONTRACT_STATES, FEE_STATES
from portal.extensions import db
from portal.pagination import page_of
from portal.projects.current import current_project
from portal.projects.queries import unit_title
from portal.roster.sentences import fault_sentence

blueprint = ApiBlueprint(
    "contracts_api",
    "portal.contracts",
    url_prefix="/api/v1/p/<project>/staff/contracts",
    title="Contracts and fees",
)
AT_ONCE = 500
_FATES = ("new", "changed", "unchanged", "refused")
_IN_FEN = {"description": "Fen."}


class PaymentShown(Output):
    """A payment towards a contract."""

    id = Text(22)
    percent = Whole(1, 100)
    amount = Whole(1, MOST_FEN, metadata=_IN_FEN)
    paid_on = Day()


class ContractShown(Output):
    """A purchase contract; `member_id` is null until the buyer is verified in the home."""

    id = Text(22)
    number = Text(60)
    unit_id = Text(22)
    home = Text()
    member_id = Text(22, allow_none=True)
    state = Choice(ContractState)
    price = Whole(0, MOST_FEN, metadata=_IN_FEN)
    signed_on = Day(allow_none=True)
    handed_over_on = Day(allow_none=True)
    cancelled_on = Day(allow_none=True)
    replaced_by = Text(60, allow_none=True)


class ContractWithPayments(ContractShown):
    """A purchase contract with its payments."""

    payments = list_of(PaymentShown)


class FeeShown(Output):
    """A fee for a home."""

    id = Text(22)
    unit_id = Text(22)
    home = Text()
    member_id = Text(22, allow_none=True)
    category = Choice(FeeCategory)
    period = Text(20)
    due_on = Day()
    amount = Whole(1, MOST_FEN, metadata=_IN_FEN)
    paid_on = Day(allow_none=True)


class ContractsQuery(Schema):
    """Which contracts."""

    q = fields.String(load_default="", validate=validate.Length(max=60))
    state = fields.String(load_default="", validate=validate.OneOf(["", *CONTRACT_STATES]))


class FeesQuery(Schema):
    """Which fees."""

    q = fields.String(load_default="", validate=validate.Length(max=60))
    state = fields.String(load_default="", validate=validate.OneOf(["", *FEE_STATES]))


class HomeWish(Input):
    """A home by its address."""

    building = Text(40, required=True)
    entrance = Text(20, load_default="")
    home = Text(20, required=True)


class ContractWish(HomeWish):
    """A contract; without a state its dates say where it stands."""

    number = Text(60, required=True)
    phone = Text(40, required=True)
    price = Whole(1, MOST_FEN, required=True, metadata=_IN_FEN)
    state = Choice(ContractState)
    signed_on = Day(allow_none=True)
    handed_over_on = Day(allow_none=True)
    cancelled_on = Day(allow_none=True)
    replaced_by = Text(60, allow_none=True)


class PaymentWish(Input):
    """A payment; its contract may come later."""

    number = Text(60, required=True)
    percent = Whole(1, 100, required=True)
    amount = Whole(1, MOST_FEN, required=True, metadata=_IN_FEN)
    paid_on = Day(required=True)


class FeeWish(HomeWish):
    """A fee; without a due date it is due on the last day of its period."""

    category = Choice(FeeCategory, load_default=str(FeeCategory.MANAGEMENT))
    period = Text(20, required=True)
    due_on = Day(allow_none=True)
    amount = Whole(1, MOST_FEN, required=True, metadata=_IN_FEN)
    paid_on = Day(allow_none=True)


def _many(inner: type[Input], name: str) -> type[Input]:
    length = validate.Length(min=1, max=AT_ONCE)
    return type(
        name,
        (Input,),
        {
            "__module__": __name__,
            "__doc__": f"At most {AT_ONCE} at once.",
            "items": fields.List(fields.Nested(inner), required=True, validate=length),
        },
    )


ContractsWish = _many(ContractWish, "ContractsWish")
PaymentsWish = _many(PaymentWish, "PaymentsWish")
FeesWish = _many(FeeWish, "FeesWish")


class OutcomeShown(Output):
    """What became of an item; a refused one has a code and a sentence."""

    fate = Choice(_FATES)
    code = Text(40, allow_none=True)
    sentence = Text(400, allow_none=True)


class OutcomesShown(Output):
    """What became of the items, in their order."""

    items = list_of(OutcomeShown)


@blueprint.call("GET", "", page_schema(ContractShown), query=ContractsQuery, paged=True)
@requires("contracts.view")
def contracts(query: dict[str, str]) -> Any:
    """List the project's contracts by number."""
    wanted = ListFilter.read(query, CONTRACT_STATES)
    statement = queries.contracts_in(current_project().id, wanted)
    return paged(page_of(statement, Contract.number, Contract.id), _contract)


@blueprint.call("POST", "", OutcomesShown, body=ContractsWish)
@requires("contracts.import")
def record_contracts(body: dict[str, Any]) -> dict[str, Any]:
    """Keep contracts by their number; those that contradict what is kept are refused."""
    return _recorded("contracts", take_contracts, body["items"])


@blueprint.call("POST", "/payments", OutcomesShown, body=PaymentsWish)
@requires("contracts.import")
def record_payments(body: dict[str, Any]) -> dict[str, Any]:
    """Keep payments by contract and percent."""
    return _recorded("payments", take_payments, body["items"])


@blueprint.call("GET", "/fees", page_schema(FeeShown), query=FeesQuery, paged=True)
@requires("contracts.view")
def fees(query: dict[str, str]) -> Any:
    """List the fees of the project's homes, the latest due first."""
    wanted = ListFilter.read(query, FEE_STATES)
    statement = queries.fees_in(current_project().id, wanted, _today())
    return paged(page_of(statement, Fee.due_on, Fee.id, descending=True), _fee)


@blueprint.call("POST", "/fees", OutcomesShown, body=FeesWish)
@requires("contracts.import")
def record_fees(body: dict[str, Any]) -> dict[str, Any]:
    """Keep fees by home, kind and period; what was owed may come paid."""
    return _recorded("fees", take_fees, body["items"])


@blueprint.call("GET", "/<public_id>", ContractWithPayments)
@requires("contracts.view")
def contract(public_id: str) -> dict[str, Any]:
    """Show one contract with its payments."""
    found = queries.contract_in(current_project().id, public_id)
    if found is None:
        raise NotFound
    payments = queries.payments_of([found.id])
    return {**_contract(found), "payments": [_payment(each) for each in payments]}


def _recorded(
    what: str,
    take: Callable[..., Sequence[Outcome]],
    items: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    project = current_project()
    outcomes = take(project_id=project.id, items=items, today=_today())
    note_recorded(actor=current_account(), project=project, what=what, outcomes=outcomes)
    db.session.commit()
    return {
        "items": [
            {
                "fate": each.fate,
                "code": each.code or None,
                "sentence": fault_sentence(each.code, each.facts) if each.code else None,
            }
            for each in outcomes
        ]
    }


def _today() -> date:
    return clock.business_date(current_project().time_zone)


def _contract(row: Contract) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "number": row.number,
        "unit_id": row.unit.public_id,
        "home": unit_title(row.unit),
        "member_id": row.member.public_id if row.member else None,
        "state": row.state,
        "price": row.price,
        "signed_on": row.signed_on,
        "handed_over_on": row.handed_over_on,
        "cancelled_on": row.cancelled_on,
        "replaced_by": row.replaced_by_number,
    }


def _payment(row: Payment) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "percent": row.percent,
        "amount": row.amount,
        "paid_on": row.paid_on,
    }


def _fee(row: Fee) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "unit_id": row.unit.public_id,
        "home": unit_title(row.unit),
        "member_id": row.member.public_id if row.member else None,
        "category": row.category,
        "period": row.period,
        "due_on": row.due_on,
        "amount": row.amount,
        "paid_on": row.paid_on,
    }
