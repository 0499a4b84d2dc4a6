"""Activities that programs write and lead from state to state, by the pages' forms and services."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from werkzeug.exceptions import Forbidden, NotFound

from plugins.events import queries, service
from plugins.events.api_problems import problem
from plugins.events.errors import EventError
from plugins.events.forms import TEXTS, EventForm
from plugins.events.models import Occurrence, Quota
from plugins.events.series import service as series
from plugins.events.showing import to_local
from plugins.events.staff_api import MANAGE, api
from plugins.events.staff_views import IllegalStepError, allowed_steps
from plugins.events.states import EDITABLE, STEPS, QueueRule, State
from plugins.events.words import CATEGORIES, COVERS
from portal.sdk import (
    ApiInput,
    ApiOutput,
    ApiProblem,
    api_fields,
    api_form,
    current_account,
    current_project,
    db,
    may,
    now,
    requires,
)

_MOST = 1_000_000
_TIMES = ("starts_at", "ends_at", "opens_at", "closes_at", "cancel_until")
_MINUTES: dict[str, Any] = {"metadata": {"description": "Full minutes; seconds are left out."}}
_SEATS: dict[str, Any] = {
    "metadata": {"description": "null: without a limit; 0: nobody can register."}
}
_DATES = {"description": "Of a series: the dates that follow, too. More than 30 by a job."}
_REFUSED = {
    409: "`code`: ILLEGAL_STEP with the `state` where it stands; OWN_WORK: somebody else reviews "
    "it; PAST: registration lies in the past; CHANGING: its series is being changed.",
}


class ActivitySent(ApiInput):
    """An activity as staff write it, whole. Points are whole points a person."""

    title = api_fields.texts_of(60, required=True)
    place = api_fields.texts_of(80, required=True)
    about = api_fields.texts_of(4000, required=True)
    notes = api_fields.texts_of(1000)
    category = api_fields.Choice(tuple(CATEGORIES), required=True)
    cover = api_fields.Choice(tuple(COVERS), load_default="sports")
    starts_at = api_fields.Moment(required=True, **_MINUTES)
    ends_at = api_fields.Moment(required=True, **_MINUTES)
    opens_at = api_fields.Moment(required=True, **_MINUTES)
    closes_at = api_fields.Moment(required=True, **_MINUTES)
    cancel_until = api_fields.Moment(required=True, **_MINUTES)
    capacity = api_fields.Whole(0, _MOST, required=True, allow_none=True, **_SEATS)
    queue_rule = api_fields.Choice(QueueRule, load_default=QueueRule.SKIP)
    household_most = api_fields.Whole(1, 20, allow_none=True)
    least_age = api_fields.Whole(0, 120, allow_none=True)
    guests_most = api_fields.Whole(0, 10, load_default=0)
    by_approval = api_fields.Flag(load_default=False)
    price = api_fields.Whole(0, _MOST, load_default=0)
    deposit = api_fields.Whole(0, _MOST, load_default=0)


class ActivityChanged(ActivitySent):
    """An activity as it becomes, whole."""

    following = api_fields.Flag(load_default=False, metadata=_DATES)


class StepWish(ApiInput):
    """A step of its life; `reason`: needed for some, as owners read it."""

    step = api_fields.Choice(tuple(STEPS), required=True)
    reason = api_fields.Text(200)


class ActivityKept(ApiOutput):
    """An activity as staff see it; `steps`: which the caller may take from here."""

    id = api_fields.Text(22)
    state = api_fields.Choice(State)
    steps = api_fields.list_of(api_fields.Choice(tuple(STEPS)))
    title = api_fields.texts_of(60)
    place = api_fields.texts_of(80)
    about = api_fields.texts_of(4000)
    notes = api_fields.texts_of(1000)
    category = api_fields.Choice(tuple(CATEGORIES))
    cover = api_fields.Choice(tuple(COVERS))
    starts_at = api_fields.Moment()
    ends_at = api_fields.Moment()
    opens_at = api_fields.Moment()
    closes_at = api_fields.Moment()
    cancel_until = api_fields.Moment()
    capacity = api_fields.Whole(0, _MOST, allow_none=True, **_SEATS)
    queue_rule = api_fields.Choice(QueueRule)
    household_most = api_fields.Whole(1, 20, allow_none=True)
    least_age = api_fields.Whole(0, 120, allow_none=True)
    guests_most = api_fields.Whole(0, 10)
    by_approval = api_fields.Flag()
    price = api_fields.Whole(0, _MOST)
    deposit = api_fields.Whole(0, _MOST)


@api.call("POST", "/", ActivityKept, status=201, body=ActivitySent)
@requires(MANAGE)
def write(body: dict[str, Any]) -> dict[str, Any]:
    """Write an activity; it is a draft that owners do not see."""
    project = current_project()
    draft = _form(body).draft(project)
    made = service.write(actor=current_account(), project=project, draft=draft)
    db.session.commit()
    return _shown(made.public_id)


@api.call("GET", "/<public_id>", ActivityKept)
@requires(MANAGE)
def activity(public_id: str) -> dict[str, Any]:
    """Show an activity in any state."""
    return _shown(public_id)


@api.call("PUT", "/<public_id>", ActivityKept, body=ActivityChanged, errors=_REFUSED)
@requires(MANAGE)
def rewrite(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change an activity; who is registered hears of another time or place."""
    occurrence, _quotas = _find(public_id)
    following, project = body.pop("following"), current_project()
    act: dict[str, Any] = {"actor": current_account(), "project": project, "at": now()}
    act |= {"occurrence": occurrence, "draft": _form(body).draft(project)}
    try:
        if occurrence.state not in EDITABLE:
            raise EventError("ILLEGAL_STEP", state=occurrence.state)
        if occurrence.series_id is None:
            service.rewrite(**act)
        else:
            series.rewrite(**act, following=following)
    except EventError as error:
        raise _problem(error) from error
    db.session.commit()
    return _shown(public_id)


@api.call("POST", "/<public_id>/step", ActivityKept, body=StepWish, errors=_REFUSED)
@requires(MANAGE)
def take_step(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Hand an activity in, approve, open, close or call it off, ...: to its next state."""
    (occurrence, _quotas), step = _find(public_id), body["step"]
    if step == "approve" and not may("events.review"):
        raise Forbidden
    try:
        service.take_step(
            actor=current_account(),
            project=current_project(),
            occurrence=occurrence,
            step=step,
            at=now(),
            reason=body.get("reason", "").strip(),
        )
    except EventError as error:
        raise _problem(error) from error
    db.session.commit()
    return _shown(public_id)


def _form(body: Mapping[str, Any]) -> EventForm:
    times = {name: _typed(body[name]) for name in _TIMES}
    return api_form(EventForm, {**body, **times})


def _typed(at: datetime) -> str:
    """Return a moment as the form takes it; "" for one beyond the calendar."""
    try:
        return f"{to_local(at, current_project()):%Y-%m-%dT%H:%M}"
    except OverflowError:
        return ""


def _shown(public_id: str) -> dict[str, Any]:
    occurrence, quotas = _find(public_id)
    event, total = occurrence.event, next(each for each in quotas if each.key == "total")
    texts = {name: dict(getattr(event, name)) for name in TEXTS}
    terms = ("queue_rule", "household_most", "least_age", "guests_most", "by_approval")
    return {
        "id": public_id,
        "state": occurrence.state,
        "steps": allowed_steps(occurrence),
        **texts,
        "category": event.category,
        "cover": event.cover,
        **{name: getattr(occurrence, name) for name in (*_TIMES, *terms)},
        "capacity": total.capacity,
        "price": occurrence.price // 1000,
        "deposit": occurrence.deposit // 1000,
    }


def _problem(error: EventError) -> ApiProblem:
    if error.code == "NO_REASON":
        return problem(error)
    said = str(IllegalStepError(error).advice)
    return problem(EventError(error.code, state=error.state, said=said))


def _find(public_id: str) -> tuple[Occurrence, list[Quota]]:
    found = queries.find_with_quotas(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
