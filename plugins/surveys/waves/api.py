"""What the staff do with surveys, for programs: the waves, their steps, their results."""

from typing import Any

from marshmallow import fields
from werkzeug.exceptions import Forbidden, NotFound

from plugins.surveys.errors import SurveyError
from plugins.surveys.figures.counting import FIELDS
from plugins.surveys.models import Wave
from plugins.surveys.results.files import as_json
from plugins.surveys.results.reading import results_of
from plugins.surveys.results.staff_views import may_show
from plugins.surveys.states import STEPS, Mode, State, Unit
from plugins.surveys.waves import queries, service
from plugins.surveys.waves.queries import Rate, WaveFilter
from plugins.surveys.words import REFUSALS
from portal.sdk import (
    ApiBlueprint,
    ApiInput,
    ApiOutput,
    ApiProblem,
    api_fields,
    api_page,
    api_page_schema,
    current_account,
    current_project,
    db,
    gettext,
    may,
    now,
    requires,
)

api = ApiBlueprint(
    "surveys_staff_api", __name__, url_prefix="/api/v1/p/<project>/surveys/staff", title="Surveys"
)
RESULTS = "surveys.results"
_MOST = 2**31 - 1
_REFUSED = {
    409: "STALE, ILLEGAL_STEP, OWN_WORK, PROBLEMS and others; `state` and `version` are the wave's."
}
_EARLY = {409: "NOT_CLOSED: two looks while a survey is open would tell a single answer."}


class RateShown(ApiOutput):
    """How many are asked, were invited, were reminded, have answered."""

    asked = api_fields.Whole(0, _MOST)
    invited = api_fields.Whole(0, _MOST)
    reminded = api_fields.Whole(0, _MOST)
    answered = api_fields.Whole(0, _MOST)


class WaveListed(ApiOutput):
    """A wave of a survey; `series`: waves of one compare."""

    id = api_fields.Text(22)
    series = api_fields.Text(40)
    number = api_fields.Whole(1, _MOST)
    title = fields.Dict(keys=fields.String(), values=fields.String())
    state = api_fields.Choice(State)
    version = api_fields.Whole(1, _MOST)
    mode = api_fields.Choice(Mode)
    unit = api_fields.Choice(Unit)
    opens_at = api_fields.Moment(allow_none=True)
    closes_at = api_fields.Moment(allow_none=True)
    rate = fields.Nested(RateShown)


class WaveShown(WaveListed):
    """A wave; `steps`: what the caller may do next; rates by stage and building; the hashes."""

    steps = api_fields.list_of(fields.String())
    points = api_fields.Whole(0, 2**53)
    least_cell = api_fields.Whole(5, _MOST)
    by_stage = fields.Dict(keys=fields.String(), values=fields.Nested(RateShown))
    by_building = fields.Dict(keys=fields.String(), values=fields.Nested(RateShown))
    hashes = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True))


class WantedWaves(ApiInput):
    """What a list is narrowed to."""

    q = api_fields.Text(60)
    state = api_fields.Choice(tuple(State))


class StepWish(ApiInput):
    """A step, and the version of the wave that it is decided on.

    `sure`: true, where nothing can be taken back afterwards: for the step `publish`.
    """

    step = api_fields.Choice(tuple(STEPS), required=True)
    version = api_fields.Whole(1, _MOST, required=True)
    sure = api_fields.Flag()


class WantedResults(ApiInput):
    """By which stratum."""

    by = api_fields.Choice(FIELDS)


class FigureShown(ApiOutput):
    """A figure with its 95 % interval; all null without data, or where a group is too small.

    `base` alone is null where it would tell of few who did not answer.
    """

    value = fields.Float(allow_none=True)
    low = fields.Float(allow_none=True)
    high = fields.Float(allow_none=True)
    base = fields.Float(allow_none=True)


class CountShown(ApiOutput):
    """Codes that are shown together, and who gave one of them; null: hidden.

    `percent`: in whole percent; `count` null beside it: few did not answer.
    """

    codes = api_fields.list_of(fields.Integer())
    percent = api_fields.Whole(0, 100, allow_none=True)
    count = api_fields.Whole(0, _MOST, allow_none=True)


class ItemShown(ApiOutput):
    """An item by its key; `counts` null: too few answered."""

    key = api_fields.Text(70)
    text = fields.Dict(keys=fields.String(), values=fields.String())
    counts = api_fields.list_of(CountShown, allow_none=True)


class StratumShown(ApiOutput):
    """A stratum; `answers` and `satisfied` (percent) null: hidden."""

    name = api_fields.Text(40)
    answers = api_fields.Whole(0, _MOST, allow_none=True)
    satisfied = api_fields.Whole(0, 100, allow_none=True)


class ResultsShown(ApiOutput):
    """The aggregates of a closed wave; nothing of a group below `least_cell`."""

    least_cell = api_fields.Whole(5, _MOST)
    figures = fields.Dict(keys=fields.String(), values=fields.Nested(FigureShown))
    dimensions = fields.Dict(keys=fields.String(), values=fields.Nested(FigureShown))
    items = api_fields.list_of(ItemShown)
    strata = api_fields.list_of(StratumShown)


WavePage = api_page_schema(WaveListed)


@api.call("GET", "/", WavePage, query=WantedWaves, paged=True)
@requires(RESULTS)
def waves(query: dict[str, str]) -> Any:
    """List the waves of the project's surveys with their response rates, the newest first."""
    page = queries.listed(current_project().id, WaveFilter.read(query))
    rates = queries.rates([wave.id for wave, _ in page.items])
    return api_page(page, lambda row: _listed(row[0], row[1], rates.get(row[0].id, Rate())))


@api.call("GET", "/<public_id>", WaveShown)
@requires(RESULTS)
def wave(public_id: str) -> dict[str, Any]:
    """Show a wave: where it stands, what may come next, who has answered by stage and building."""
    return _shown(find_for_program(public_id))


@api.call("POST", "/<public_id>/step", WaveShown, body=StepWish, errors=_REFUSED)
@requires(RESULTS)
def step(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Lead a wave to its next state; each step needs its own right, approving a second person."""
    found = find_for_program(public_id)
    if not may(STEPS[body["step"]].permission):
        raise Forbidden
    sure = body.pop("sure", False)
    if body["step"] == "publish" and found.state == State.SEALED and not sure:
        why = gettext("Nothing of it can be taken back: send “sure”: true to publish.")
        raise ApiProblem(422, errors={"sure": [why]})
    try:
        service.take_step(
            actor=current_account(), project=current_project(), wave=found, at=now(), **body
        )
    except SurveyError as error:
        raise problem(error) from error
    db.session.commit()
    return _shown(found)


@api.call("GET", "/<public_id>/results", ResultsShown, query=WantedResults, errors=_EARLY)
@requires(RESULTS)
def results(public_id: str, query: dict[str, str]) -> dict[str, Any]:
    """Give the aggregates of a closed wave, by stage, building (without a word) or tier."""
    found = find_for_program(public_id)
    if not may_show(found):
        raise problem(SurveyError("NOT_CLOSED", state=found.state, version=found.version))
    return as_json(found, results_of(found, by=query.get("by") or "building"))


def find_for_program(public_id: str) -> Wave:
    """Return a wave of the project of the address, else 404."""
    found = queries.find(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def problem(error: SurveyError) -> ApiProblem:
    """Return the 409 of a refusal, with where the wave stands."""
    db.session.rollback()
    told = {"code": error.code, "state": error.state, "version": error.version}
    detail = str(REFUSALS[error.code])
    return ApiProblem(409, error.code.lower(), detail=detail, extra=told)


def _listed(found: Wave, series: str, rate: Rate) -> dict[str, Any]:
    names = ("number", "state", "version", "mode", "unit", "opens_at", "closes_at")
    told = {name: getattr(found, name) for name in names}
    return told | {
        "id": found.public_id,
        "series": series,
        "title": dict(found.title),
        "rate": rate,
    }


def _shown(found: Wave) -> dict[str, Any]:
    rates = queries.rates_by(found.id)
    hashes = ("instrument_hash", "frame_hash", "weights_hash")
    return _listed(found, queries.series_of(found), sum(rates["stage"].values(), Rate())) | {
        "steps": [
            name
            for name, way in STEPS.items()
            if found.state in way.sources and may(way.permission)
        ],
        "points": found.points,
        "least_cell": found.least_cell,
        "by_stage": rates["stage"],
        "by_building": rates["building"],
        "hashes": {name: getattr(found, name) for name in hashes},
    }
