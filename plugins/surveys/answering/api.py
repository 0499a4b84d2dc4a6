"""What owners do with surveys, for programs: the pages' rules and refusals."""

from typing import Any

from flask_babel import get_locale
from marshmallow import fields

from plugins.surveys.answering import begun, finding, views
from plugins.surveys.answering.finding import Found
from plugins.surveys.answering.standing import refusal
from plugins.surveys.answering.submitting import AnswersError, submit
from plugins.surveys.answering.words import NOTICES, REFUSED, STATUS
from plugins.surveys.errors import SurveyError
from plugins.surveys.instrument.answers import parse_all
from plugins.surveys.instrument.document import dump, read
from plugins.surveys.instrument.relevance import shown
from plugins.surveys.instrument.sentences import sentence
from plugins.surveys.states import Mode, Unit
from portal.sdk import (
    ApiBlueprint,
    ApiInput,
    ApiOutput,
    ApiProblem,
    api_fields,
    current_member,
    current_project,
    db,
    gettext,
    localized,
    member_only,
    now,
    without_key,
)

api = ApiBlueprint(
    "surveys_api", __name__, url_prefix="/api/v1/p/<project>/surveys", title="Surveys"
)
_ANY = (
    "By the key of the question: an option's key, a list of keys, a number, a table by row, words, "
    "`na`; null: skipped. A table with `value` may add `text` for “other” and `confirmed` for a "
    "number that is asked twice."
)
_REFUSED = {
    409: "ANSWERED, PAUSED, NOT_OPEN or QUOTA_FULL: `code` says which.",
    410: "OVER: the survey is closed.",
    422: "`errors` tells what does not fit, by question; `codes` the same for programs.",
}


class SurveyListed(ApiOutput):
    """A survey that the member, or the household, is asked in."""

    id = api_fields.Text(22)
    title = api_fields.Text()
    mode = api_fields.Choice(Mode)
    unit = api_fields.Choice(Unit)
    refusal = api_fields.Text(20, allow_none=True)
    closes_at = api_fields.Moment(allow_none=True)


class Surveys(ApiOutput):
    """The surveys, the newest first."""

    items = api_fields.list_of(SurveyListed)


class SurveyShown(SurveyListed):
    """A survey with its document; `shown`: the questions that a draft's answers show now."""

    notice = api_fields.Text()
    instrument = fields.Dict()
    answers = fields.Dict()
    shown = api_fields.list_of(fields.String())


class AnswerSent(ApiInput):
    """An answer to everything that is shown."""

    answers = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(allow_none=True),
        required=True,
        metadata={"description": _ANY},
    )


class AnswerTaken(ApiOutput):
    """The answer was taken; `dropped`: questions that were answered and are not shown."""

    dropped = api_fields.list_of(fields.String())


@api.call("GET", "/", Surveys)
@member_only
def surveys() -> dict[str, Any]:
    """List the surveys that the member is asked in, the newest first."""
    return {
        "items": [
            _listed(each) for each in finding.all_mine(current_project().id, current_member())
        ]
    }


@api.call("GET", "/<public_id>", SurveyShown)
@member_only
def survey(public_id: str) -> dict[str, Any]:
    """Show a survey: who can see the answers, its questions, and what was begun."""
    found = views.find(public_id)
    instrument = read(found.wave.instrument)
    answers = dict(found.draft.answers) if found.draft else {}
    visible = shown(instrument, parse_all(instrument, answers)[0])
    title, hint = NOTICES[found.wave.mode]
    return _listed(found) | {
        "notice": f"{title}. {hint}",
        "instrument": dump(instrument),
        "answers": answers,
        "shown": [each.key for each in instrument.questions if each.key in visible],
    }


@api.call("POST", "/<public_id>/answer", AnswerTaken, status=201, body=AnswerSent, errors=_REFUSED)
@member_only
@without_key
def send(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Answer a survey, once; a repetition is refused as ANSWERED, so no key is needed nor kept."""
    found = views.find(public_id)
    try:
        taken = submit(
            found=found,
            member=current_member(),
            project=current_project(),
            given=body["answers"],
            at=now(),
            begun_at=found.begun_at,
            language=str(get_locale()),
            seen=begun.seen(found),
        )
    except AnswersError as error:
        db.session.rollback()
        raise ApiProblem(
            422,
            "invalid",
            detail=gettext("Some answers do not fit."),
            errors={each.path: [sentence(each)] for each in error.problems},
            extra={"codes": {each.path: each.code for each in error.problems}},
        ) from error
    except SurveyError as error:
        db.session.rollback()
        title, hint, _, _ = REFUSED[error.code]
        raise ApiProblem(
            STATUS[error.code],
            error.code.lower(),
            detail=f"{title}. {hint}",
            extra={"code": error.code, "state": error.state},
        ) from error
    db.session.commit()
    return {"dropped": list(taken.dropped)}


def _listed(found: Found) -> dict[str, Any]:
    wave = found.wave
    return {
        "id": wave.public_id,
        "title": localized(wave.title),
        "mode": wave.mode,
        "unit": wave.unit,
        "refusal": refusal(wave, found.asked, now(), found.begun_at) or None,
        "closes_at": wave.closes_at,
    }
