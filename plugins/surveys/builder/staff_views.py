"""The builder: the questions with a preview beside them; each act is guarded by the version."""

import json
from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.surveys.blueprint import staff
from plugins.surveys.builder import editing
from plugins.surveys.builder.conditions import joined, jumps
from plugins.surveys.builder.typed import question_from, screen_from
from plugins.surveys.errors import SurveyError
from plugins.surveys.instrument.conditions import tests_of
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.parsing import PATTERNS
from plugins.surveys.instrument.parts import MAY_NOT_APPLY, WITH_OPTIONS, Kind
from plugins.surveys.instrument.problems import InstrumentError, Problem
from plugins.surveys.instrument.sentences import sentence
from plugins.surveys.models import Wave
from plugins.surveys.states import State
from plugins.surveys.waves import service
from plugins.surveys.waves.forms import whole
from plugins.surveys.waves.staff_views import BUILD, Page, find_wave
from plugins.surveys.words import REFUSALS
from portal.sdk import current_account, db, gettext, requires

__all__ = ["staff"]

LONGEST = 400_000


@staff.get("/p/<project>/staff/surveys/<public_id>/build")
@requires(BUILD)
def build(public_id: str) -> str:
    """Show the questions, the form of the chosen one, and a preview."""
    wave = find_wave(public_id)
    return _page(wave, request.args.get("question", ""))


@staff.post("/p/<project>/staff/surveys/<public_id>/build")
@requires(BUILD)
def edit(public_id: str) -> Page:
    """Add, change, move, copy, take out or put back a question."""
    wave, do = find_wave(public_id), request.form.get("do", "")
    key = request.form.get("question", "")
    done = _done(wave, do, key)
    if done is None:
        raise NotFound
    made, key, values = done
    typed = editing.find(made, key) if do == "save" else None
    dressed = editing.screen(made, request.form.get("screen", "")) if do == "screen" else None
    try:
        read(made)
        service.change(
            actor=current_account(),
            wave=wave,
            version=whole(request.form.get("version")),
            instrument=made,
            **values,
        )
    except InstrumentError as error:
        return _page(wave, key, typed=typed, dressed=dressed, wrong=error.problems), 422
    except SurveyError as error:
        db.session.rollback()
        said = str(REFUSALS[error.code])
        return _page(wave, key, typed=typed, dressed=dressed, said=said), 409
    db.session.commit()
    if do in ("save", "screen"):
        flash(gettext("Saved."))
    place = url_for("surveys_staff.build", public_id=public_id, question=key or None)
    return redirect(place, 303)


def _done(wave: Wave, do: str, key: str) -> tuple[editing.Document, str, dict[str, Any]] | None:
    """Return the document that an act makes, the question to show then, and further columns."""
    old, form = dict(wave.instrument), request.form
    if do == "add" and form.get("type") in set(Kind):
        made, key = editing.add(old, form["type"], same_screen=bool(form.get("same_screen")))
        return made, key, {}
    if do == "undo" and wave.dropped:
        return editing.restore(old, dict(wave.dropped)), "", {"dropped": None}
    found = editing.find(old, key)
    if found is None:
        return None
    others = {each["key"]: each for each in editing.questions_of(old)}
    if do == "screen" and (block := editing.screen(old, form.get("screen", ""))):
        return editing.dress(old, block["key"], screen_from(form, block, others)), key, {}
    if do == "save":
        return editing.replace(old, key, question_from(form, found, others)), key, {}
    if do == "drop":
        made, gone = editing.drop(old, key)
        return made, "", {"dropped": gone}
    return _moved(old, do, key)


def _moved(
    old: editing.Document, do: str, key: str
) -> tuple[editing.Document, str, dict[str, Any]] | None:
    if do in ("up", "down"):
        return editing.move(old, key, down=do == "down"), key, {}
    if do == "split":
        return editing.split(old, key), key, {}
    if do == "copy":
        made, key = editing.copy(old, key)
        return made, key, {}
    return None


@staff.get("/p/<project>/staff/surveys/<public_id>/document.json")
@requires(BUILD)
def document(public_id: str) -> Response:
    """Send the questions as a file for another survey."""
    wave = find_wave(public_id)
    text = json.dumps(wave.instrument, ensure_ascii=False, indent=2)
    answer = Response(text, mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="survey-{wave.number}.json"'
    return answer


@staff.route("/p/<project>/staff/surveys/<public_id>/document", methods=["GET", "POST"])
@requires(BUILD)
def take_document(public_id: str) -> Page:
    """Take questions from a file's text in place of those that are there."""
    wave, text = find_wave(public_id), request.form.get("text", "")
    if request.method == "GET":
        return _import(wave, "", [], wave.version)
    wrong: list[str] = []
    made: Mapping[str, Any] = {}
    try:
        made = json.loads(text) if len(text) <= LONGEST else {}
        read(made)
    except InstrumentError as error:
        wrong = [f"{each.path}: {sentence(each)}" for each in error.problems[:30]]
    except (ValueError, RecursionError):
        wrong = [gettext("This is no JSON: paste the whole file.")]
    if not wrong:
        try:
            service.change(
                actor=current_account(),
                wave=wave,
                version=whole(request.form.get("version")),
                act="imported",
                instrument=made,
                dropped=None,
            )
        except SurveyError as error:
            db.session.rollback()
            return _import(wave, text, [str(REFUSALS[error.code])], wave.version), 409
        db.session.commit()
        flash(gettext("Saved."))
        return redirect(url_for("surveys_staff.build", public_id=public_id), 303)
    return _import(wave, text, wrong, whole(request.form.get("version"))), 422


def _import(wave: Wave, text: str, wrong: list[str], version: int) -> str:
    return render_template(
        "surveys/staff_document.html", wave=wave, text=text, wrong=wrong, version=version
    )


def _page(
    wave: Wave,
    key: str,
    *,
    typed: dict[str, Any] | None = None,
    dressed: dict[str, Any] | None = None,
    wrong: tuple[Problem, ...] = (),
    said: str = "",
) -> str:
    document = dict(wave.instrument)
    questions = editing.questions_of(document)
    chosen = typed or editing.find(document, key)
    shown = chosen or (questions[0] if questions else None)
    screen = next(
        (block for block in document["blocks"] if shown and shown["key"] in
         {each["key"] for each in block["questions"]}),
        None,
    )  # fmt: skip
    place = document["blocks"].index(screen) + 1 if screen else 0
    if dressed:
        screen = dressed
    return render_template(
        "surveys/staff_build.html",
        wave=wave,
        editable=wave.state == State.DRAFT,
        blocks=document["blocks"],
        questions=questions,
        chosen=chosen,
        earlier=_earlier(questions, chosen),
        later=_later(document, chosen),
        screen=screen,
        place=place,
        before=_before(document, place),
        screen_if=joined(screen.get("show_if") if screen else None),
        chosen_if=joined(chosen.get("show_if") if chosen else None),
        chosen_jumps=jumps(chosen),
        typed=typed,
        dressed=dressed,
        wrong=[sentence(each) for each in wrong],
        said=said,
        problems=[(each.path, sentence(each)) for each in service.problems_of(wave)],
        conditions=_conditions(document),
        minutes=max(1, round(len(questions) * 12 / 60)),
        kinds=Kind,
        with_options=WITH_OPTIONS,
        may_not_apply=MAY_NOT_APPLY,
        patterns=sorted(PATTERNS),
    )


def _earlier(questions: list[dict[str, Any]], chosen: dict[str, Any] | None) -> list[Any]:
    keys = [each["key"] for each in questions]
    if chosen is None or chosen["key"] not in keys:
        return []
    before = questions[: keys.index(chosen["key"])]
    return [each for each in before if each["type"] not in (Kind.TEXT, Kind.PHOTO)]


def _before(document: dict[str, Any], place: int) -> list[Any]:
    """Return the questions of earlier screens, on whose answers a screen may hang."""
    earlier = [each for block in document["blocks"][: place - 1] for each in block["questions"]]
    return [each for each in earlier if each["type"] not in (Kind.TEXT, Kind.PHOTO)]


def _later(document: dict[str, Any], chosen: dict[str, Any] | None) -> list[Any]:
    if chosen is None:
        return []
    blocks = document["blocks"]
    here = [
        place
        for place, block in enumerate(blocks)
        if any(each["key"] == chosen["key"] for each in block["questions"])
    ]
    return blocks[here[0] + 1 :] if here else []


def _conditions(document: dict[str, Any]) -> dict[str, list[str]]:
    """Return the keys of the questions that each question's condition looks at."""
    try:
        questions = read(document).questions
    except InstrumentError:
        return {}
    return {
        each.key: list(dict.fromkeys(test.question for test in tests_of(each.show_if)))
        for each in questions
        if each.show_if
    }
