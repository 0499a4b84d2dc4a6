"""The staff's care: what is to do today, one task with its steps, the list as a file."""

from datetime import date, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards.blueprint import staff
from plugins.rewards.care import acting, queries
from plugins.rewards.care.forms import ProofForm
from plugins.rewards.care.queries import CARE, TaskFilter
from plugins.rewards.care.states import TaskState
from plugins.rewards.care.words import OUTCOMES, STATES
from plugins.rewards.errors import RewardError
from plugins.rewards.models import CareTask
from plugins.rewards.showing import yuan
from plugins.rewards.vouchers.using import fen
from plugins.rewards.words import REFUSALS
from portal.sdk import (
    ExportFormat,
    business_date,
    colleagues,
    contact_of,
    current_account,
    current_project,
    db,
    export_file,
    files_of,
    gettext,
    now,
    record,
    requires,
    takes_files,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
_CONFLICTS = {"TASK_ENDED", "TASK_TAKEN", "NO_BUDGET", "NOT_TO_UNDO", "NEXT_PLANNED"}


@staff.get("/p/<project>/staff/rewards/care")
@requires(CARE)
def care() -> str:
    """List what is to do for members: now, overdue, coming, or over."""
    project, wanted, today = current_project(), TaskFilter.read(request.args), _today()
    reader = current_account().id
    page = queries.tasks(project.id, wanted, today, reader)
    return render_template(
        "rewards/care.html",
        page=page,
        rows=queries.rows_of(page.items, today),
        counts=queries.counts(project.id, today, reader),
        wanted=wanted,
        reader=reader,
        today=today,
    )


@staff.post("/p/<project>/staff/rewards/care.<kind>")
@requires(CARE)
def export_care(kind: str) -> Response:
    """Send the list as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project, wanted, today = current_project(), TaskFilter.read(request.form), _today()
    found = queries.all_tasks(project.id, wanted, today, current_account().id)
    rows = [_line(row) for row in queries.rows_of(found, today)]
    record(
        actor=current_account(),
        action="rewards.care_exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows), "view": wanted.view},
    )
    db.session.commit()
    header = (
        gettext("Do it by"), gettext("What to do"), gettext("Member"), gettext("Home"),
        gettext("State"), gettext("Ended on"), gettext("What came of it"), gettext("Who does it"),
        gettext("Yuan at most"), gettext("Yuan spent"), gettext("Note"),
    )  # fmt: skip
    return export_file(
        name=f"care-{project.slug}", kind=ExportFormat(kind), header=header, rows=rows
    )


@staff.get("/p/<project>/staff/rewards/care/<public_id>")
@requires(CARE)
def care_task(public_id: str) -> str:
    """Show a task and what can be done with it; or how it went, and other care for the member."""
    if request.args.get("tab") == "history":
        return _history(public_id)
    return _shown(_find(public_id))


@staff.post("/p/<project>/staff/rewards/care/<public_id>")
@requires(CARE)
@takes_files(acting.PICTURES_MOST)
def act_on_care(public_id: str) -> Page:
    """Take a task, give it on, do it, postpone or skip it, or open it again."""
    _find(public_id)
    form = ProofForm()
    # Reading pictures ends the transaction: the task is looked up after it.
    proven = form.validate_on_submit()
    task = _find(public_id)
    if not proven:
        return _shown(task, proof=form), 422
    try:
        _act(task, request.form.get("act", ""), form)
    except RewardError as error:
        db.session.rollback()
        return _shown(_find(public_id), error, form), 409 if error.code in _CONFLICTS else 422
    db.session.commit()
    flash(gettext("Saved. It stands at “%(state)s” now.", state=str(STATES[task.state][0])))
    if task.state != TaskState.OPEN and request.form.get("act") != "undo":
        return redirect(url_for("rewards_staff.care"), 303)
    return redirect(url_for("rewards_staff.care_task", public_id=public_id), 303)


def _act(task: CareTask, name: str, form: ProofForm) -> None:
    project, typed = current_project(), request.form
    who: dict[str, Any] = {"actor": current_account(), "task": task, "at": now()}
    reason = typed.get("reason", "").strip()[:200]
    if name == "take":
        acting.take(**who, project=project)
    elif name == "give_back":
        acting.assign(**who, colleague=None)
    elif name == "assign":
        here = {each.public_id: each for each in colleagues(CARE, project)}
        if typed.get("colleague", "") not in here:
            raise RewardError("UNKNOWN_COLLEAGUE")
        acting.assign(**who, colleague=here[typed["colleague"]])
    elif name == "do":
        cost = typed.get("spent", "").strip()
        acting.do(
            **who, project=project, outcome=typed.get("outcome", ""),
            spent=_fen(cost) if cost else 0, note=typed.get("note", "").strip()[:500],
            pictures=form.photos.data or [],
        )  # fmt: skip
    elif name == "postpone":
        acting.postpone(**who, project=project, to=_day(typed.get("to", "")), reason=reason)
    elif name == "skip":
        acting.skip(**who, project=project, reason=reason)
    elif name == "undo":
        acting.undo(**who, project=project)
    else:
        raise RewardError("TASK_ENDED", state=task.state)


def _find(public_id: str) -> CareTask:
    found = queries.find_task(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _shown(
    task: CareTask, refused: RewardError | None = None, proof: ProofForm | None = None
) -> str:
    today, open_ = _today(), task.state == TaskState.OPEN
    whom = contact_of(task.member_id)
    shown = [] if open_ else files_of(kind=acting.PROOF, keys=[task.public_id])[task.public_id]
    return render_template(
        "rewards/care_task.html",
        row=queries.row_of(task, whom.member.name if whom else "", today),
        whom=whom,
        photos=shown,
        proof=proof if proof and proof.errors else ProofForm(formdata=None),
        people=colleagues(CARE, current_project()) if open_ else [],
        reader=current_account().id,
        refused=REFUSALS[refused.code] if refused else None,
        asked=request.form.get("act", ""),
        typed=request.form,
        last_day=acting.last_day(task, today),
    )


def _history(public_id: str) -> str:
    project, today = current_project(), _today()
    rows = [queries.row_of(each, "", today) for each in queries.history_of(project.id, public_id)]
    own = next((row for row in rows if row.key == public_id), None)
    if own is None:
        raise NotFound
    return render_template(
        "rewards/care_history.html",
        row=own,
        earlier=rows,
        steps=queries.steps_of(project, public_id),
    )


def _line(row: queries.TaskRow) -> tuple[str | date | datetime, ...]:
    return (
        row.due_on, row.what, row.name, row.home, str(STATES[row.state][0]), row.ended_on or "",
        str(OUTCOMES[row.outcome]) if row.outcome else "", row.assigned, yuan(row.amount),
        yuan(row.spent), row.note,
    )  # fmt: skip


def _today() -> date:
    return business_date(current_project().time_zone)


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise RewardError("BAD_DAY") from None


def _fen(typed: str) -> int:
    found = fen(typed)
    if found is None:
        raise RewardError("BAD_AMOUNT")
    return found
