"""A member's marks and appeals, for programs: the page's words and refusals."""

from typing import Any

from plugins.events.api import api
from plugins.events.api_problems import REFUSED, problem
from plugins.events.errors import EventError
from plugins.events.ladder import appealing, queries, words
from plugins.events.ladder.models import Appealed, Cause, Mark
from plugins.events.ladder.rules import Step
from plugins.events.ladder.views import LONGEST, own_mark
from portal.sdk import (
    ApiInput,
    ApiOutput,
    api_fields,
    api_page,
    api_page_schema,
    current_member,
    current_project,
    db,
    localized,
    member_only,
    now,
)

__all__ = ["api"]

_MOST = 10**9
_STATES = (*Mark, "ended")


class StandingShown(ApiOutput):
    """What the member's marks mean for the next registration, and the rules in plain words."""

    step = api_fields.Choice(Step)
    marks = api_fields.Whole(0, _MOST)
    meaning = api_fields.Text()
    next_ends_at = api_fields.Moment(allow_none=True)
    version = api_fields.Whole(0, _MOST, metadata={"description": "0: nothing is counted here"})
    rules = api_fields.list_of(api_fields.Text())


class MarkShown(ApiOutput):
    """A mark against the member, and the appeal, if there is one."""

    id = api_fields.Text(22)
    activity = api_fields.Text(22)
    title = api_fields.Text()
    cause = api_fields.Choice(Cause)
    weight = api_fields.Whole(1, _MOST)
    since = api_fields.Day()
    expires_at = api_fields.Moment()
    state = api_fields.Choice(_STATES)
    state_says = api_fields.Text()
    version = api_fields.Whole(1, _MOST)
    appeal = api_fields.Choice(Appealed, allow_none=True)
    appeal_text = api_fields.Text()
    answer = api_fields.Text()


class AppealWish(ApiInput):
    """What the member says against a mark."""

    text = api_fields.Text(LONGEST, required=True)


MarkPage = api_page_schema(MarkShown)


@api.call("GET", "/standing", StandingShown)
@member_only
def my_standing() -> dict[str, Any]:
    """Show what the member's marks mean for the next registration."""
    found = queries.standing_of(current_project().id, current_member().id, now())
    return {
        "step": found.step,
        "marks": found.marks,
        "meaning": words.meaning(found),
        "next_ends_at": found.ends,
        "version": found.version,
        "rules": words.sentences(found.policy) if found.policy else [],
    }


@api.call("GET", "/marks", MarkPage, paged=True)
@member_only
def my_marks() -> Any:
    """List the member's marks, the newest first."""
    return api_page(queries.record_of(current_project().id, current_member().id), _shown)


@api.call("POST", "/marks/<public_id>/appeal", MarkShown, body=AppealWish, errors=REFUSED)
@member_only
def appeal(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Appeal against a mark, once; a second time the first appeal stands."""
    try:
        appealing.appeal(mark=own_mark(public_id), text=body["text"].strip(), at=now())
    except EventError as error:
        raise problem(error) from error
    db.session.commit()
    return _shown(queries.mark(current_project().id, public_id))


def _shown(row: Any) -> dict[str, Any]:
    mark, appeal_, occurrence, version = row
    at = now()
    ended = mark.state == Mark.LIVE and mark.expires_at <= at
    return {
        "id": mark.public_id,
        "activity": occurrence.public_id,
        "title": localized(occurrence.event.title),
        "cause": mark.cause,
        "weight": mark.weight,
        "since": mark.since,
        "expires_at": mark.expires_at,
        "state": "ended" if ended else mark.state,
        "state_says": str(words.mark_state(mark, at)[0]),
        "version": version,
        "appeal": appeal_.state if appeal_ else None,
        "appeal_text": appeal_.text if appeal_ else "",
        "answer": appeal_.answer if appeal_ else "",
    }
