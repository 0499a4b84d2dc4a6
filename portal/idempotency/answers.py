"""The JSON API's way with keys: a header brings the key, the first answer is kept whole."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask import current_app, request
from werkzeug.exceptions import Conflict, UnprocessableEntity
from werkzeug.wrappers import Response

from portal import clock
from portal.crypto import lookup_hash
from portal.i18n import lazy

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_FIRST_FAULT = 500
_FIRST_ERROR = 400
_ANSWER_WITHIN = timedelta(seconds=10)
"""After its commit an act has its answer in no time, or its process was killed in between."""

View = TypeVar("View", bound=Callable[..., Any])


class RunningError(Conflict):
    """The key's first use has not ended yet."""

    kind = "still_running"
    title = lazy("This is being done")
    advice = lazy("The same key's first use is still running. Ask again in a moment.")


class ReusedError(UnprocessableEntity):
    """The key was used for something else."""

    kind = "key_reused"
    title = lazy("This key was used for something else")
    advice = lazy("Take a new Idempotency-Key for each act. Nothing was changed.")


class ShownOnceError(Conflict):
    """The act was done; what it answered held a secret, which is told once."""

    kind = "shown_once"
    title = lazy("This was done before")
    advice = lazy("This was done before. Its answer held a secret, which is shown once.")


class AnswerLostError(Conflict):
    """The act was done; the process was killed before its answer was kept."""

    kind = "answer_lost"
    title = lazy("This was done before")
    advice = lazy(
        "This was done, but its answer was lost when the server was interrupted. Read the thing "
        "again to see how it stands; do not send this once more."
    )


def without_key(view: View) -> View:
    """Declare that a view takes no key: it is sent secrets, whose digest must not be kept."""
    view.takes_key = False  # type: ignore[attr-defined]
    return view


def secret_answer(view: View) -> View:
    """Declare that a view's answer holds a secret: a key does not keep it for a repetition."""
    view.secret_answer = True  # type: ignore[attr-defined]
    return view


def takes_key(view: object) -> bool:
    """Tell whether a view takes a key."""
    return getattr(view, "takes_key", True)


def key_of_header() -> str:
    """Return the key that a call of the API brings; empty without one."""
    if request.method not in _WRITING or not takes_key(_view()):
        return ""
    return request.headers.get(HEADER, "")


def body_digest() -> bytes:
    """Return a keyed digest of method, address and everything that was sent."""
    if request.mimetype == "multipart/form-data":
        fields = sorted((name, values) for name, values in request.form.lists())
        files = []
        for name, file in request.files.items(multi=True):
            files.append(
                (name, file.filename or "", hashlib.sha256(file.stream.read()).hexdigest())
            )
            file.stream.seek(0)
        sent: object = [fields, sorted(files)]
    else:
        sent = hashlib.sha256(request.get_data(cache=True)).hexdigest()
    told = [request.method, request.full_path, sent]
    # Keyed, since a phone could be guessed from a plain digest.
    return lookup_hash("idempotency", json.dumps(told, ensure_ascii=True))


def first_answer(status: int | None, answer: str | None, begun: datetime) -> Response:
    """Return the answer that the key's first use, which began then, got; who sees its row knows
    that it was committed. Raises RunningError, AnswerLostError, ShownOnceError."""
    if status is None:
        raise AnswerLostError if clock.now() - begun > _ANSWER_WITHIN else RunningError
    if answer is None:
        raise ShownOnceError
    kind = "application/problem+json" if status >= _FIRST_ERROR else "application/json"
    response = current_app.response_class(answer, status, mimetype=kind)
    response.headers[REPLAYED] = "true"
    return response


def to_keep(response: Response) -> dict[str, Any] | None:
    """Return what a key keeps of an answer; None for a fault of ours, which is no answer."""
    if response.status_code >= _FIRST_FAULT:
        return None
    secret = getattr(_view(), "secret_answer", False)
    answer = None if secret else response.get_data(as_text=True)
    return {"status": response.status_code, "answer": answer}


def _view() -> object:
    return current_app.view_functions.get(request.endpoint or "")
