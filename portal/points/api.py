"""One's own points, for programs: figures, lines with their reasons, months, and giving."""

from typing import Any

from marshmallow import Schema, fields, validate
from werkzeug.exceptions import NotFound

from portal.access import member_only
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Flag, Input, Output, Text
from portal.api.paging import page_schema
from portal.extensions import db
from portal.members.current import current_member
from portal.points import giving
from portal.points.asked import HOUSEHOLD, read_month
from portal.points.errors import PointsError
from portal.points.kinds import CurrencyKind
from portal.points.monthly import month_of
from portal.points.shapes import (
    CurrencyQuery,
    LineDetail,
    LineShown,
    LinesQuery,
    PointsShown,
    detail_of,
    figures_of,
    lines_of,
    milli,
    problem,
    purse_of,
    sent_key,
    wished,
)
from portal.points.terms import Holder

blueprint = ApiBlueprint("points_api", "portal.points", url_prefix="/api/v1", title="Points")


class WhoseQuery(Schema):
    """Whose points."""

    of = fields.String(
        load_default="",
        validate=validate.OneOf(["", HOUSEHOLD]),
        metadata={"description": "household: the points that the member's household has together."},
    )


class MyCurrencyQuery(WhoseQuery, CurrencyQuery):
    """Whose points, and which."""


class MyLinesQuery(WhoseQuery, LinesQuery):
    """Whose lines, and which."""


class MonthShown(Output):
    """A month: opening + gained - used - expired = closing, the opening of the next."""

    month = Text(7)
    currency = Choice(CurrencyKind)
    opening = milli()
    gained = milli()
    used = milli()
    expired = milli()
    closing = milli()
    is_sealed = Flag(metadata={"description": "Whether the club has closed it: it is final."})
    is_open = Flag(metadata={"description": "Whether it is not over yet."})


class TransferWish(Input):
    """To whom of the household, and how many milli-points."""

    receiver = Text(22, required=True, metadata={"description": "A member's id (/me/household)."})
    amount = wished()


@blueprint.call("GET", "/me/points", PointsShown, query=WhoseQuery)
@member_only
def balance(query: dict[str, str]) -> dict[str, Any]:
    """Show the five figures of every currency."""
    return {"items": figures_of(_whose(query))}


@blueprint.call("GET", "/me/points/lines", page_schema(LineShown), query=MyLinesQuery, paged=True)
@member_only
def lines(query: dict[str, str]) -> Any:
    """List the member's lines with their reasons, the newest first."""
    return lines_of(_whose(query), query)


@blueprint.call("GET", "/me/points/lines/<posting_id>", LineDetail, query=WhoseQuery)
@member_only
def line(posting_id: str, query: dict[str, str]) -> dict[str, Any]:
    """Show one line, the lots that it used, and what became of those that it opened."""
    return detail_of(_whose(query), posting_id)


@blueprint.call("GET", "/me/points/months/<month>", MonthShown, query=MyCurrencyQuery)
@member_only
def month(month: str, query: dict[str, str]) -> dict[str, Any]:
    """Show a month's statement, such as 2026-10."""
    purse = purse_of(_whose(query), query["currency"])
    found = month_of(purse, month) if purse and read_month(month) else None
    if found is None:
        raise NotFound
    names = ("opening", "gained", "used", "expired", "closing", "is_sealed", "is_open")
    return {
        "month": month,
        "currency": query["currency"],
        **{name: getattr(found, name) for name in names},
    }


@blueprint.call("POST", "/me/points/transfers", LineDetail, status=201, body=TransferWish)
@member_only
def transfer(body: dict[str, Any]) -> dict[str, Any]:
    """Give points to somebody of the household; the same Idempotency-Key gives them once."""
    member = current_member()
    try:
        posting, _receiver = giving.give(
            actor=current_account(),
            member=member,
            receiver_key=body["receiver"],
            amount=body["amount"],
            key=sent_key(),
        )
    except PointsError as error:
        raise problem(error, receiver=("other_household", "same_member")) from error
    giver, public_id = Holder.member(member.id), posting.public_id
    db.session.commit()
    return detail_of(giver, public_id)


def _whose(query: dict[str, str]) -> Holder:
    member = current_member()
    together = query["of"] == HOUSEHOLD
    return Holder.household(member.household_id) if together else Holder.member(member.id)
