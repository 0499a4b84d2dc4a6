"""What is done about a survey ("you said, we did"), for the staff's programs."""

from typing import Any

from werkzeug.exceptions import NotFound

from plugins.surveys.actions import service
from plugins.surveys.actions.forms import LONGEST, ActionForm
from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Action, Wave
from plugins.surveys.publishing.reading import Done, actions_of
from plugins.surveys.waves.api import api, find_for_program, problem
from plugins.surveys.words import DIMENSIONS
from portal.sdk import (
    ApiInput,
    ApiOutput,
    api_fields,
    api_form,
    current_account,
    db,
    now,
    requires,
)

BUILD = "surveys.build"
_REFUSED = {409: "STILL_OPEN: the survey is not closed yet; MANY_ACTIONS."}


class ActionKept(ApiOutput):
    """You said, we did; `done_at` null: planned; `withdrawn`: owners do not see it."""

    id = api_fields.Text(22)
    dimension = api_fields.Text(40)
    said = api_fields.texts_of(LONGEST)
    did = api_fields.texts_of(LONGEST)
    done_at = api_fields.Moment(allow_none=True)
    withdrawn = api_fields.Flag()


class ActionsKept(ApiOutput):
    """All actions of a wave in their order, withdrawn ones too."""

    items = api_fields.list_of(ActionKept)


class ActionSent(ApiInput):
    """What owners said and what is done; the club's first language is needed in both.

    `dimension`: "" is the whole survey.
    """

    dimension = api_fields.Choice(("", *DIMENSIONS))
    said = api_fields.texts_of(LONGEST, required=True)
    did = api_fields.texts_of(LONGEST, required=True)


class ActionMarked(ApiInput):
    """Done or planned again, withdrawn or shown again."""

    done = api_fields.Flag()
    withdrawn = api_fields.Flag()


@api.call("GET", "/<public_id>/actions", ActionsKept)
@requires(BUILD)
def actions(public_id: str) -> dict[str, Any]:
    """List what is done about a survey."""
    return _shown(find_for_program(public_id))


@api.call("POST", "/<public_id>/actions", ActionsKept, status=201, body=ActionSent, errors=_REFUSED)
@requires(BUILD)
def add_action(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Add an action at the end."""
    wave = find_for_program(public_id)
    try:
        service.add(actor=current_account(), wave=wave, **_typed(body))
    except SurveyError as error:
        raise problem(error) from error
    db.session.commit()
    return _shown(wave)


@api.call("PUT", "/<public_id>/actions/<action_id>", ActionsKept, body=ActionSent)
@requires(BUILD)
def rewrite_action(public_id: str, action_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change what an action says."""
    wave = find_for_program(public_id)
    action = _find(wave, action_id)
    service.edit(actor=current_account(), wave=wave, action=action, **_typed(body))
    db.session.commit()
    return _shown(wave)


@api.call("POST", "/<public_id>/actions/<action_id>/mark", ActionsKept, body=ActionMarked)
@requires(BUILD)
def mark_action(public_id: str, action_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Mark an action as done or planned, withdraw it or show it again."""
    wave = find_for_program(public_id)
    action, at = _find(wave, action_id), now()
    mine: dict[str, Any] = {"actor": current_account(), "wave": wave, "action": action}
    if "done" in body:
        service.mark(**mine, done_at=at if body["done"] else None)
    if "withdrawn" in body:
        service.withdraw(**mine, at=at if body["withdrawn"] else None)
    db.session.commit()
    return _shown(wave)


def _find(wave: Wave, action_id: str) -> Action:
    found = service.find(wave, action_id)
    if found is None:
        raise NotFound
    return found


def _typed(body: dict[str, Any]) -> dict[str, Any]:
    form = api_form(ActionForm, {"dimension": "", **body})
    return {
        "dimension": form.dimension.data or "",
        "said": form.texts("said"),
        "did": form.texts("did"),
    }


def _shown(wave: Wave) -> dict[str, Any]:
    return {"items": [_action(each) for each in actions_of(wave, withdrawn=True)]}


def _action(action: Done) -> dict[str, Any]:
    names = ("dimension", "said", "did", "done_at", "withdrawn")
    return {"id": action.public_id} | {name: getattr(action, name) for name in names}
