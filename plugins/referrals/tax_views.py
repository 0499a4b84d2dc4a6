"""The staff's pages of tax: the dated table, and a payout's statement by payee as a file."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.referrals import reward_queries, taxing
from plugins.referrals.blueprint import staff
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import TaxClass
from plugins.referrals.payout_views import find_batch
from plugins.referrals.reward_forms import TaxForm
from plugins.referrals.reward_views import PAY, Page, owners
from plugins.referrals.words import REFUSALS, SIDES, TAX_CLASSES
from portal.sdk import (
    ExportFormat,
    business_date,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    record,
    requires,
)

__all__ = ["staff"]


@staff.route("/p/<project>/staff/referrals/tax", methods=["GET", "POST"])
@requires(PAY)
def tax() -> Page:
    """Show which tax is withheld from which day on, and add a rate."""
    form, project = TaxForm(), current_project()
    if request.method == "GET":
        form.starts_on.data = business_date(project.time_zone)
    if not form.validate_on_submit() or form.starts_on.data is None or form.rate.data is None:
        return _page(form), 422 if form.errors else 200
    try:
        taxing.write_rate(
            actor=current_account(),
            project=project,
            tax_class=TaxClass(form.tax_class.data),
            rate=int(form.rate.data * 100),
            starts_on=form.starts_on.data,
            free=int((form.free.data or 0) * 100),
            free_rate=int((form.free_rate.data or 0) * 100),
            bands=form.higher(),
        )
    except ReferralError as error:
        db.session.rollback()
        form.form_errors.append(str(REFUSALS[error.code]))
        return _page(form), 409
    db.session.commit()
    flash(gettext("The rate is saved: payouts from that day on withhold it."))
    return redirect(url_for("referrals_staff.tax"), 303)


@staff.post("/p/<project>/staff/referrals/payouts/<public_id>/statement.<kind>")
@requires(PAY)
def export_statement(public_id: str, kind: str) -> Response:
    """Send what each payee of a payout gets as a file for the bank, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    batch = find_batch(public_id)
    lines = reward_queries.payee_lines(batch)
    members = owners(lines)
    rows = [
        (
            lead.name if lead else members[referrer.member_id].name,
            str(SIDES["friend" if lead else "owner"]),
            line.gross / 100,
            "" if line.taxable is None else line.taxable / 100,
            str(TAX_CLASSES[line.tax_class]),
            line.rate / 100,
            line.tax / 100,
            line.net / 100,
        )
        for line, lead, referrer in lines
    ]
    record(
        actor=current_account(),
        action="referrals.payout_exported",
        subject=("referrals_batch", batch.public_id),
        project_id=batch.project_id,
        facts={"format": kind, "rows": len(rows), "of": "payees"},
    )
    db.session.commit()
    header = (
        gettext("Name"), gettext("Who gets it"), gettext("Before tax"),
        gettext("Taxed part"), gettext("As what"), gettext("Highest rate in percent"),
        gettext("Tax"), gettext("To pay, after tax"),
    )  # fmt: skip
    name = f"statement-{current_project().slug}-{batch.number}"
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=rows)


def _page(form: TaxForm) -> str:
    return render_template(
        "referrals/tax.html", form=form, rates=taxing.rates(current_project().id)
    )
