"""The staff's and the leaders' page of a closed wave's results, its cross tables, its files."""

from collections.abc import Iterable
from typing import Any

from flask import current_app, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.surveys.blueprint import staff
from plugins.surveys.errors import SurveyError
from plugins.surveys.figures.counting import FIELDS
from plugins.surveys.models import Wave
from plugins.surveys.publishing.reading import actions_of
from plugins.surveys.results import crossing, files
from plugins.surveys.results.reading import results_of
from plugins.surveys.states import DONE
from plugins.surveys.waves import queries
from plugins.surveys.waves.staff_views import RefusedError, find_wave
from plugins.surveys.words import DIMENSIONS
from portal.sdk import (
    ExportFormat,
    current_account,
    db,
    export_file,
    gettext,
    record,
    requires,
)

__all__ = ["staff"]

RESULTS = "surveys.results"
_KINDS = ("json", *(kind.value for kind in ExportFormat))


@staff.get("/p/<project>/staff/surveys/<public_id>/results")
@requires(RESULTS)
def results(public_id: str) -> str:
    """Show aggregates once nobody answers any more: two looks in the field tell one answer."""
    wave, by = find_wave(public_id), _by()
    found = results_of(wave, by=by) if may_show(wave) else None
    rate = found.rate if found else queries.rates([wave.id]).get(wave.id, queries.Rate())
    names = (
        [(DIMENSIONS.get(key, key), figure) for key, figure in found.dimensions.items()]
        if found
        else []
    )
    return render_template(
        "surveys/staff_results.html",
        wave=wave,
        found=found,
        by=by,
        rate=rate,
        names=names,
        actions=actions_of(wave) if found else [],
    )


@staff.post("/p/<project>/staff/surveys/<public_id>/results.<kind>")
@requires(RESULTS)
def take_results(public_id: str, kind: str) -> Response:
    """Send the figures as the page shows them; of fewer than k answers the same few words."""
    wave, by = _closed(public_id, kind), _by()
    found = results_of(wave, by=by)
    name = f"survey-{public_id}-results"
    if found.answered < wave.least_cell:
        return _few(wave, kind)
    _record(wave, kind, by=by)
    if kind == "json":
        return _json(files.as_json(wave, found), name)
    return _table(name, kind, files.header(), files.lines(wave, found, by))


@staff.get("/p/<project>/staff/surveys/<public_id>/cross")
@requires(RESULTS)
def cross(public_id: str) -> str:
    """Show two questions, or where somebody lives and a question, as one table."""
    wave = find_wave(public_id)
    known = crossing.offered(wave) if may_show(wave) else None
    row, column = _sides(known) if known else ("", "")
    found = crossing.crossed(wave, known, row=row, column=column) if known and column else None
    return render_template(
        "surveys/staff_cross.html",
        wave=wave,
        known=known,
        found=found,
        row=row,
        column=column,
        files=files,
    )


@staff.post("/p/<project>/staff/surveys/<public_id>/cross.<kind>")
@requires(RESULTS)
def take_cross(public_id: str, kind: str) -> Response:
    """Send a cross table as the page shows it; of fewer than k answers the same few words."""
    wave = _closed(public_id, kind)
    known = crossing.offered(wave)
    row, column = _sides(known)
    if known.few or not column:
        return _few(wave, kind)
    found = crossing.crossed(wave, known, row=row, column=column)
    _record(wave, kind, row=row, column=column)
    name = f"survey-{public_id}-cross"
    if kind == "json":
        return _json(files.crossed_json(wave, found, row), name)
    header = files.crossed_header(found, row)
    return _table(name, kind, header, files.crossed_lines(wave, found, row))


def may_show(wave: Wave) -> bool:
    """Return whether results may be shown: nobody answers any more, and small strata are nameless.

    A shuffle takes names of small strata away: a look before it would tell them.
    """
    return wave.state in DONE and (wave.named or wave.shuffled_at is not None)


def _by() -> str:
    by = request.args.get("by", "")
    return by if by in FIELDS else FIELDS[0]


def _sides(known: crossing.Offered) -> tuple[str, str]:
    """Return the row and the column that are asked for; what is not offered becomes the first."""
    keys = list(known.items)
    row, column = request.args.get("row", ""), request.args.get("column", "")
    column = column if column in keys else next(iter(keys), "")
    row = row if row in FIELDS or (row in keys and row != column) else FIELDS[0]
    return row, column


def _closed(public_id: str, kind: str) -> Wave:
    wave = find_wave(public_id)
    if kind not in _KINDS:
        raise NotFound
    if not may_show(wave):
        raise RefusedError(SurveyError("NOT_CLOSED", state=wave.state, version=wave.version))
    return wave


def _few(wave: Wave, kind: str) -> Response:
    _record(wave, kind)
    few = gettext("Fewer than %(num)s answers: nothing is given out.", num=wave.least_cell)
    return Response(few + "\n", mimetype="text/plain")


def _table(name: str, kind: str, header: list[str], rows: Iterable[list[object]]) -> Response:
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=rows)


def _json(said: dict[str, Any], name: str) -> Response:
    text = current_app.json.dumps(said, ensure_ascii=False, indent=1)
    answer = Response(text + "\n", mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return answer


def _record(wave: Wave, kind: str, **facts: object) -> None:
    record(
        actor=current_account(),
        action="surveys.results_taken",
        subject=("surveys_wave", wave.public_id),
        project_id=wave.project_id,
        facts={"format": kind, **facts},
    )
    db.session.commit()
