"""The staff's pages of payouts: propose, approve as a second person, take as a file, mark paid."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from plugins.referrals import payout as service
from plugins.referrals import reward_queries
from plugins.referrals.blueprint import staff
from plugins.referrals.errors import ReferralError
from plugins.referrals.models.rewards import Batch
from plugins.referrals.reward_forms import PaidForm
from plugins.referrals.reward_views import PAY, Page, header, owners, table
from plugins.referrals.words import BATCH_STATES, REFUSALS, STATUS
from portal.sdk import (
    ExportFormat,
    business_date,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    now,
    record,
    requires,
)

__all__ = ["staff"]


class IllegalPayoutStepError(Conflict):
    """A 409 whose page says where the payout stands now."""

    def __init__(self, state: str) -> None:
        super().__init__()
        self.advice = gettext(
            "This payout is “%(state)s” now. Load its page again to go on from there.",
            state=BATCH_STATES[state][0],
        )


@staff.get("/p/<project>/staff/referrals/payouts")
@requires(PAY)
def payouts() -> str:
    """List the payouts, and what is due."""
    project = current_project()
    debts = reward_queries.debts(project.id)
    return render_template(
        "referrals/payouts.html",
        page=reward_queries.batches(project.id),
        due=reward_queries.due_sum(project.id),
        debts=debts,
        members=owners(debts, 0),
    )


@staff.post("/p/<project>/staff/referrals/payouts")
@requires(PAY)
def propose() -> Page:
    """Put everything that is due into a payout."""
    try:
        made = service.propose(actor=current_account(), project=current_project())
    except ReferralError as error:
        db.session.rollback()
        flash(str(REFUSALS[error.code]), "warning")
        return redirect(url_for("referrals_staff.payouts"), 303)
    db.session.commit()
    flash(gettext("The payout is proposed. Somebody else has to approve it."))
    return redirect(url_for("referrals_staff.payout", public_id=made.public_id), 303)


@staff.get("/p/<project>/staff/referrals/payouts/<public_id>")
@requires(PAY)
def payout(public_id: str) -> str:
    """Show one payout with its rewards."""
    return _page(find_batch(public_id))


@staff.post("/p/<project>/staff/referrals/payouts/<public_id>/approve")
@requires(PAY)
def approve_payout(public_id: str) -> Page:
    """Approve a payout that somebody else has proposed."""
    return _act(public_id, service.approve_batch, gettext("The payout is approved."))


@staff.post("/p/<project>/staff/referrals/payouts/<public_id>/drop")
@requires(PAY)
def drop_payout(public_id: str) -> Page:
    """Give a payout up that was not paid."""
    said = gettext("The payout is dropped; its rewards wait for the next one.")
    return _act(public_id, service.drop, said)


@staff.post("/p/<project>/staff/referrals/payouts/<public_id>/pay")
@requires(PAY)
def pay_payout(public_id: str) -> Page:
    """Note when an approved payout was paid, and what proves it."""
    form, batch = PaidForm(), find_batch(public_id)
    if not form.validate() or form.paid_on.data is None:
        return _page(batch, form), 422
    on, proof = form.paid_on.data, form.proof.data or ""

    def act(*, actor: Any, batch: Batch) -> None:
        project = current_project()
        service.pay(actor=actor, project=project, batch=batch, on=on, proof=proof, at=now())

    return _act(public_id, act, gettext("The payout is noted as paid."), form)


@staff.post("/p/<project>/staff/referrals/payouts/<public_id>/export.<kind>")
@requires(PAY)
def export_payout(public_id: str, kind: str) -> Response:
    """Send a payout as a file for the bank, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    batch = find_batch(public_id)
    rows = table([(row[0], row[1], row[2]) for row in reward_queries.rows_of(batch)])
    rows.append(("", "", gettext("Total"), "", "", "", batch.total / 100, ""))
    record(
        actor=current_account(),
        action="referrals.payout_exported",
        subject=("referrals_batch", batch.public_id),
        project_id=batch.project_id,
        facts={"format": kind, "rows": batch.rows, "total": batch.total},
    )
    db.session.commit()
    name = f"payout-{current_project().slug}-{batch.number}"
    return export_file(name=name, kind=ExportFormat(kind), header=header(), rows=rows)


def _act(public_id: str, act: Callable[..., None], said: str, form: PaidForm | None = None) -> Page:
    try:
        act(actor=current_account(), batch=find_batch(public_id))
    except ReferralError as error:
        db.session.rollback()
        if error.code == "ILLEGAL_STEP":
            raise IllegalPayoutStepError(error.state) from error
        page = _page(find_batch(public_id), form, str(REFUSALS[error.code]))
        return page, STATUS.get(error.code, 409)
    db.session.commit()
    flash(said)
    return redirect(url_for("referrals_staff.payout", public_id=public_id), 303)


def _page(batch: Batch, form: PaidForm | None = None, refused: str = "") -> str:
    rows, lines = reward_queries.rows_of(batch), reward_queries.payee_lines(batch)
    today = business_date(current_project().time_zone)
    return render_template(
        "referrals/payout.html",
        batch=batch,
        rows=rows,
        lines=lines,
        members=owners([*rows, *lines]),
        own=batch.made_by == current_account().id,
        form=form or PaidForm(formdata=None, data={"paid_on": today}),
        refused=refused,
    )


def find_batch(public_id: str) -> Batch:
    """Return a payout of this project, or 404."""
    found = reward_queries.batch(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
