"""What programs are told of a ledger: figures, lines with their reasons, lots."""

from datetime import date
from typing import Any

from flask import request
from marshmallow import Schema, fields, validate
from werkzeug.exceptions import NotFound

from portal.api.fields import Choice, Day, Flag, Moment, Output, Text, Whole, list_of
from portal.api.paging import paged
from portal.api.problems import Problem, refused
from portal.columns import new_public_id
from portal.i18n import localized
from portal.points import made_up, queries
from portal.points.accounts import REDEEMABLE
from portal.points.asked import read_month
from portal.points.errors import PointsError
from portal.points.explain import explain, title_of_line, title_of_rule
from portal.points.kinds import NEVER, CurrencyKind, Kind, Part
from portal.points.ledger import MOST
from portal.points.queries import Figures, Purse
from portal.points.sentences import sentence
from portal.points.statement import SHOWN, Line, ledger_of, line_of
from portal.points.terms import Holder

_MILLI = {"description": "In milli-points: 1,000 are one point."}
_ALL = 10**18
KEY_HEADER = "Idempotency-Key"


def milli(**options: Any) -> Whole:
    """Return the field of an amount in milli-points that may be below zero."""
    return Whole(-_ALL, _ALL, metadata=_MILLI, **options)


def wished(**options: Any) -> Whole:
    """Return the field of an amount in milli-points that somebody asks for."""
    return Whole(1, MOST, required=True, metadata=_MILLI, **options)


class FiguresShown(Output):
    """The five figures of one currency."""

    currency = Choice(CurrencyKind)
    name = Text()
    available = milli()
    spendable = Whole(
        0,
        2 * _ALL,
        metadata={
            "description": "Milli-points that a spending may use: with the bonus points that the"
            " club uses first, less what is owed."
        },
    )
    pending = milli()
    held = milli()
    expiring = Whole(
        0, _ALL, metadata={"description": "Milli-points whose last day is within 60 days."}
    )
    expires_on = Day(allow_none=True)
    owed = milli()


class PointsShown(Output):
    """Every currency of which there have been points."""

    items = list_of(FiguresShown)


class LineShown(Output):
    """One line of the ledger: what changed, and why."""

    id = Text(22)
    kind = Choice(Kind)
    title = Text()
    reasons = list_of(Text(800))
    at = Moment()
    booked_on = Day()
    business_date = Day()
    available = milli()
    pending = milli()
    held = milli()
    owed = milli()
    available_after = milli(allow_none=True)
    rule = Text(60, allow_none=True)
    rule_title = Text(metadata={"description": "What the rule was called; empty when unknown."})
    rule_version = Whole(0, 10**9, allow_none=True)
    source = Text(60)
    source_key = Text(80)
    takes_back = Text(22, allow_none=True, metadata={"description": "The line that this reverses."})
    taken_back = milli()


class LotTouched(Output):
    """Points that a line took from, or gave back to, a lot that another line had opened."""

    amount = milli()
    debit = Choice(Part)
    credit = Choice(Part)
    expires_on = Day(allow_none=True, metadata={"description": "null: never"})
    opened_by = Text(22)


class LotUse(Output):
    """What another line did with a lot; `change` is that of what is left in it."""

    change = milli()
    by = Text(22)
    title = Text()
    booked_on = Day()


class LotOpened(Output):
    """A lot that a line opened: original plus all changes is what is left."""

    original = milli()
    remaining = milli()
    held = milli()
    pending = Flag()
    expires_on = Day(allow_none=True, metadata={"description": "null: never"})
    uses = list_of(LotUse)


class LineDetail(LineShown):
    """A line with the lots that it used and opened."""

    used = list_of(LotTouched)
    opened = list_of(LotOpened)


class CurrencyQuery(Schema):
    """Which points."""

    currency = fields.String(
        load_default=REDEEMABLE, validate=validate.OneOf([str(kind) for kind in CurrencyKind])
    )


class LinesQuery(CurrencyQuery):
    """Which lines."""

    show = fields.String(load_default="", validate=validate.OneOf(["", *SHOWN]))
    month = fields.String(
        load_default="",
        validate=validate.Regexp(r"^(\d{4}-(0[1-9]|1[0-2]))?$"),
        metadata={"description": "One month only, such as 2026-10."},
    )


def sent_key() -> str:
    """Return the key that the call brings, else a new one."""
    return request.headers.get(KEY_HEADER) or new_public_id()


def problem(error: PointsError, **codes: tuple[str, ...]) -> Problem:
    """Return the 422 of a refused posting; `codes` by the field that they are about."""
    for field, about in codes.items():
        if error.code in about:
            return refused(error.code, sentence(error), field)
    return refused(error.code, sentence(error), "amount")


def figures_of(holder: Holder) -> list[dict[str, Any]]:
    """Return the figures of each currency of a holder."""
    return [_figures(*pair) for pair in queries.wallet(holder)]


def lines_of(holder: Holder, query: dict[str, str], *, project_id: int | None = None) -> Any:
    """Return the answer for a page of a holder's lines; `project_id` as in `ledger_of`."""
    purse = purse_of(holder, query["currency"])
    if purse is None:
        return {"items": [], "next": None}
    month = read_month(query["month"]) if query["month"] else None
    found = ledger_of(purse.account_id, query["show"], month=month, project_id=project_id)
    return paged(found, shown)


def detail_of(holder: Holder, public_id: str, *, project_id: int | None = None) -> dict[str, Any]:
    """Return a holder's line with its lots. Raises 404.

    `project_id` as in `ledger_of`: lots that other projects' lines opened are left out as well.
    """
    told = line_of(holder, public_id, project_id=project_id)
    if told is None:
        raise NotFound
    found, _purse = told
    touches, opened = made_up.lots_of_line(found.row.id)
    if project_id is not None:
        touches = [each for each in touches if each.opened.project_id in (None, project_id)]
    return {
        **shown(found),
        "used": [
            {
                "amount": each.amount,
                "debit": each.debit,
                "credit": each.credit,
                "expires_on": _day(each.expires_on),
                "opened_by": each.opened.public_id,
            }
            for each in touches
        ],
        "opened": [_opened(each) for each in opened],
    }


def shown(found: Line) -> dict[str, Any]:
    """Return a line as its owner may see it."""
    row, told = found.row, explain(found)
    return {
        "id": row.public_id,
        "kind": row.kind,
        "title": told.title,
        "reasons": told.sentences,
        "at": row.booked_at,
        "booked_on": row.booked_on,
        "business_date": row.business_date,
        "available": found.effect.available,
        "pending": found.effect.pending,
        "held": found.effect.held,
        "owed": found.effect.owed,
        "available_after": found.after,
        "rule": row.rule,
        "rule_title": title_of_rule(row),
        "rule_version": row.rule_version,
        "source": row.source,
        "source_key": row.source_key,
        "takes_back": found.origin.public_id if found.origin else None,
        "taken_back": found.reversed,
    }


def purse_of(holder: Holder, currency: str) -> Purse | None:
    """Return a holder's purse of a currency; None when they never had points of it."""
    return queries.purse_of(queries.purses(holder), currency)


def _figures(purse: Purse, figures: Figures) -> dict[str, Any]:
    return {
        "currency": purse.key,
        "name": localized(purse.name),
        "available": figures.available,
        "spendable": figures.spendable,
        "pending": figures.pending,
        "held": figures.held,
        "expiring": figures.expiring,
        "expires_on": _day(figures.expires_on),
        "owed": figures.owed,
    }


def _day(day: date | None) -> date | None:
    return None if day is None or day == NEVER else day


def _opened(each: made_up.OpenedLot) -> dict[str, Any]:
    lot = each.lot
    return {
        "original": lot.original,
        "remaining": lot.remaining,
        "held": lot.held,
        "pending": lot.pending,
        "expires_on": _day(lot.expires_on),
        "uses": [
            {
                "change": use.change,
                "by": use.by.public_id,
                "title": title_of_line(use.by),
                "booked_on": use.by.booked_on,
            }
            for use in each.uses
        ],
    }
