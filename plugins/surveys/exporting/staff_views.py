"""The pages of who reads single answers: sealed waves, and the files of each."""

from collections.abc import Callable, Mapping

from flask import current_app, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.surveys.blueprint import staff
from plugins.surveys.errors import SurveyError
from plugins.surveys.exporting import coded, rows, spss
from plugins.surveys.exporting.rows import Cell
from plugins.surveys.models import Wave
from plugins.surveys.states import SEALED
from plugins.surveys.waves import queries
from plugins.surveys.waves.staff_views import RefusedError, find_wave
from portal.sdk import (
    ExportFormat,
    buildings_of,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    localized,
    record,
    requires,
    tiers,
)

__all__ = ["staff"]

RAW = "surveys.raw"


@staff.get("/p/<project>/staff/surveys/answers/")
@requires(RAW)
def sealed() -> str:
    """List the sealed waves, the newest first."""
    page = queries.listed(current_project().id, queries.WaveFilter(), SEALED)
    return render_template("surveys/staff_sealed.html", page=page)


@staff.get("/p/<project>/staff/surveys/<public_id>/answers")
@requires(RAW)
def answers(public_id: str) -> str:
    """Offer the answers of a wave as files, once it is sealed."""
    found, project = find_wave(public_id), current_project()
    return render_template(
        "surveys/staff_answers.html",
        wave=found,
        sealed=found.state in SEALED,
        spss=spss.available(),
        buildings={each.name: each.name for each in buildings_of(project)},
        tiers={each.key: localized(each.name) for each in tiers()},
    )


@staff.post("/p/<project>/staff/surveys/<public_id>/answers.<kind>")
@requires(RAW)
def take_answers(public_id: str, kind: str) -> Response:
    """Send the answers of a group; of fewer than k the same few words, however many there are."""
    found, cell = _sealed_wave(public_id), Cell.read(request.form)
    if kind not in FILES:
        raise NotFound
    if kind == "sav" and not spss.available():
        raise RefusedError(SurveyError("NO_SPSS", state=found.state, version=found.version))
    number = rows.count(found, cell)
    if number < found.least_cell:
        _record(found, kind, cell)
        few = gettext("Fewer than %(num)s answers: nothing is given out.", num=found.least_cell)
        return Response(few + "\n", mimetype="text/plain")
    _record(found, kind, cell, rows=number)
    return FILES[kind](found, cell)


def _words(kind: ExportFormat) -> Callable[[Wave, Cell], Response]:
    return lambda wave, cell: export_file(
        name=f"survey-{wave.public_id}",
        kind=kind,
        header=rows.header(wave),
        rows=rows.answers(wave, cell),
    )


def _codes(kind: ExportFormat) -> Callable[[Wave, Cell], Response]:
    return lambda wave, cell: export_file(
        name=f"survey-{wave.public_id}-codes",
        kind=kind,
        header=coded.header(wave),
        rows=coded.answers(wave, cell),
    )


def _json(wave: Wave, cell: Cell) -> Response:
    said = {"items": rows.codes(wave), "answers": list(coded.tables(wave, cell))}
    return _as_json(said, f"survey-{wave.public_id}-answers")


def _sav(wave: Wave, cell: Cell) -> Response:
    answer = Response(spss.sav(wave, cell), mimetype="application/x-spss-sav")
    return _named(answer, f"survey-{wave.public_id}.sav")


FILES: Mapping[str, Callable[[Wave, Cell], Response]] = {
    **{kind.value: _words(kind) for kind in ExportFormat},
    **{f"codes.{kind}": _codes(kind) for kind in ExportFormat},
    "json": _json,
    "sav": _sav,
}
"""The ending of an address -> the file."""


@staff.post("/p/<project>/staff/surveys/<public_id>/questions.json")
@requires(RAW)
def take_questions(public_id: str) -> Response:
    """Send the questions of a sealed wave, what each position means, and the three hashes."""
    found = _sealed_wave(public_id)
    _record(found, "json", Cell())
    hashes = ("instrument_hash", "frame_hash", "weights_hash")
    said = {
        "instrument": found.instrument,
        "weights": found.weights,
        "items": rows.codes(found),
        **{name: getattr(found, name) for name in hashes},
    }
    return _as_json(said, f"survey-{public_id}")


def _as_json(said: Mapping[str, object], name: str) -> Response:
    text = current_app.json.dumps(said, ensure_ascii=False, indent=1)
    return _named(Response(text + "\n", mimetype="application/json"), f"{name}.json")


def _named(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _sealed_wave(public_id: str) -> Wave:
    found = find_wave(public_id)
    if found.state not in SEALED:
        raise RefusedError(SurveyError("NOT_SEALED", state=found.state, version=found.version))
    return found


def _record(wave: Wave, kind: str, cell: Cell, **facts: object) -> None:
    record(
        actor=current_account(),
        action="surveys.answers_taken",
        subject=("surveys_wave", wave.public_id),
        project_id=wave.project_id,
        facts={"format": kind, "filtered_by": sorted(cell.args()), **facts},
    )
    db.session.commit()
