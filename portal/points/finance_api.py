"""The books of the club's points, for finance's programs: months, sealing, liability, checks."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from marshmallow import Schema, fields, validate
from werkzeug.exceptions import NotFound

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Flag, Input, Moment, Output, Text, Whole, list_of
from portal.api.paging import page_schema, paged
from portal.api.problems import conflict, refused
from portal.club.queries import current_club
from portal.extensions import db
from portal.pagination import page_of
from portal.points import finance, months, proving
from portal.points.accounts import REDEEMABLE
from portal.points.errors import PointsError
from portal.points.finance import Line, Share
from portal.points.kinds import CurrencyKind, HolderKind
from portal.points.models import Proof
from portal.points.models.reports import MOVES
from portal.points.sentences import sentence
from portal.points.shapes import milli

blueprint = ApiBlueprint(
    "points_finance_api",
    "portal.points",
    url_prefix="/api/v1/centre/points",
    title="Books of points",
)
_MOST = 10**18
_MONTH = {"description": "A month, such as 2026-10."}
_FORM = r"^\d{4}-(0[1-9]|1[0-2])$"


class MonthsShown(Output):
    """Where the books stand: null before the first sealed month, or when none may be sealed."""

    last_sealed = Text(7, allow_none=True)
    can_be_sealed = Text(7, allow_none=True)


class BookLine(Output):
    """A currency's month in one project: opening + all changes = closing."""

    currency = Choice(CurrencyKind)
    project = Text(40, allow_none=True, metadata={"description": "Its slug; null: of no project."})
    opening = milli()
    issued = milli()
    spent = milli()
    expired = milli()
    forfeited = milli()
    adjusted = milli()
    moved = milli()
    closing = milli()


class BooksShown(Output):
    """A month of the whole club; what has gone is below zero."""

    month = Text(7, metadata=_MONTH)
    is_sealed = Flag(metadata={"description": "Whether it is closed: it is final."})
    lines = list_of(BookLine)
    totals = list_of(BookLine)


class ShareShown(Output):
    """Points outstanding of one project, cohort or month of expiry."""

    key = Text(
        40, metadata={"description": "A slug or a month; empty: of none. 9999-12: for ever."}
    )
    outstanding = milli()
    given = milli()
    expired = milli()
    expired_permille = Whole(-_MOST, _MOST)


class LiabilityShown(Output):
    """What a currency's points outstanding at a month's end may cost, and where they stand."""

    month = Text(7, metadata=_MONTH)
    currency = Choice(CurrencyKind)
    outstanding = milli()
    cost_fen = Whole(0, _MOST, metadata={"description": "What 1,000 points cost, in fen."})
    liability_fen = Whole(-_MOST, _MOST)
    projects = list_of(ShareShown)
    cohorts = list_of(ShareShown, metadata={"description": "By the month that gave them."})
    ends = list_of(ShareShown, metadata={"description": "By the month of their last day."})


class ProofShown(Output):
    """One run that proved the ledger: `error` says why it could not finish."""

    id = Text(22)
    started_at = Moment()
    ended_at = Moment()
    rules = Whole(0, 10**6)
    faults = Whole(0, 10**9)
    error = Text(200)


class LedgerFault(Output):
    """A rule that did not hold, and at whose account; null: at no single one."""

    rule = Text(60)
    account = Whole(0, _MOST, allow_none=True)
    currency = Choice(CurrencyKind, allow_none=True)
    holder = Choice(HolderKind, allow_none=True)
    member = Text(22, allow_none=True)
    figures = Text(500)


class ProofDetail(ProofShown):
    """A run with what it found, 500 at most."""

    found = list_of(LedgerFault)


class LiabilityQuery(Schema):
    """Of which points."""

    currency = fields.String(
        load_default=REDEEMABLE, validate=validate.OneOf([str(kind) for kind in CurrencyKind])
    )


class SealWish(Input):
    """The month to close."""

    month = fields.String(required=True, validate=validate.Regexp(_FORM), metadata=_MONTH)


class MonthSealed(Output):
    """A closed month, and how many statements were written."""

    month = Text(7, metadata=_MONTH)
    statements = Whole(0, _MOST)


@blueprint.call("GET", "/months", MonthsShown)
@requires("points.finance")
def standing() -> dict[str, Any]:
    """Show which month was sealed last, and which may be sealed now."""
    found = months.standing()
    return {"last_sealed": found.last, "can_be_sealed": found.next}


@blueprint.call("GET", "/months/<month>", BooksShown)
@requires("points.finance")
def statement(month: str) -> dict[str, Any]:
    """Show a month's statement by currency and project."""
    _check_month(month)
    last = months.last_sealed()
    lines = finance.statement(month, last)
    return {
        "month": month,
        "is_sealed": last is not None and month <= last,
        "lines": [_line(line) for line in lines],
        "totals": [_line(line) for line in finance.totals(lines)],
    }


@blueprint.call("GET", "/months/<month>/liability", LiabilityShown, query=LiabilityQuery)
@requires("points.finance")
def liability(month: str, query: dict[str, str]) -> dict[str, Any]:
    """Show what the points outstanding at a month's end may cost, and what has expired."""
    _check_month(month)
    currency = next((each for each in finance.currencies() if each.key == query["currency"]), None)
    if currency is None:
        raise NotFound
    found = finance.liability(currency, month)
    return {
        "month": month,
        "currency": currency.key,
        "outstanding": found.outstanding,
        "cost_fen": found.cost_fen,
        "liability_fen": found.fen(found.outstanding),
        "projects": _shares(found.projects),
        "cohorts": _shares(found.cohorts),
        "ends": _shares(found.ends),
    }


@blueprint.call(
    "POST",
    "/months",
    MonthSealed,
    status=201,
    body=SealWish,
    errors={409: "It is not over, sealed already (`state`), or the one before is open."},
)
@requires("points.close")
def seal(body: dict[str, str]) -> dict[str, Any]:
    """Seal a month: nothing is booked into it any more."""
    month = body["month"]
    try:
        written = months.seal_month(actor=current_account(), month=month)
    except PointsError as error:
        if error.code == "month_invalid":
            raise refused(error.code, sentence(error), "month") from error
        state = "sealed" if error.code == "sealed_month" else "open"
        raise conflict(error.code, sentence(error), state=state) from error
    db.session.commit()
    return {"month": month, "statements": written}


@blueprint.call("GET", "/proofs", page_schema(ProofShown), paged=True)
@requires("points.finance")
def proofs() -> Any:
    """List the runs that proved the ledger, the newest first."""
    return paged(page_of(sa.select(Proof), Proof.started_at, Proof.id, descending=True), _proof)


@blueprint.call("GET", "/proofs/<proof_id>", ProofDetail)
@requires("points.finance")
def proof(proof_id: str) -> dict[str, Any]:
    """Show what one run found."""
    row = db.session.scalar(sa.select(Proof).where(Proof.public_id == proof_id))
    if row is None:
        raise NotFound
    return {**_proof(row), "found": [_fault(each) for each in proving.faults_of(row)]}


def _check_month(month: str) -> None:
    """Raise 404 for what is no month, or has not come."""
    try:
        months.month_start(month)
    except PointsError as error:
        raise NotFound from error
    if month > f"{clock.business_date(current_club().time_zone):%Y-%m}":
        raise NotFound


def _line(line: Line) -> dict[str, Any]:
    return {
        "currency": line.currency.key,
        "project": line.project.slug if line.project else None,
        "opening": line.opening,
        **{name: line.changes[name] for name in MOVES},
        "closing": line.closing,
    }


def _shares(shares: Iterable[Share]) -> list[dict[str, Any]]:
    return [
        {
            "key": share.project.slug if share.project else share.key,
            "outstanding": share.outstanding,
            "given": share.given,
            "expired": share.expired,
            "expired_permille": share.permille,
        }
        for share in shares
    ]


def _proof(row: Proof) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "rules": row.rules,
        "faults": row.faults,
        "error": row.error,
    }


def _fault(found: proving.Found) -> dict[str, Any]:
    return {
        "rule": found.fault.rule,
        "account": found.fault.account_id,
        "currency": found.currency.key if found.currency else None,
        "holder": found.holder_kind or None,
        "member": found.member.public_id if found.member else None,
        "figures": found.fault.figures,
    }
