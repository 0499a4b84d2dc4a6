"""The books of the club's points for finance: statements, sealing, liability, checks."""

from collections.abc import Iterator

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.club.queries import current_club
from portal.exports import ExportFormat, export_file
from portal.extensions import db
from portal.i18n import Text, gettext, lazy, localized
from portal.pagination import page_of
from portal.points import finance, months, proving
from portal.points.amounts import plain_points
from portal.points.blueprint import blueprint
from portal.points.charts import columns
from portal.points.errors import PointsError
from portal.points.finance import Line, Share
from portal.points.kinds import CurrencyKind
from portal.points.models import Currency, Proof
from portal.points.models.reports import MOVES
from portal.points.moves import FOREVER
from portal.points.sentences import sentence
from portal.points.staff_forms import SealForm

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
TITLES: dict[str, Text] = {
    "issued": lazy("Issued"),
    "spent": lazy("Spent"),
    "expired": lazy("Expired"),
    "forfeited": lazy("Forfeited"),
    "adjusted": lazy("Adjusted"),
    "moved": lazy("Moved"),
}


def _this_month() -> str:
    return f"{clock.business_date(current_club().time_zone):%Y-%m}"


def _asked_month() -> str:
    """Return the month of the address, this one without; 404 for what is no month."""
    month = request.args.get("month") or _this_month()
    try:
        months.month_start(month)
    except PointsError as error:
        raise NotFound from error
    if month > _this_month():
        raise NotFound
    return month


@blueprint.get("/centre/points")
@requires("points.finance")
def finance_statement() -> str:
    """Show a month of the club's points: what it began with, what happened, what is left."""
    month = _asked_month()
    return _statement(month, SealForm(formdata=None))


@blueprint.post("/centre/points/seal")
@requires("points.close")
def finance_seal() -> Page:
    """Seal a month: nothing is booked into it any more."""
    form = SealForm()
    if not form.validate():
        return _statement(_asked_month(), form), 422
    try:
        months.seal_month(actor=current_account(), month=form.month.data or "")
    except PointsError as error:
        db.session.rollback()
        form.typed.errors = [sentence(error)]
        return _statement(_asked_month(), form), 409
    month = form.month.data
    db.session.commit()
    flash(gettext("%(month)s is sealed. Corrections are new lines of a later month.", month=month))
    return redirect(url_for("points.finance_statement", month=month), 303)


@blueprint.get("/centre/points/export.<kind>")
@requires("points.finance")
def finance_export(kind: str) -> Response:
    """Give a month's statement as a file."""
    if kind not in set(ExportFormat):
        raise NotFound
    month = _asked_month()
    header = (
        gettext("Month"),
        gettext("Currency"),
        gettext("Project"),
        gettext("Opening"),
        *(str(title) for title in TITLES.values()),
        gettext("Closing"),
    )
    return export_file(
        name=f"points-{month}",
        kind=ExportFormat(kind),
        header=header,
        rows=_export_rows(month, finance.statement(month)),
    )


@blueprint.get("/centre/points/liability")
@requires("points.finance")
def finance_liability() -> str:
    """Show what the points outstanding may cost, by age and by month of expiry, and breakage."""
    month = _asked_month()
    currencies = _currencies()
    wanted = request.args.get("currency", CurrencyKind.REDEEMABLE.value)
    currency = next((each for each in currencies if each.key == wanted), None)
    if currency is None:
        if wanted != CurrencyKind.REDEEMABLE:
            raise NotFound
        return render_template("points/liability.html", found=None, month=month, currencies=[])
    found = finance.liability(currency, month)
    ends = [share for share in found.ends if share.outstanding]
    cohorts = finance.newest([share for share in found.cohorts if share.key])
    dated = [share for share in cohorts if share.key]
    return render_template(
        "points/liability.html",
        found=found,
        month=month,
        months=finance.months_up_to(_this_month()),
        currencies=currencies,
        ends=ends,
        cohorts=cohorts,
        forever=FOREVER,
        ends_chart=columns([(_short(share), share.outstanding) for share in ends]),
        age_chart=columns([(share.key[2:], share.outstanding) for share in dated]),
        breakage_chart=columns([(share.key[2:], share.permille) for share in dated]),
    )


@blueprint.get("/centre/points/proofs")
@requires("points.finance")
def finance_proofs() -> str:
    """Show the last runs that proved the ledger."""
    page = page_of(sa.select(Proof), Proof.started_at, Proof.id, descending=True)
    return render_template("points/proofs.html", page=page, rules=proving.NAMES)


@blueprint.get("/centre/points/proofs/<proof_id>")
@requires("points.finance")
def finance_proof(proof_id: str) -> str:
    """Show what one run found, with the way to each account's ledger."""
    proof = db.session.scalar(sa.select(Proof).where(Proof.public_id == proof_id))
    if proof is None:
        raise NotFound
    return render_template("points/proof.html", proof=proof, faults=proving.faults_of(proof))


def _currencies() -> list[Currency]:
    return finance.currencies()


def _statement(month: str, form: SealForm) -> str:
    standing = months.standing()
    lines = finance.statement(month, standing.last)
    return render_template(
        "points/finance.html",
        month=month,
        months=finance.months_up_to(_this_month()),
        lines=lines,
        totals=finance.totals(lines),
        titles=TITLES,
        standing=standing,
        is_sealed=standing.last is not None and month <= standing.last,
        form=form,
        account=current_account(),
        now=clock.now(),
    )


def _export_rows(month: str, lines: list[Line]) -> Iterator[tuple[object, ...]]:
    for line in lines:
        yield (
            month,
            localized(line.currency.name),
            localized(line.project.name) if line.project else "",
            plain_points(line.opening),
            *(plain_points(line.changes[name]) for name in MOVES),
            plain_points(line.closing),
        )


def _short(share: Share) -> str:
    return gettext("never") if share.key == FOREVER else share.key[2:]
