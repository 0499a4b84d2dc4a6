"""Errors as problem details (RFC 9457): what went wrong, in the reader's language."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app, json, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from portal.api.messages import by_field
from portal.i18n import Text, lazy
from portal.tracing import request_id

MEDIA_TYPE = "application/problem+json"
_URN = "urn:portal:problem:"
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")

WORDS: dict[int, tuple[str, Text, Text]] = {
    400: (
        "unreadable",
        lazy("This request could not be read"),
        lazy("Check the address, the headers and the body against the API's document."),
    ),
    401: (
        "token_needed",
        lazy("A valid token is needed"),
        lazy("Send the header Authorization: Bearer with a token that is in force."),
    ),
    403: (
        "not_allowed",
        lazy("The token does not allow this"),
        lazy("The account or the token's scopes lack a right that this needs."),
    ),
    404: (
        "not_found",
        lazy("There is nothing at this address"),
        lazy("The id may be wrong, or the thing belongs to somebody else."),
    ),
    405: (
        "wrong_method",
        lazy("This address does not take that method"),
        lazy("The header Allow names the methods that it takes."),
    ),
    409: (
        "conflict",
        lazy("Something changed in the meantime"),
        lazy("Read the thing again to see how it stands now."),
    ),
    413: (
        "too_large",
        lazy("The request is too large"),
        lazy("Send less. Nothing was changed."),
    ),
    415: (
        "wrong_media_type",
        lazy("The body is of the wrong kind"),
        lazy("Send the media type that the API's document names for this address."),
    ),
    422: (
        "invalid",
        lazy("This could not be accepted"),
        lazy("Put right what “errors” names and send it again. Nothing was changed."),
    ),
    429: (
        "too_many",
        lazy("Too many tries in a short time"),
        lazy("Wait for as many seconds as the header Retry-After says."),
    ),
    500: (
        "fault",
        lazy("Something went wrong on our side"),
        lazy("Nothing was half-saved. Try again; if it stays so, tell us the reference."),
    ),
    503: ("busy", lazy("The service is busy"), lazy("Wait a moment, then try again.")),
}
"""Kind, title and detail by status, where nothing more exact is known."""


class Problem(HTTPException):
    """An answer that says what is wrong. `kind` is the last part of its type; `errors` are
    sentences by field; `extra` are more members of the document."""

    def __init__(
        self,
        status: int,
        kind: str = "",
        *,
        title: Text | None = None,
        detail: Text | None = None,
        errors: Mapping[str, Sequence[Text]] | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.code = status
        self.kind, self.title, self.advice = kind, title, detail
        self.errors, self.extra, self.added_headers = errors, extra, headers


def invalid(**errors: Text) -> Problem:
    """Return the 422 that has a sentence for each of these fields."""
    return Problem(422, errors={field: [sentence] for field, sentence in errors.items()})


def refused(kind: str, sentence: Text, field: str = "body") -> Problem:
    """Return the 422 of an act that is not possible: a kind for programs, a sentence for people."""
    return Problem(422, kind, detail=sentence, errors={field: [sentence]})


def conflict(kind: str, detail: Text, **extra: Any) -> Problem:
    """Return the 409 that says how things stand."""
    return Problem(409, kind, detail=detail, extra=extra)


def answer_of(error: HTTPException) -> Response:
    """Return an HTTP error as a problem document, its headers kept."""
    code = error.code or 500
    kind, title, detail = WORDS.get(code) or WORDS[400 if code < 500 else 500]
    data = getattr(error, "data", None) or {}
    errors = getattr(error, "errors", None) or by_field(data.get("messages"))
    return problem_answer(
        code,
        kind=getattr(error, "kind", "") or kind,
        title=getattr(error, "title", None) or title,
        detail=getattr(error, "advice", None) or detail,
        errors=errors,
        extra=getattr(error, "extra", None),
        headers={
            **{name: value for name, value in error.get_headers() if name in _KEPT_HEADERS},
            **_challenge(code),
            **(getattr(error, "added_headers", None) or {}),
        },
    )


def problem_answer(
    code: int,
    *,
    kind: str = "",
    title: Text | None = None,
    detail: Text | None = None,
    errors: Mapping[str, Sequence[Text]] | None = None,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the problem document with this status."""
    usual = WORDS.get(code) or WORDS[500]
    body: dict[str, Any] = {
        "type": _URN + (kind or usual[0]),
        "title": str(title or usual[1]),
        "status": code,
        "detail": str(detail or usual[2]),
        "instance": request.path,
        "reference": request_id(),
        **(extra or {}),
    }
    if errors:
        body["errors"] = {field: [str(each) for each in all_] for field, all_ in errors.items()}
    response = current_app.response_class(json.dumps(body), code, mimetype=MEDIA_TYPE)
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def _challenge(code: int) -> dict[str, str]:
    return {"WWW-Authenticate": 'Bearer realm="portal"'} if code == 401 else {}
