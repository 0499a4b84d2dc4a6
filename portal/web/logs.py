"""One log line a request, with an id that error pages show and that a proxy may give."""

import logging
import time
from urllib.parse import quote

from flask import Flask, g, request
from pythonjsonlogger.json import JsonFormatter
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from portal.config import Settings
from portal.masking import masked
from portal.plugin_host.addresses import TOKEN_PREFIX
from portal.tracing import REQUEST_ID_HEADER, request_id

SECRET_ARGUMENTS = frozenset({"token", "code"})
"""Parts of an address that let their holder in."""
PATH_LENGTH = 200
_FIELDS = "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s"
_log = logging.getLogger("portal.request")


class RequestIdFilter(logging.Filter):
    """Give every record the id of the request that it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add `request_id`; "-" outside a request."""
        record.request_id = request_id()
        return True


class MaskingHandler(logging.StreamHandler):
    """Writes records without what tells who somebody is, whatever an error's message holds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, its numbers and addresses of people covered."""
        return masked(super().format(record))


def configure_logs(app: Flask, settings: Settings) -> None:
    """Send the portal's records to standard error as text or JSON, one per line."""
    handler = MaskingHandler()
    handler.addFilter(RequestIdFilter())
    handler.setFormatter(
        JsonFormatter(_FIELDS) if settings.log_format == "json" else logging.Formatter(_FIELDS)
    )
    logger = logging.getLogger("portal")
    logger.handlers = [handler]
    logger.setLevel(settings.log_level)
    logger.propagate = settings.testing

    @app.before_request
    def start_clock() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def log_request(response: Response) -> Response:
        response.headers[REQUEST_ID_HEADER] = request_id()
        if request.endpoint not in ("static", "healthz"):
            _log.info(
                "%s %s %d",
                request.method,
                _shown_path(),
                response.status_code,
                extra={
                    "endpoint": request.endpoint,
                    "milliseconds": round((time.perf_counter() - g.get("started", 0)) * 1000),
                    "account": _account(),
                },
            )
        return response


def _account() -> str | None:
    """Return who sent the request; what a rollback made the session forget may be gone for good."""
    account = g.get("account")
    try:
        return account.public_id if account else None
    except SQLAlchemyError:
        return None


def _shown_path() -> str:
    """Return the path as logs may keep it: in ASCII, a token in it hidden.

    Of an address that no route knows only the beginning is told: it may be a link gone wrong.
    """
    path = request.path
    if request.endpoint is None:
        first, _, rest = path.lstrip("/").partition("/")
        path = f"/{first}/***" if rest else f"/{first}"
    elif path.startswith(TOKEN_PREFIX):
        # The gate took the token out of the view's arguments: it is the third part.
        parts = path.split("/")
        path = "/".join([*parts[:3], "***", *parts[4:]])
    for name, value in (request.view_args or {}).items():
        if name in SECRET_ARGUMENTS:
            path = path.replace(str(value), "***")
    return quote(path[:PATH_LENGTH], safe="/*")
