"""PORTAL_TRACE_HOOKS=1: every call of a hook in the log, and for administrators in the answers.

Told are kinds and numbers, never what a plugin returned: that may be personal.
"""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask, g
from werkzeug.wrappers import Response

from portal.config import Settings
from portal.permissions.current import current_rights

MOST_SHOWN = 50
"""Calls in one header: proxies refuse longer ones."""
_log = logging.getLogger("portal.hooks")
_sent: ContextVar[int] = ContextVar("sent", default=0)


@dataclass(frozen=True)
class Call:
    """One call of a hook."""

    plugin: str
    hook: str
    milliseconds: float
    statements: int


def follow(plugin: str, hook: str, project: Any, ask: Callable[[], Any]) -> Any:
    """Return what `ask` answers, and note how long it took and what it sent."""
    before, started, told = _sent.get(), time.perf_counter(), "an exception"
    try:
        answer = ask()
        told = f"fault {answer.fault}" if answer.fault else brief(answer.value)
        return answer
    finally:
        milliseconds = (time.perf_counter() - started) * 1000
        call = Call(plugin, hook, milliseconds, _sent.get() - before)
        g.setdefault("hook_calls", []).append(call)
        _log.info(
            "%s.%s in %s: %.1f ms, %d statements, returned %s",
            plugin,
            hook,
            project.slug if project else "-",
            milliseconds,
            call.statements,
            told,
        )


def brief(value: Any) -> str:
    """Return the kind of a value and how many: `3 NavItem`, `MemberHome(2 todos, 1 cards)`."""
    if value is None:
        return "nothing"
    if isinstance(value, list):
        kinds = sorted({type(one).__name__ for one in value})
        return f"{len(value)} {'/'.join(kinds)}".strip()
    many = {name: len(part) for name, part in vars(value).items() if isinstance(part, tuple)}
    inside = ", ".join(f"{count} {name}" for name, count in many.items())
    return f"{type(value).__name__}({inside})" if inside else type(value).__name__


def configure_trace(app: Flask, settings: Settings) -> None:
    """Follow the hooks of `app`, and tell administrators in development and in the demo."""
    app.extensions["portal.plugins"].follow = follow
    if not sa.event.contains(sa.Engine, "before_cursor_execute", _count):
        sa.event.listen(sa.Engine, "before_cursor_execute", _count)
    if settings.development or settings.demo:
        app.after_request(_tell)


def _count(*_: Any) -> None:
    _sent.set(_sent.get() + 1)


def _tell(response: Response) -> Response:
    calls: list[Call] = g.get("hook_calls", [])
    # Whose rights nobody asked for so far is told nothing: no statement for the header's sake.
    if calls and "rights" in g and "plugins.manage" in current_rights().club:
        response.headers["Server-Timing"] = ", ".join(
            f"{call.plugin}.{call.hook};dur={call.milliseconds:.1f};"
            f'desc="{call.statements} statements"'
            for call in calls[:MOST_SHOWN]
        )
    return response
