"""The managers' care: what tiers promise, and the money for it."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards.blueprint import staff
from plugins.rewards.care import budgeting, dates, promising, queries
from plugins.rewards.care.escalating import MANAGE
from plugins.rewards.care.forms import PromiseForm
from plugins.rewards.care.queries import CARE
from plugins.rewards.care.words import KINDS
from plugins.rewards.errors import RewardError
from plugins.rewards.models import CareRule
from plugins.rewards.showing import yuan
from plugins.rewards.vouchers.using import fen
from plugins.rewards.words import REFUSALS
from portal.sdk import (
    ExportFormat,
    business_date,
    colleagues,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    now,
    record,
    requires,
    tiers,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.get("/p/<project>/staff/rewards/care/rules")
@requires(MANAGE)
def care_rules() -> str:
    """List what the tiers promise."""
    project = current_project()
    today = business_date(project.time_zone)
    found = [
        (rule, dates.in_force(terms, today) or terms[-1], terms[0], many)
        for rule, terms, many in queries.rules(project.id)
    ]
    return render_template(
        "rewards/care_rules.html",
        rules=found,
        tiers={each.key: each.name for each in tiers()},
        today=today,
    )


@staff.route("/p/<project>/staff/rewards/care/rules/new", methods=["GET", "POST"])
@requires(MANAGE)
def new_care_rule() -> Page:
    """Promise something to a tier."""
    form, project = _form(), current_project()
    if not form.is_submitted():
        form.since.data = business_date(project.time_zone)
    if not form.validate_on_submit():
        return _editor(form, None), 422 if form.is_submitted() else 200
    try:
        promising.promise(
            actor=current_account(), project=project, tier=form.tier.data, kind=form.kind.data,
            rhythm=form.rhythm.data, title=(form.title.data or "").strip(), terms=form.terms(),
            at=now(),
        )  # fmt: skip
    except RewardError as error:
        db.session.rollback()
        form.form_errors = [str(REFUSALS[error.code])]
        return _editor(form, None), 409
    db.session.commit()
    flash(gettext("Promised. Its tasks are planned by tomorrow morning."))
    return redirect(url_for("rewards_staff.care_rules"), 303)


@staff.route("/p/<project>/staff/rewards/care/rules/<public_id>", methods=["GET", "POST"])
@requires(MANAGE)
def care_rule(public_id: str) -> Page:
    """Let a promise say something else from a day on."""
    rule, form = _rule(public_id), _form()
    form.fix(rule)
    if request.method == "GET":
        form.show(queries.terms_of(rule.id)[0])
    if not form.validate_on_submit():
        return _editor(form, rule), 422 if form.is_submitted() else 200
    version = form.version.data or ""
    try:
        promising.change_promise(
            actor=current_account(),
            rule=rule,
            version=int(version) if version.isdecimal() and len(version) < 9 else 0,
            terms=form.terms(),
            at=now(),
        )
    except RewardError as error:
        db.session.rollback()
        form.form_errors = [str(REFUSALS[error.code])]
        return _editor(form, _rule(public_id)), 409
    db.session.commit()
    flash(gettext("Saved. Tasks that were made stay as they are."))
    return redirect(url_for("rewards_staff.care_rules"), 303)


@staff.post("/p/<project>/staff/rewards/care/rules/<public_id>/end")
@requires(MANAGE)
def end_care_rule(public_id: str) -> Response:
    """Promise it no longer; what is open of it is closed."""
    rule = _rule(public_id)
    if rule.ended_at is None:
        promising.end_promise(
            actor=current_account(), project=current_project(), rule=rule, at=now()
        )
        db.session.commit()
    flash(gettext("Ended. What was open of it is closed."))
    return redirect(url_for("rewards_staff.care_rules"), 303)


@staff.get("/p/<project>/staff/rewards/care/budget")
@requires(MANAGE)
def care_budget() -> str:
    """Show the money of each month and kind: planned, committed, spent."""
    return _budget()


@staff.post("/p/<project>/staff/rewards/care/budget")
@requires(MANAGE)
def set_care_budget() -> Page:
    """Plan the money of a month for a kind, or raise it."""
    form = request.form
    try:
        budgeting.set_budget(
            actor=current_account(),
            project=current_project(),
            month=form.get("month", "").strip(),
            kind=form.get("kind", ""),
            planned=_amount(form.get("planned", "")),
        )
    except RewardError as error:
        db.session.rollback()
        return _budget(error), 409 if error.code == "BELOW_SPENT" else 422
    db.session.commit()
    flash(gettext("The budget is set."))
    return redirect(url_for("rewards_staff.care_budget"), 303)


@staff.post("/p/<project>/staff/rewards/care/budget.<kind>")
@requires(MANAGE)
def export_care_budget(kind: str) -> Response:
    """Send the budgets as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project = current_project()
    rows = [
        (
            each.month, str(KINDS[each.kind][0]), yuan(each.planned), yuan(each.committed),
            yuan(each.spent), yuan(each.planned - each.committed - each.spent),
        )
        for each in queries.all_budgets(project.id)
    ]  # fmt: skip
    record(
        actor=current_account(),
        action="rewards.care_exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows), "what": "budget"},
    )
    db.session.commit()
    header = (
        gettext("Month"), gettext("Kind of care"), gettext("Planned yuan"),
        gettext("Committed yuan"), gettext("Yuan spent"), gettext("Yuan left"),
    )  # fmt: skip
    return export_file(
        name=f"care-budget-{project.slug}", kind=ExportFormat(kind), header=header, rows=rows
    )


def _form() -> PromiseForm:
    return PromiseForm(tiers(), colleagues(CARE, current_project()))


def _rule(public_id: str) -> CareRule:
    found = queries.find_rule(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _editor(form: PromiseForm, rule: CareRule | None) -> str:
    return render_template(
        "rewards/care_rule.html",
        form=form,
        rule=rule,
        said=queries.terms_of(rule.id) if rule else [],
    )


def _budget(refused: RewardError | None = None) -> str:
    project = current_project()
    return render_template(
        "rewards/care_budget.html",
        page=queries.budgets(project.id),
        month=f"{business_date(project.time_zone):%Y-%m}",
        refused=REFUSALS[refused.code] if refused else None,
        typed=request.form,
    )


def _amount(typed: str) -> int:
    found = fen(typed)
    if found is None:
        raise RewardError("BAD_AMOUNT")
    return found
