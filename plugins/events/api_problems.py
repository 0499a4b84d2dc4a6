"""Why an act was refused, for programs: a status, a code, and the figures that go with it."""

from plugins.events.errors import EventError
from plugins.events.pages import refusal_of
from plugins.events.views import CODES
from portal.sdk import ApiProblem, db

_STATUS = {**CODES, "OFFER_OVER": 410, "UNKNOWN_TICKET": 404, "NO_REASON": 422}
REFUSED = {
    403: "NOT_OPEN_FOR_YOU: registration has not begun for this member; `opens_at` says when.",
    409: "Seats, points or a rule are in the way: `code` says which; `available`: seats left.",
    410: "OFFER_OVER: the seats went to the next party.",
}


def problem(error: EventError) -> ApiProblem:
    """Return the answer to a refused act, which is rolled back; `code` is the refusal's own."""
    db.session.rollback()
    told: dict[str, object] = {"code": error.code}
    if error.state:
        told["state"] = error.state
    if error.available is not None:
        told["available"] = error.available
    if error.opens_at is not None:
        told["opens_at"] = error.opens_at.isoformat()
    status = _STATUS.get(error.code, 409)
    errors = {key: [sentence] for key, sentence in error.errors.items()} or None
    return ApiProblem(
        status, error.code.lower(), detail=refusal_of(error), extra=told, errors=errors
    )
