"""The staff's pages of contracts and fees: a project's lists, one contract with its payments."""

from collections.abc import Iterator, Sequence

from flask import render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.audit.service import record
from portal.contracts import queries
from portal.contracts.blueprint import blueprint
from portal.contracts.list_filter import ListFilter
from portal.contracts.models import Contract, Fee, Payment
from portal.contracts.payments import PAYMENT_STATES, doubt_of, payments_in
from portal.contracts.queries import CONTRACT_STATES, FEE_STATES
from portal.exports import ExportFormat, export_file
from portal.extensions import db, read_only
from portal.i18n import gettext
from portal.pagination import page_of
from portal.projects.current import current_project
from portal.projects.queries import unit_title
from portal.words import title_of

__all__ = ["blueprint"]

_AT_ONCE = 500


@blueprint.get("/p/<project>/staff/contracts")
@requires("contracts.view")
def staff_list() -> str:
    """Show a project's contracts by their number, searched and filtered."""
    wanted = ListFilter.read(request.args, CONTRACT_STATES)
    statement = queries.contracts_in(current_project().id, wanted)
    found, total = queries.totals(statement, Contract.price)
    return render_template(
        "contracts/staff_list.html",
        page=page_of(statement, Contract.number, Contract.id),
        wanted=wanted,
        found=found,
        total=total,
    )


@blueprint.post("/p/<project>/staff/contracts/export.<kind>")
@requires("contracts.view")
def staff_export(kind: str) -> Response:
    """Send the filtered contracts as a file, and note who took how many."""
    wanted = ListFilter.read(request.args, CONTRACT_STATES)
    statement = queries.contracts_in(current_project().id, wanted)
    _note_export(kind, "contracts.exported", queries.totals(statement, Contract.price)[0], wanted)
    header = (
        gettext("Contract number"),
        gettext("The home"),
        gettext("Buyer"),
        gettext("State"),
        gettext("Price (yuan)"),
        gettext("Signed on"),
        gettext("Handed over on"),
        gettext("Cancelled on"),
    )
    return _file("contracts", kind, header, _contract_lines(current_project().id, wanted))


@blueprint.get("/p/<project>/staff/contracts/fees")
@requires("contracts.view")
def staff_fees() -> str:
    """Show a project's fees, the latest due first: all, open, late or paid."""
    project, wanted = current_project(), ListFilter.read(request.args, FEE_STATES)
    today = clock.business_date(project.time_zone)
    statement = queries.fees_in(project.id, wanted, today)
    found, total = queries.totals(statement, Fee.amount)
    page = page_of(statement, Fee.due_on, Fee.id, descending=True)
    return render_template(
        "contracts/staff_fees.html",
        page=page,
        owned=queries.homes_with_owners({fee.unit_id for fee in page.items}),
        wanted=wanted,
        found=found,
        total=total,
        today=today,
    )


@blueprint.post("/p/<project>/staff/contracts/fees/export.<kind>")
@requires("contracts.view")
def staff_fees_export(kind: str) -> Response:
    """Send the filtered fees as a file, and note who took how many."""
    project, wanted = current_project(), ListFilter.read(request.args, FEE_STATES)
    statement = queries.fees_in(project.id, wanted, clock.business_date(project.time_zone))
    _note_export(kind, "contracts.fees_exported", queries.totals(statement, Fee.amount)[0], wanted)
    header = (
        gettext("The home"),
        gettext("Owner"),
        gettext("Kind of fee"),
        gettext("Period"),
        gettext("Due on"),
        gettext("Amount (yuan)"),
        gettext("Paid on"),
    )
    return _file("fees", kind, header, _fee_lines(project.id, wanted))


@blueprint.get("/p/<project>/staff/contracts/payments")
@requires("contracts.view")
def staff_payments() -> str:
    """Show a project's payments, the latest first: all, or those whose contract is not here."""
    wanted = ListFilter.read(request.args, PAYMENT_STATES)
    statement = payments_in(current_project().id, wanted)
    found, total = queries.totals(statement, Payment.amount)
    return render_template(
        "contracts/staff_payments.html",
        page=page_of(statement, Payment.paid_on, Payment.id, descending=True),
        wanted=wanted,
        found=found,
        total=total,
    )


@blueprint.post("/p/<project>/staff/contracts/payments/export.<kind>")
@requires("contracts.view")
def staff_payments_export(kind: str) -> Response:
    """Send the filtered payments as a file, and note who took how many."""
    project, wanted = current_project(), ListFilter.read(request.args, PAYMENT_STATES)
    statement = payments_in(project.id, wanted)
    rows = queries.totals(statement, Payment.amount)[0]
    _note_export(kind, "contracts.payments_exported", rows, wanted)
    header = (
        gettext("Contract number"),
        gettext("The home"),
        gettext("Buyer"),
        gettext("Percent reached"),
        gettext("Amount (yuan)"),
        gettext("Paid on"),
    )
    return _file("payments", kind, header, _payment_lines(project.id, wanted))


@blueprint.get("/p/<project>/staff/contracts/<public_id>")
@requires("contracts.view")
def staff_show(public_id: str) -> str:
    """Show one contract with its payments."""
    contract = queries.contract_in(current_project().id, public_id)
    if contract is None:
        raise NotFound
    payments = queries.payments_of([contract.id])
    after, before = queries.neighbours_of(contract)
    return render_template(
        "contracts/staff_show.html",
        contract=contract,
        payments=payments,
        paid=sum(payment.amount for payment in payments),
        reached=max((payment.percent for payment in payments), default=0),
        doubt=doubt_of(contract, payments),
        after=after,
        before=before,
    )


def _note_export(kind: str, action: str, rows: int, wanted: ListFilter) -> None:
    if kind not in set(ExportFormat):
        raise NotFound
    project = current_project()
    record(
        actor=current_account(),
        action=action,
        subject=("project", project.public_id),
        project_id=project.id,
        facts={"format": kind, "rows": rows, "filtered_by": sorted(wanted.args())},
    )
    db.session.commit()
    # Writing is done: others need not wait while the rows are read.
    read_only.set(True)


def _file(
    name: str, kind: str, header: Sequence[str], rows: Iterator[Sequence[object]]
) -> Response:
    project = current_project()
    today = clock.business_date(project.time_zone)
    return export_file(
        name=f"{name}-{project.slug}-{today:%Y%m%d}",
        kind=ExportFormat(kind),
        header=header,
        rows=rows,
    )


def _contract_lines(project_id: int, wanted: ListFilter) -> Iterator[Sequence[object]]:
    statement = queries.contracts_in(project_id, wanted).order_by(Contract.number, Contract.id)
    for row in db.session.scalars(statement.execution_options(yield_per=_AT_ONCE)):
        yield (
            row.number,
            unit_title(row.unit),
            row.member.name if row.member else "",
            str(title_of("contract_state", row.state)),
            _plain(row.price),
            *(day or "" for day in (row.signed_on, row.handed_over_on, row.cancelled_on)),
        )


def _fee_lines(project_id: int, wanted: ListFilter) -> Iterator[Sequence[object]]:
    today = clock.business_date(current_project().time_zone)
    statement = queries.fees_in(project_id, wanted, today).order_by(Fee.due_on.desc(), Fee.id)
    for row in db.session.scalars(statement.execution_options(yield_per=_AT_ONCE)):
        yield (
            unit_title(row.unit),
            row.member.name if row.member else "",
            str(title_of("fee_category", row.category)),
            row.period,
            row.due_on,
            _plain(row.amount),
            row.paid_on or "",
        )


def _payment_lines(project_id: int, wanted: ListFilter) -> Iterator[Sequence[object]]:
    statement = payments_in(project_id, wanted).order_by(Payment.paid_on.desc(), Payment.id)
    for row in db.session.scalars(statement.execution_options(yield_per=_AT_ONCE)):
        contract = row.contract
        yield (
            row.contract_number,
            unit_title(contract.unit) if contract else "",
            contract.member.name if contract and contract.member else "",
            row.percent,
            _plain(row.amount),
            row.paid_on,
        )


def _plain(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
