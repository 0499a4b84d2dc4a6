"""The staff's pages of settlement: draw a month up, approve as a second person, pay; rates."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length

from plugins.rewards.blueprint import staff
from plugins.rewards.errors import RewardError
from plugins.rewards.figures import months_end
from plugins.rewards.models import Statement
from plugins.rewards.settlement import acting, drawing, queries
from plugins.rewards.settlement.queries import StatementFilter
from plugins.rewards.settlement.words import NEXT, PARTIES, STAGES
from plugins.rewards.showing import points, yuan
from plugins.rewards.staff_views import MANAGE, own_item
from plugins.rewards.vouchers.using import fen
from plugins.rewards.words import REFUSALS
from portal.sdk import (
    ExportFormat,
    TextsForm,
    business_date,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    lazy,
    localized,
    now,
    record,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
SETTLE = "rewards.settle"


class PaidForm(TextsForm):
    """When a statement was paid, and what proves it."""

    paid_on = DateField(lazy("Paid on"), validators=[InputRequired(lazy("Choose the day."))])
    proof = StringField(
        lazy("Proof, such as the transfer's number"),
        validators=[InputRequired(lazy("Write what proves it.")), Length(max=120)],
    )


@staff.get("/p/<project>/staff/rewards/settlement")
@requires(MANAGE)
def settlement() -> str:
    """List the statements, what waits, and whether all tie to the ledger."""
    return _listed()


@staff.post("/p/<project>/staff/rewards/settlement")
@requires(MANAGE)
def draw_up() -> Page:
    """Draw up a month that is over."""
    month = request.form.get("month", "")[:7]
    try:
        made = drawing.draw_up(
            actor=current_account(), project=current_project(), month=month, at=now()
        )
    except RewardError as error:
        db.session.rollback()
        return _listed(str(REFUSALS[error.code])), 409 if error.code == "CHANGED" else 422
    db.session.commit()
    flash(gettext("%(count)s statements drawn up. Somebody else approves them.", count=len(made)))
    return redirect(url_for("rewards_staff.settlement", month=month), 303)


@staff.post("/p/<project>/staff/rewards/settlement.<kind>")
@requires(MANAGE)
def export_settlement(kind: str) -> Response:
    """Send the list of statements as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project = current_project()
    found = queries.all_statements(project.id, StatementFilter.read(request.form))
    header = (
        gettext("Month"), gettext("Number"), gettext("Settled with"), gettext("State"),
        gettext("Number of lines"), gettext("Points"), gettext("Yuan"), gettext("Paid on"),
        gettext("Proof"),
    )  # fmt: skip
    rows = [
        (
            each.month, each.number, party_name(each), str(STAGES[each.state][0]), each.rows,
            points(each.points), yuan(each.amount), str(each.paid_on or ""), each.proof,
        )
        for each in found
    ]  # fmt: skip
    return _sent(f"settlement-{project.slug}", kind, header, rows, "settlement")


@staff.get("/p/<project>/staff/rewards/settlement/<public_id>")
@requires(MANAGE)
def statement(public_id: str) -> str:
    """Show a statement with its lines."""
    return _page(_find(public_id))


@staff.post("/p/<project>/staff/rewards/settlement/<public_id>/drop")
@requires(MANAGE)
def drop_statement(public_id: str) -> Page:
    """Throw a draft away."""
    found = _find(public_id)
    try:
        drawing.drop(actor=current_account(), statement=found)
    except RewardError as error:
        return _refused(public_id, error)
    db.session.commit()
    flash(gettext("Thrown away. What was in it waits for the next statement."))
    return redirect(url_for("rewards_staff.settlement"), 303)


@staff.post("/p/<project>/staff/rewards/settlement/<public_id>/approve")
@requires(SETTLE)
def approve_statement(public_id: str) -> Page:
    """Approve what somebody else has drawn up."""
    return _act(public_id, acting.approve, gettext("The statement is approved."))


@staff.post("/p/<project>/staff/rewards/settlement/<public_id>/back")
@requires(SETTLE)
def send_back_statement(public_id: str) -> Page:
    """Make an approved statement a draft again."""
    return _act(public_id, acting.send_back, gettext("The statement is a draft again."))


@staff.post("/p/<project>/staff/rewards/settlement/<public_id>/pay")
@requires(SETTLE)
def pay_statement(public_id: str) -> Page:
    """Note when an approved statement was paid, and what proves it."""
    form, found = PaidForm(), _find(public_id)
    if not form.validate() or form.paid_on.data is None:
        return _page(found, form), 422
    on, proof = form.paid_on.data, form.proof.data or ""

    def act(*, actor: Any, statement: Statement) -> None:
        project = current_project()
        acting.pay(actor=actor, project=project, statement=statement, on=on, proof=proof, at=now())

    return _act(public_id, act, gettext("The statement is noted as paid."), form)


@staff.post("/p/<project>/staff/rewards/settlement/<public_id>/lines.<kind>")
@requires(MANAGE)
def export_statement(public_id: str, kind: str) -> Response:
    """Send a statement's lines as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    found, project = _find(public_id), current_project()
    header = (
        gettext("Day"), gettext("Item"), gettext("Pieces"), gettext("Points"),
        gettext("Yuan a piece"), gettext("Yuan"),
    )  # fmt: skip
    rows: list[tuple[object, ...]] = [
        (
            str(line.on), localized(line.item.title), line.pieces, points(line.points),
            "" if line.rate is None else yuan(line.rate), yuan(line.amount),
        )
        for line in queries.all_lines(found)
    ]  # fmt: skip
    rows.append((gettext("Total"), "", "", points(found.points), "", yuan(found.amount)))
    name = f"statement-{project.slug}-{found.number}"
    return _sent(name, kind, header, rows, f"statement {found.number}")


@staff.get("/p/<project>/staff/rewards/rates")
@requires(MANAGE)
def rates() -> str:
    """List what partners get for a piece of each item."""
    return _rates()


@staff.post("/p/<project>/staff/rewards/<public_id>/rate")
@requires(MANAGE)
def set_rate(public_id: str) -> Page:
    """Say what a partner gets for a piece of an item."""
    item, project = own_item(public_id), current_project()
    month, worth = request.form.get("month", "")[:7], fen(request.form.get("yuan", ""))
    try:
        if worth is None or months_end(project, month) is None:
            raise RewardError("BAD_RATE")
        acting.set_rate(actor=current_account(), project=project, item=item, month=month, fen=worth)
    except RewardError as error:
        db.session.rollback()
        return _rates(public_id, str(REFUSALS[error.code])), 422
    db.session.commit()
    flash(gettext("Saved. Statements that are drawn up from now on use it."))
    return redirect(url_for("rewards_staff.rates"), 303)


def party_name(statement: Statement) -> str:
    """Return with whom a statement is settled, in the reader's language."""
    if statement.partner is not None:
        return localized(statement.partner.name)
    return str(PARTIES[statement.party])


def _listed(refused: str = "") -> str:
    project, wanted = current_project(), StatementFilter.read(request.args)
    tie = queries.tie(project)
    return render_template(
        "rewards/settlement.html",
        page=queries.statements(project.id, wanted),
        wanted=wanted,
        months=queries.open_months(project, now()),
        tie=tie,
        apart=queries.orders_apart(project) if tie.apart else [],
        parties=PARTIES,
        stages=STAGES,
        name_of=party_name,
        refused=refused,
    )


def _page(found: Statement, form: PaidForm | None = None, refused: str = "") -> str:
    today = business_date(current_project().time_zone)
    return render_template(
        "rewards/statement.html",
        statement=found,
        name=party_name(found),
        page=queries.lines(found),
        own=found.made_by == current_account().id,
        stages=STAGES,
        next_step=NEXT[found.state],
        form=form or PaidForm(formdata=None, data={"paid_on": today}),
        refused=refused,
    )


def _rates(typed_for: str = "", refused: str = "") -> str:
    project = current_project()
    return render_template(
        "rewards/rates.html",
        rows=queries.rates(project),
        month=f"{business_date(project.time_zone):%Y-%m}",
        typed_for=typed_for,
        refused=refused,
    )


def _act(public_id: str, act: Callable[..., None], said: str, form: PaidForm | None = None) -> Page:
    try:
        act(actor=current_account(), statement=_find(public_id))
    except RewardError as error:
        return _refused(public_id, error, form)
    db.session.commit()
    flash(said)
    return redirect(url_for("rewards_staff.statement", public_id=public_id), 303)


def _refused(public_id: str, error: RewardError, form: PaidForm | None = None) -> Page:
    db.session.rollback()
    said = REFUSALS["CHANGED" if error.code == "ILLEGAL_STEP" else error.code]
    return _page(_find(public_id), form, str(said)), 409


def _find(public_id: str) -> Statement:
    found = queries.find_statement(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _sent(name: str, kind: str, header: Any, rows: Any, what: str) -> Response:
    project = current_project()
    record(
        actor=current_account(),
        action="rewards.exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows), "of": what},
    )
    db.session.commit()
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=rows)
