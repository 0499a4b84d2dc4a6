"""The staff's pages of an activity's questions."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import queries
from plugins.events.asking import writing
from plugins.events.asking.forms import QuestionForm
from plugins.events.asking.queries import answered
from plugins.events.asking.questions import Question, questions_of
from plugins.events.asking.words import KINDS, PERS
from plugins.events.blueprint import staff
from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from plugins.events.staff_views import IllegalStepError
from plugins.events.states import EDITABLE
from portal.sdk import current_account, current_project, db, gettext, requires

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.get("/p/<project>/staff/events/<public_id>/questions")
@requires("events.manage")
def questions(public_id: str) -> str:
    """Show what who registers is asked."""
    occurrence = _find(public_id)
    return render_template(
        "events/staff_questions.html",
        occurrence=occurrence,
        questions=questions_of(occurrence.event),
        answered=answered(occurrence.event),
        kinds=KINDS,
        pers=PERS,
        most=writing.MOST,
        editable=occurrence.state in EDITABLE,
    )


@staff.route("/p/<project>/staff/events/<public_id>/questions/new", methods=["GET", "POST"])
@requires("events.manage")
def new_question(public_id: str) -> Page:
    """Write a question."""
    return _edit(_find(public_id), None)


@staff.route("/p/<project>/staff/events/<public_id>/questions/<question>", methods=["GET", "POST"])
@requires("events.manage")
def edit_question(public_id: str, question: str) -> Page:
    """Change a question; one with answers makes place for another."""
    occurrence = _find(public_id)
    return _edit(occurrence, _question(occurrence, question))


@staff.post("/p/<project>/staff/events/<public_id>/questions/<question>/move")
@requires("events.manage")
def move_question(public_id: str, question: str) -> Response:
    """Ask a question earlier, or no more."""
    occurrence = _find(public_id)
    found, actor = _question(occurrence, question), current_account()
    try:
        if request.form.get("act") == "take_out":
            writing.take_out(actor=actor, occurrence=occurrence, key=found.key)
        else:
            writing.move_up(actor=actor, occurrence=occurrence, key=found.key)
    except EventError as error:
        db.session.rollback()
        raise IllegalStepError(error) from error
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("events_staff.questions", public_id=public_id), 303)


def _edit(occurrence: Occurrence, question: Question | None) -> Page:
    form, refused = QuestionForm(), ""
    if request.method == "GET" and question is not None:
        form.show(question)
    if form.validate_on_submit():
        try:
            writing.write_question(
                actor=current_account(),
                occurrence=occurrence,
                draft=form.draft(),
                key=question.key if question else None,
            )
        except EventError as error:
            db.session.rollback()
            if error.code != "TOO_MANY_QUESTIONS":
                raise IllegalStepError(error) from error
            refused = gettext("An activity asks %(most)s questions at most.", most=writing.MOST)
        else:
            db.session.commit()
            flash(gettext("Saved."))
            return redirect(url_for("events_staff.questions", public_id=occurrence.public_id), 303)
    page = render_template(
        "events/staff_question.html",
        occurrence=occurrence,
        question=question,
        form=form,
        refused=refused,
    )
    return page, 409 if refused else 422 if form.errors else 200


def _find(public_id: str) -> Occurrence:
    found = queries.find(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _question(occurrence: Occurrence, key: str) -> Question:
    for each in questions_of(occurrence.event):
        if each.key == key:
            return each
    raise NotFound
