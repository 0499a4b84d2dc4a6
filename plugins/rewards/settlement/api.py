"""Statements of a month for the books of a partner, of the property company or of the club."""

from typing import Any

from werkzeug.exceptions import NotFound

from plugins.rewards.models import Statement, StatementLine
from plugins.rewards.settlement import queries
from plugins.rewards.settlement.queries import StatementFilter
from plugins.rewards.settlement.staff_views import SETTLE, party_name
from plugins.rewards.settlement.states import Party, Stage
from portal.sdk import (
    ApiBlueprint,
    ApiInput,
    ApiOutput,
    api_fields,
    api_page,
    api_page_schema,
    current_project,
    localized,
    requires,
)

api = ApiBlueprint(
    "rewards_settlement_api", __name__, url_prefix="/api/v1/p/<project>/rewards/settlement",
    title="Rewards",
)  # fmt: skip
_MOST = 2**53
_MILLI = {"description": "Milli-points; what came back counts negatively."}
_FEN = {"description": "Fen; what came back counts negatively."}


class StatementShown(ApiOutput):
    """What one party had of a month. `unrated`: lines for which nobody has said a rate."""

    id = api_fields.Text(22)
    number = api_fields.Whole(1, _MOST)
    month = api_fields.Text(7)
    party = api_fields.Choice(Party)
    name = api_fields.Text()
    state = api_fields.Choice(Stage)
    points = api_fields.Whole(-_MOST, _MOST, metadata=_MILLI)
    amount = api_fields.Whole(-_MOST, _MOST, metadata=_FEN)
    lines = api_fields.Whole(0, _MOST)
    unrated = api_fields.Whole(0, _MOST)
    paid_on = api_fields.Day(allow_none=True)
    proof = api_fields.Text(120)


class LineShown(ApiOutput):
    """A handing out, a return, or a use of a voucher. `rate`: fen a piece; null: none is said."""

    id = api_fields.Text(22)
    on = api_fields.Day()
    item = api_fields.Text(22)
    title = api_fields.Text()
    pieces = api_fields.Whole(-_MOST, _MOST)
    points = api_fields.Whole(-_MOST, _MOST, metadata=_MILLI)
    rate = api_fields.Whole(0, _MOST, allow_none=True)
    amount = api_fields.Whole(-_MOST, _MOST, metadata=_FEN)


class Sought(ApiInput):
    """What the list is narrowed to; a month is written 2026-07."""

    month = api_fields.Text(7)
    party = api_fields.Choice(Party)
    state = api_fields.Choice(Stage)


@api.call("GET", "", api_page_schema(StatementShown), query=Sought, paged=True)
@requires(SETTLE)
def all_statements(query: dict[str, str]) -> Any:
    """List the statements, the newest first."""
    page = queries.statements(current_project().id, StatementFilter.read(query))
    return api_page(page, _shown)


@api.call("GET", "/<public_id>", StatementShown)
@requires(SETTLE)
def one_statement(public_id: str) -> dict[str, Any]:
    """Show a statement."""
    return _shown(_find(public_id))


@api.call("GET", "/<public_id>/lines", api_page_schema(LineShown), paged=True)
@requires(SETTLE)
def lines_of_statement(public_id: str) -> Any:
    """List a statement's lines by day."""
    return api_page(queries.lines(_find(public_id)), _line)


def _find(public_id: str) -> Statement:
    found = queries.find_statement(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _shown(statement: Statement) -> dict[str, Any]:
    return {
        "id": statement.public_id,
        "number": statement.number,
        "month": statement.month,
        "party": statement.party,
        "name": party_name(statement),
        "state": statement.state,
        "points": statement.points,
        "amount": statement.amount,
        "lines": statement.rows,
        "unrated": statement.unrated,
        "paid_on": statement.paid_on,
        "proof": statement.proof,
    }


def _line(line: StatementLine) -> dict[str, Any]:
    return {
        "id": line.public_id,
        "on": line.on,
        "item": line.item.public_id,
        "title": localized(line.item.title),
        "pieces": line.pieces,
        "points": line.points,
        "rate": line.rate,
        "amount": line.amount,
    }
