"""What staff do with activities, for programs: who is registered, and the door."""

from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import NotFound

from plugins.events import door, queries, rosters
from plugins.events.api import registration_shown, seats_shown
from plugins.events.api_problems import problem
from plugins.events.api_schemas import DoorWish, SeatShown, StaffPage, WantedRegistrations
from plugins.events.asking.approving import DONE, decide
from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from plugins.events.queries import ListFilter
from plugins.events.showing import plain_ticket
from plugins.events.states import Seat
from portal.sdk import (
    ApiBlueprint,
    ApiInput,
    ApiOutput,
    api_fields,
    api_page,
    current_account,
    current_project,
    db,
    now,
    requires,
)

api = ApiBlueprint(
    "events_staff_api", __name__, url_prefix="/api/v1/p/<project>/events/staff", title="Activities"
)
MANAGE = "events.manage"
_REFUSED = {
    404: "UNKNOWN_TICKET: no ticket of this project.",
    409: "`code` says why the ticket does not open this door now.",
}
_ANSWERING = {
    422: "NO_REASON: who is rejected reads one. NOBODY: no party of this activity is meant."
}


class Answered(ApiOutput):
    """A party that was answered; `code`: why it still waits, or null."""

    id = api_fields.Text(22)
    code = api_fields.Text(30, allow_none=True)
    available = api_fields.Whole(0, 10**9, allow_none=True)


class AnsweredAll(ApiOutput):
    """Every party that was meant."""

    items = api_fields.list_of(Answered)


class Decision(ApiInput):
    """What is answered to whom; `reason`: as who is rejected reads it."""

    act = api_fields.Choice(tuple(DONE), required=True)
    parties = api_fields.list_of(api_fields.Text(22), required=True)
    reason = api_fields.Text(200)


class PartyAtDoor(ApiOutput):
    """A party at the door: how many just changed, and how each person stands."""

    changed = api_fields.Whole(0, 1000)
    persons = api_fields.list_of(SeatShown)


@api.call("GET", "/<public_id>/registrations", StaffPage, query=WantedRegistrations, paged=True)
@requires(MANAGE)
def registrations(public_id: str, query: dict[str, str]) -> Any:
    """List who is registered for an activity, the oldest first."""
    occurrence = _find(public_id)
    page = rosters.page_of_parties(occurrence, ListFilter.read(query, tuple(Seat)))

    def shown(row: Any) -> dict[str, Any]:
        found, name = row
        return {**registration_shown(found, occurrence), "name": name or ""}

    return api_page(page, shown)


@api.call("POST", "/<public_id>/requests", AnsweredAll, body=Decision, errors=_ANSWERING)
@requires(MANAGE)
def answer_requests(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Approve, reject or put on the waiting list who asked for a place: each all or none."""
    try:
        outcome = decide(
            actor=current_account(),
            occurrence_id=_find(public_id).id,
            project=current_project(),
            parties=body["parties"],
            act=body["act"],
            at=now(),
            reason=body.get("reason", "").strip(),
        )
    except EventError as error:
        raise problem(error) from error
    db.session.commit()
    return {
        "items": [
            {
                "id": key,
                "code": error.code if error else None,
                "available": error.available if error else None,
            }
            for key, error in outcome.items()
        ]
    }


@api.call("POST", "/<public_id>/check-in", PartyAtDoor, body=DoorWish, errors=_REFUSED)
@requires(MANAGE)
def check_in(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Let persons of a ticket in."""
    return _at_door(public_id, body, lambda **who: door.check_in(**who, at=now()))


@api.call("POST", "/<public_id>/check-out", PartyAtDoor, body=DoorWish, errors=_REFUSED)
@requires(MANAGE)
def take_back(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Take back that persons of a ticket came in; the trace stays."""
    return _at_door(public_id, body, door.undo)


def _at_door(public_id: str, body: dict[str, Any], act: Callable[..., int]) -> dict[str, Any]:
    occurrence = _find(public_id)
    found = rosters.by_ticket(current_project().id, plain_ticket(body["ticket"]))
    try:
        if found is None:
            raise EventError("UNKNOWN_TICKET")
        changed = act(
            actor=current_account(),
            registration=found.registration,
            occurrence=occurrence,
            seats=body.get("seats", [each.public_id for each in found.seats]),
        )
    except EventError as error:
        raise problem(error) from error
    db.session.commit()
    return {"changed": changed, "persons": seats_shown(found.registration)}


def _find(public_id: str) -> Occurrence:
    found = queries.find(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
