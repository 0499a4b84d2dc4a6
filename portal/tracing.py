"""The id that ties a request's log lines, its error page and its faults together."""

import re
import secrets

from flask import g, has_app_context, has_request_context, request

REQUEST_ID_HEADER = "X-Request-ID"
_ACCEPTED = re.compile(r"[A-Za-z0-9-]{8,64}")


def request_id() -> str:
    """Return this request's id: the proxy's when it looks like one, else our own.

    For a job, the reference of its attempt; "-" elsewhere.
    """
    if not has_request_context():
        return str(g.get("request_id", "-")) if has_app_context() else "-"
    if "request_id" not in g:
        given = request.headers.get(REQUEST_ID_HEADER, "")
        g.request_id = given if _ACCEPTED.fullmatch(given) else secrets.token_hex(8)
    found: str = g.request_id
    return found
