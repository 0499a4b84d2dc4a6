"""Addresses for load balancers: is the process alive, and can it serve?"""

from flask import Flask, jsonify
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from portal.access import public
from portal.database import revisions
from portal.jobs.queries import is_late
from portal.plugin_host.queries import switched_on_somewhere


def configure_health(app: Flask) -> None:
    """Add /healthz and /readyz. Their answers are codes only: anybody may read them."""
    app.add_url_rule("/healthz", "healthz", public(_alive), methods=["GET"])
    app.add_url_rule("/readyz", "readyz", public(_ready), methods=["GET"])


def why_not_ready() -> str | None:
    """Return why requests cannot be served, as a code: database or migrations; None if they can."""
    try:
        # Core first: without its tables nobody can say which plugins are on.
        if revisions.is_current(()) and revisions.is_current(switched_on_somewhere()):
            return None
        return "migrations"
    except SQLAlchemyError:
        return "database"


def _alive() -> Response:
    """Answer without touching the database."""
    return jsonify(status="ok")


def _ready() -> Response:
    """Answer 200 when the database is reachable and not behind, else 503 with the reason."""
    reason = why_not_ready()
    if reason is None and not revisions.is_complete():
        return jsonify(
            status="ok",
            notice="The database is ahead of this program, or does not fit an installed or removed "
            "plugin: portal doctor says which one and what to do.",
        )
    if reason is None and is_late():
        return jsonify(
            status="ok", notice="Background work waits: no `portal jobs run` is at work."
        )
    if reason is None:
        return jsonify(status="ok")
    response = jsonify(status="unavailable", reason=reason)
    response.status_code = 503
    return response
