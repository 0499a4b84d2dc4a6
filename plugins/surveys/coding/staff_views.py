"""The staff's pages of open answers: how far they are sorted, the code book, sorting, words."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.wrappers import Response

from plugins.surveys.blueprint import staff
from plugins.surveys.coding import queries, service
from plugins.surveys.coding.forms import CodeForm
from plugins.surveys.coding.frequent import frequent
from plugins.surveys.coding.queries import Question
from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Code, Wave
from plugins.surveys.models.coding import DECIDER
from plugins.surveys.states import SEALED
from plugins.surveys.waves.staff_views import RefusedError, find_wave
from portal.sdk import (
    ExportFormat,
    current_account,
    db,
    export_file,
    gettext,
    localized,
    ngettext,
    record,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
CODE, RESULTS = "surveys.code", "surveys.results"
_BASE = "/p/<project>/staff/surveys/<public_id>/texts"


@staff.get(f"{_BASE}/")
@requires(RESULTS)
def texts(public_id: str) -> str:
    """Show each question in words: how far it is sorted, how well two agree, and the table."""
    wave = find_wave(public_id)
    return render_template(
        "surveys/staff_texts.html",
        wave=wave,
        questions=queries.questions(wave),
        sealed=wave.state in SEALED,
        me=current_account().id,
    )


@staff.get(f"{_BASE}/words")
@requires(RESULTS)
def common_words(public_id: str) -> str:
    """Show the words that many open answers share, none of which few have."""
    wave = find_wave(public_id)
    sealed = wave.state in SEALED
    found = queries.read_texts(wave) if sealed else []
    return render_template(
        "surveys/staff_words.html",
        wave=wave,
        sealed=sealed,
        read=len(found),
        cut=len(found) == queries.MOST_READ,
        words_found=frequent(found, wave.least_cell),
    )


@staff.post(f"{_BASE}/<question>/table.<kind>")
@requires(RESULTS)
def take_table(public_id: str, question: str, kind: str) -> Response:
    """Send the table of a question's codes as a file, hidden counts as on the page."""
    wave, found = _found(public_id, question)
    if kind not in set(ExportFormat):
        raise NotFound
    rows = [
        (
            line.code.number if line.code else "",
            localized(line.code.title) if line.code else gettext("No code fits"),
            gettext("hidden") if line.count is None else line.count,
        )
        for line in found.table(wave.least_cell)
    ]
    record(
        actor=current_account(),
        action="surveys.table_taken",
        subject=("surveys_wave", wave.public_id),
        project_id=wave.project_id,
        facts={"format": kind, "question": question, "rows": len(rows)},
    )
    db.session.commit()
    header = (gettext("Number"), gettext("Code"), gettext("Answers"))
    name = f"survey-{public_id}-{question}"
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=rows)


@staff.route(f"{_BASE}/<question>/codes", methods=["GET", "POST"])
@requires(CODE)
def code_book(public_id: str, question: str) -> Page:
    """Show the codes of a question, and add one."""
    wave, found = _found(public_id, question)
    form = CodeForm()
    if not form.validate_on_submit():
        return _book(wave, found, form), 422 if form.errors else 200
    try:
        service.add_code(
            actor=current_account(), wave=wave, question=question, title=form.texts("title")
        )
    except SurveyError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("surveys_staff.code_book", public_id=public_id, question=question), 303)


def _book(wave: Wave, found: Question, form: CodeForm) -> str:
    return render_template("surveys/staff_code_book.html", wave=wave, question=found, form=form)


@staff.post(f"{_BASE}/<question>/codes/<int:number>")
@requires(CODE)
def change_code(public_id: str, question: str, number: int) -> Response:
    """Take a code out of use, or back into it."""
    wave, found = _found(public_id, question)
    code = next((each for each in found.codes if each.number == number), None)
    if code is None:
        raise NotFound
    retired = request.form.get("do") == "retire"
    service.retire_code(actor=current_account(), wave=wave, code=code, retired=retired)
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("surveys_staff.code_book", public_id=public_id, question=question), 303)


@staff.post(f"{_BASE}/<question>/seat")
@requires(CODE)
def take_seat(public_id: str, question: str) -> Response:
    """Take a seat at a question, to sort or to decide."""
    wave, found = _found(public_id, question)
    deciding = request.form.get("do") == "decide"
    try:
        if not found.enough or (deciding and not found.progress.both_done):
            raise SurveyError("SEATS_TAKEN", state=wave.state, version=wave.version)
        service.take_seat(
            actor=current_account(), wave=wave, item=found.item.position, deciding=deciding
        )
    except SurveyError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    return redirect(url_for("surveys_staff.sort", public_id=public_id, question=question), 303)


@staff.route(f"{_BASE}/<question>/sort", methods=["GET", "POST"])
@requires(CODE)
def sort(public_id: str, question: str) -> Page:
    """Show texts one has a seat for, and sort them; nobody else's codes, but to who decides."""
    wave, found = _found(public_id, question)
    seat = found.seat_of(current_account().id)
    readable = (
        wave.state in SEALED and found.enough and (seat < DECIDER or found.progress.both_done)
    )
    if request.method == "GET":
        done = request.args.get("show") == "done"
        page = queries.to_sort(wave, found, seat, done=done) if seat and readable else None
        return render_template(
            "surveys/staff_sort.html", wave=wave, question=found, seat=seat, page=page, done=done
        )
    if not seat or not readable:
        raise Forbidden
    typed = _typed(found.codes)
    try:
        if typed:
            service.sort_texts(
                actor=current_account(), wave=wave, item=found.item, seat=seat, codes=typed
            )
    except SurveyError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    number = len(typed)
    flash(ngettext("%(num)d text sorted.", "%(num)d texts sorted.", number))
    return redirect(url_for("surveys_staff.sort", public_id=public_id, question=question), 303)


def _typed(codes: Sequence[Code]) -> dict[int, int | None]:
    """Return the chosen code of each text; what is left for later is left out."""
    ids = {str(each.number): each.id for each in codes}
    found: dict[int, int | None] = {}
    for name, value in request.form.items():
        prefix, _, ballot = name.partition("-")
        if prefix != "text" or not value:
            continue
        if not (ballot.isascii() and ballot.isdigit() and len(ballot) < 20):
            raise NotFound
        if value != "none" and value not in ids:
            raise NotFound
        found[int(ballot)] = ids.get(value)
    return found


def _found(public_id: str, question: str) -> tuple[Wave, Question]:
    wave = find_wave(public_id)
    for each in queries.questions(wave):
        if each.item.question.key == question:
            return wave, each
    raise NotFound
