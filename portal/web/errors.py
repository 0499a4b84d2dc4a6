"""Error pages: what happened, what to do, and the number to quote."""

import errno
from dataclasses import dataclass, replace

from flask import Flask, current_app, g, render_template
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from portal.api.problems import answer_of, problem_answer
from portal.api_address import is_api_request
from portal.extensions import db, read_only
from portal.files.s3 import StoreAwayError
from portal.i18n import Text, lazy

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class Words:
    """What an error page says."""

    icon: str
    title: Text
    advice: Text


PAGES: dict[int, Words] = {
    400: Words(
        "alert-circle",
        lazy("This request could not be read"),
        lazy("Go back, load the page again and try once more."),
    ),
    401: Words("lock", lazy("Please sign in first"), lazy("Your sign-in has ended or is missing.")),
    403: Words(
        "shield-lock",
        lazy("You have no access to this page"),
        lazy("If you need it for your work, ask an administrator for the right."),
    ),
    404: Words(
        "home-2",
        lazy("There is nothing at this address"),
        lazy("The link may be old, or the page belongs to somebody else."),
    ),
    405: Words(
        "alert-circle",
        lazy("This page cannot be used that way"),
        lazy("Go back and use the button on the page."),
    ),
    409: Words(
        "refresh",
        lazy("Something changed in the meantime"),
        lazy("Load the page again to see how things stand now."),
    ),
    413: Words(
        "file-spreadsheet",
        lazy("The file is too large"),
        lazy("Choose a smaller file. Nothing else on the page was changed."),
    ),
    422: Words(
        "alert-triangle",
        lazy("This could not be accepted"),
        lazy("Go back and check what you entered. Nothing was changed."),
    ),
    429: Words(
        "hourglass",
        lazy("Too many tries in a short time"),
        lazy("Wait a few minutes, then try again."),
    ),
    500: Words(
        "alert-octagon",
        lazy("Something went wrong on our side"),
        lazy("Nothing was half-saved. Try again; if it stays so, tell us the number below."),
    ),
    503: Words("clock", lazy("The service is busy"), lazy("Wait a moment, then try again.")),
}
NO_STORE = Words(
    "alert-octagon",
    lazy("Files cannot be kept or read just now"),
    lazy("Nothing was changed. Go back, and try again in a while."),
)
EXPIRED_FORM = Words(
    "hourglass",
    lazy("This form has expired"),
    lazy("Go back, load the page again and send it once more."),
)


def configure_errors(app: Flask) -> None:
    """Show every error as a page in the reader's language."""
    app.register_error_handler(CSRFError, _show_expired_form)
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(OperationalError, _show_busy)
    app.register_error_handler(OSError, _show_no_store)
    app.register_error_handler(Exception, _show_crash)


def _show_expired_form(error: CSRFError) -> Response:
    return _page(400, EXPIRED_FORM)


def _show_http_error(error: HTTPException) -> Response:
    if error.response is not None:
        # A key that was found again may have ended a flush: the log still reads the account.
        db.session.rollback()
        return error.get_response()
    if is_api_request():
        db.session.rollback()
        # What failed writes nothing more, its idempotency key included.
        read_only.set(True)
        return answer_of(error)
    code = error.code or 500
    words = PAGES.get(code) or PAGES[400 if code < 500 else 500]
    said = {name: getattr(error, name) for name in ("title", "advice") if hasattr(error, name)}
    words = replace(words, **said)
    response = _page(code, words)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _show_busy(error: OperationalError) -> Response:
    current_app.logger.warning("database busy or away", exc_info=error)
    response = _page(503, PAGES[503])
    response.headers["Retry-After"] = "5"
    return response


def _show_no_store(error: OSError) -> Response:
    """Say it when the disk is full or the bucket away; every other such error is a crash."""
    if not isinstance(error, StoreAwayError) and error.errno not in _FULL:
        return _show_crash(error)
    current_app.logger.error("uploads cannot be kept or read: %s", error)
    response = _page(503, NO_STORE)
    response.headers["Retry-After"] = "60"
    return response


def _show_crash(error: Exception) -> Response:
    if current_app.testing or current_app.debug:
        raise error
    current_app.logger.exception("unhandled error", exc_info=error)
    return _page(500, PAGES[500])


def _page(code: int, words: Words) -> Response:
    db.session.rollback()
    # What failed writes nothing more, and its body may be what could not be read.
    read_only.set(True)
    if is_api_request():
        return problem_answer(code)
    try:
        body = render_template("errors/error.html", code=code, words=words)
    except Exception:
        # The shell itself needs the database, and so does what every template knows of the club and
        # the reader: say it without.
        current_app.logger.exception("error page could not be rendered")
        g.pop("account", None)
        bare = current_app.jinja_env.get_template("errors/bare.html")
        body = bare.render(code=code, words=words)
    return current_app.make_response((body, code))
