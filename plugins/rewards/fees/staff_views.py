"""The staff's fee credits: what is open, as a file for the property company, and its answers."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards.blueprint import staff
from plugins.rewards.errors import RewardError
from plugins.rewards.fees import answering, booking, queries
from plugins.rewards.models import Item
from plugins.rewards.sending import sent_list
from plugins.rewards.showing import yuan
from plugins.rewards.staff_views import MANAGE, own_item
from plugins.rewards.states import Kind
from plugins.rewards.vouchers.using import fen
from plugins.rewards.words import REFUSALS
from portal.sdk import (
    ExportFormat,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    now,
    record,
    requires,
    takes_files,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
FEES = "rewards.fees"
HEADING = ("code", "building", "entrance", "number", "month", "amount", "answer", "reason")


@staff.get("/p/<project>/staff/rewards/fees")
@requires(FEES)
def fee_credits() -> str:
    """List the credits that wait for the property company."""
    return _listed([])


@staff.post("/p/<project>/staff/rewards/fees.<kind>")
@requires(FEES)
def export_fees(kind: str) -> Response:
    """Send the open credits as a file that the company fills in; note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project, month = current_project(), request.form.get("month", "")[:7]
    found = queries.all_open(project.id, month)
    record(
        actor=current_account(),
        action="rewards.fee_exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(found), "month": month},
    )
    db.session.commit()
    rows = [
        (
            each.order.code, each.building, each.entrance, each.number, each.month,
            yuan(each.worth), "", "",
        )
        for each in found
    ]  # fmt: skip
    return export_file(
        name=f"fees-{project.slug}", kind=ExportFormat(kind), header=HEADING, rows=rows
    )


@staff.post("/p/<project>/staff/rewards/fees")
@requires(FEES)
@takes_files(1)
def answer_fees() -> Page:
    """Take the company's answers, or look at them first; report what becomes of each row."""
    try:
        rows = answering.read_rows(sent_list("rows"))
        told = answering.apply_rows(
            actor=current_account(), project=current_project(), rows=rows, at=now()
        )
    except RewardError as error:
        db.session.rollback()
        return _listed([], refused=error.said, typed=request.form.get("rows", "")), 422
    if request.form.get("act") == "look":
        # Everything was tried, and nothing of it stays.
        db.session.rollback()
        return _listed(told, looked=True, typed=answering.as_text(rows))
    db.session.commit()
    return _listed(told)


@staff.get("/p/<project>/staff/rewards/<public_id>/fee")
@requires(MANAGE)
def fee_worth(public_id: str) -> str:
    """Show what a piece takes off the fee."""
    return _worth(_item(public_id))


@staff.post("/p/<project>/staff/rewards/<public_id>/fee")
@requires(MANAGE)
def set_fee_worth(public_id: str) -> Page:
    """Say what a piece takes off the fee."""
    item, project = _item(public_id), current_project()
    try:
        answering.set_worth(
            actor=current_account(),
            project=project,
            item=item,
            worth=fen(request.form.get("worth", "")),
        )
    except RewardError as error:
        db.session.rollback()
        return _worth(_item(public_id), error), 422
    db.session.commit()
    flash(gettext("Saved. What was ordered stays as it was promised."))
    return redirect(url_for("rewards_staff.show", public_id=public_id), 303)


def _item(public_id: str) -> Item:
    found = own_item(public_id)
    if found.kind != Kind.FEE:
        raise NotFound
    return found


def _worth(item: Item, refused: RewardError | None = None) -> str:
    return render_template(
        "rewards/fee_worth.html",
        item=item,
        terms=booking.terms_of(item.id),
        refused=REFUSALS[refused.code] if refused else None,
        typed=request.form,
    )


def _listed(
    told: list[answering.Outcome], *, looked: bool = False, refused: str = "", typed: str = ""
) -> str:
    project, month = current_project(), request.args.get("month", "")[:7]
    return render_template(
        "rewards/fees.html",
        page=queries.page_of_open(project.id, month),
        months=queries.months(project.id),
        month=month,
        told=told,
        looked=looked,
        refused=refused,
        typed=typed,
    )
