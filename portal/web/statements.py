"""How many SQL statements a request sends, how long they take, and which of them are slow."""

import logging
import time
from typing import Any

import sqlalchemy as sa
from flask import current_app, g, has_app_context, has_request_context, request

from portal.config import Settings

SHOWN = 500
"""Characters of a slow statement that are logged; the values are never in it."""
_log = logging.getLogger("portal.slow")


def sent() -> int:
    """Return how many statements the present request has sent."""
    return int(g.get("statements", 0))


def seconds() -> float:
    """Return how long the present request's statements took together."""
    return float(g.get("statement_seconds", 0.0))


@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def _begin(_c: Any, _cursor: Any, _text: str, _values: Any, context: Any, *_many: Any) -> None:
    if context is not None:
        context.portal_began = time.perf_counter()


@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def _end(_c: Any, _cursor: Any, text: str, _values: Any, context: Any, *_many: Any) -> None:
    if context is None or not has_app_context():
        return
    took = time.perf_counter() - context.portal_began
    if has_request_context():
        g.statements = sent() + 1
        g.statement_seconds = seconds() + took
    settings: Settings | None = current_app.extensions.get("portal.settings")
    if settings is not None and 0 < settings.slow_ms <= took * 1000:
        _tell(text, took)


def _tell(text: str, took: float) -> None:
    shown = " ".join(text.split())[:SHOWN]
    _log.warning(
        "slow statement, %d ms: %s",
        round(took * 1000),
        shown,
        extra={
            "milliseconds": round(took * 1000),
            "endpoint": request.endpoint if has_request_context() else None,
        },
    )
