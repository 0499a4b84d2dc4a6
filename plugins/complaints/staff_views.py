"""The staff's pages: the queue by time left, one case with its answers, what the group does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, Forbidden, NotFound
from werkzeug.wrappers import Response

from plugins.complaints import handling, queries
from plugins.complaints.blueprint import staff
from plugins.complaints.errors import CaseError
from plugins.complaints.filters import STAFF_TABS, ListFilter
from plugins.complaints.forms import AnswerForm, ReasonForm, VersionForm, WordsForm
from plugins.complaints.identity import Reader
from plugins.complaints.models import Case
from plugins.complaints.states import HANDLED, LIVE, Level
from plugins.complaints.timing import levels_of
from plugins.complaints.words import REFUSALS
from portal.sdk import (
    business_date,
    current_account,
    current_project,
    db,
    find_members,
    gettext,
    may,
    now,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
VIEW, HANDLE, CENTRE = "complaints.view", "complaints.handle", "complaints.centre"
LEAD = "complaints.lead"
_SOON = timedelta(hours=2)


class StaleError(Conflict):
    """A 409 whose page says why, and where the case stands now."""

    def __init__(self, error: CaseError) -> None:
        super().__init__()
        self.advice = f"{REFUSALS[error.code]} ({error.state}, {error.version})"


def rank() -> Level:
    """Return the highest level that the reader acts for."""
    if may(LEAD):
        return Level.LEADER
    if may(CENTRE):
        return Level.GROUP
    return Level.CITY if may("complaints.city") else Level.PROJECT


@staff.get("/p/<project>/staff/complaints/")
@requires(VIEW)
def index() -> str:
    """List the cases of the project, what is due first at the top."""
    wanted, project = ListFilter.read(request.args, STAFF_TABS), current_project()
    at, reader = now(), Reader(staff=True, rank=rank())
    return render_template(
        "complaints/staff_index.html",
        page=queries.queue(project.id, reader, wanted, current_account().id),
        wanted=wanted,
        categories=queries.categories(project.id),
        figures=queries.figures(project.id, at, at + _SOON),
        reader=reader,
        soon=at + _SOON,
        at=at,
    )


@staff.get("/p/<project>/staff/complaints/<public_id>")
@requires(VIEW)
def show(public_id: str) -> str:
    """Show a case to whoever handles it."""
    return _page(public_id)


@staff.post("/p/<project>/staff/complaints/<public_id>/answer")
@requires(HANDLE)
def answer(public_id: str) -> Page:
    """Answer officially, ask the owner, or propose a solution."""
    case, form = _find(public_id), AnswerForm()
    if not form.validate_on_submit():
        return _page(public_id, form=form), 422

    def act() -> None:
        handling.answer(
            actor=current_account(),
            rank=rank(),
            case_id=case.id,
            project=current_project(),
            step=form.step.data,
            body=form.body.data or "",
            version=form.version.data or 0,
        )

    return _done(public_id, act, gettext("Your answer is there."), form=form)


@staff.post("/p/<project>/staff/complaints/<public_id>/note")
@requires(HANDLE)
def note(public_id: str) -> Page:
    """Note something that owners do not see."""
    case, form = _find(public_id), WordsForm()
    if not form.validate_on_submit():
        return _page(public_id, note_form=form), 422

    def act() -> None:
        handling.note(actor=current_account(), case_id=case.id, body=form.body.data or "")

    return _done(public_id, act, gettext("Noted. Owners do not see it."))


@staff.post("/p/<project>/staff/complaints/<public_id>/assign")
@requires(HANDLE)
def assign(public_id: str) -> Page:
    """Take charge of a case."""
    case, form = _find(public_id), VersionForm()
    if not form.validate_on_submit():
        return _page(public_id), 422

    def act() -> None:
        handling.assign(actor=current_account(), case_id=case.id, version=form.version.data or 0)

    return _done(public_id, act, gettext("The case is yours."))


@staff.post("/p/<project>/staff/complaints/<public_id>/take-over")
@requires(CENTRE)
def take_over(public_id: str) -> Page:
    """Raise a case to the group."""
    case, form = _find(public_id), VersionForm()
    if not form.validate_on_submit():
        return _page(public_id), 422

    def act() -> None:
        handling.take_over(
            actor=current_account(),
            case_id=case.id,
            project=current_project(),
            version=form.version.data or 0,
        )

    return _done(public_id, act, gettext("The group centre has the case now."))


@staff.post("/p/<project>/staff/complaints/<public_id>/overrule")
@requires(CENTRE)
def overrule(public_id: str) -> Page:
    """Close a case as unsatisfied after the owner refused the group's solution."""
    case, form = _find(public_id), ReasonForm()
    if not form.validate_on_submit():
        return _page(public_id, reason_form=form, asked="overrule"), 422

    def act() -> None:
        handling.overrule(
            actor=current_account(),
            case_id=case.id,
            project=current_project(),
            reason=form.body.data or "",
            version=form.version.data or 0,
        )

    return _done(public_id, act, gettext("Closed, owner not satisfied."))


@staff.post("/p/<project>/staff/complaints/<public_id>/unseal")
@requires(CENTRE)
def unseal(public_id: str) -> Page:
    """Look up who complained; the reason is kept, and the owner hears of it."""
    case, form = _find(public_id), ReasonForm()
    if not form.validate_on_submit():
        return _page(public_id, reason_form=form, asked="unseal"), 422

    def act() -> None:
        handling.unseal(
            actor=current_account(),
            case_id=case.id,
            project=current_project(),
            reason=form.body.data or "",
        )

    return _done(public_id, act, gettext("You see who it is now; the owner was told why."))


@staff.post("/p/<project>/staff/complaints/<public_id>/close")
@requires(VIEW)
def close(public_id: str) -> Page:
    """Refuse: nobody but the owner's household closes a case."""
    _find(public_id)
    raise Forbidden


def _done(public_id: str, act: Callable[[], object], said: str, *, form: Any = None) -> Page:
    try:
        act()
    except CaseError as error:
        db.session.rollback()
        if form is not None:
            # What was typed stays; the version is the present one, so that it can be sent again.
            form.version.data = error.version
            form.version.raw_data = None
            return _page(public_id, form=form, refused=error.code), 409
        raise StaleError(error) from error
    db.session.commit()
    flash(said)
    return redirect(url_for("complaints_staff.show", public_id=public_id), 303)


def _page(
    public_id: str,
    *,
    form: AnswerForm | None = None,
    note_form: WordsForm | None = None,
    reason_form: ReasonForm | None = None,
    asked: str = "",
    refused: str = "",
) -> str:
    project, account = current_project(), current_account()
    whole = queries.find_whole(project.id, Reader(staff=True), public_id)
    if whole is None:
        raise NotFound
    case, centre = whole.case, may(CENTRE)
    unsealed = centre and queries.has_unsealed(case, account.id)
    reader = Reader(staff=True, rank=rank(), unsealed=unsealed)
    return render_template(
        "complaints/staff_show.html",
        case=case,
        whole=whole,
        reader=reader,
        person=find_members([case.member_id]).get(case.member_id) if unsealed else None,
        page=queries.posts(case, notes=True),
        promises=whole.promises,
        today=business_date(project.time_zone),
        canned=queries.canned(project.id),
        form=form or AnswerForm(formdata=None),
        note_form=note_form or WordsForm(formdata=None),
        reason_form=reason_form or ReasonForm(formdata=None),
        asked=asked,
        refused=REFUSALS.get(refused),
        handled=case.state in HANDLED and may(HANDLE),
        live=case.state in LIVE,
        ends=centre and case.round > 1 and case.level >= max(levels_of(project)),
        at=now(),
    )


def _find(public_id: str) -> Case:
    found = queries.find(current_project().id, Reader(staff=True), public_id)
    if found is None:
        raise NotFound
    return found
