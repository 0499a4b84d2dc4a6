"""Who hears of what: each subscriber gets a job of its own for every event of its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app

from portal.outbox.kinds import CORE_KINDS

_EXTENSION = "portal.event_subscribers"
_KINDS = "portal.event_kinds"


@dataclass(frozen=True)
class DomainEvent:
    """Something that happened and is committed. `project_id` None: club-wide; `subject`: kind and
    key of what it happened to; `data`: ids and codes."""

    id: int
    kind: str
    project_id: int | None
    subject: tuple[str, str]
    data: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class Subscriber:
    """Who hears of events of `kind` (None: of every kind); `plugin` owns it, None is core."""

    name: str
    kind: str | None
    handler: Callable[[DomainEvent], None]
    plugin: str | None = None


CORE: dict[str, Subscriber] = {}


def subscribe(
    kind: str, *, name: str
) -> Callable[[Callable[[DomainEvent], None]], Callable[[DomainEvent], None]]:
    """Let the decorated function hear of core's events of `kind`, after their commit.

    Runs in a transaction of its own, which is committed with the mark that it was delivered; it
    does not commit. When it raises, it is tried again with back-off, others are not held up.
    """
    if kind not in CORE_KINDS:
        raise ValueError(f"{kind!r} is not in portal.outbox.kinds")

    def register(handler: Callable[[DomainEvent], None]) -> Callable[[DomainEvent], None]:
        if name in CORE:
            raise ValueError(f"there are two subscribers {name!r}")
        CORE[name] = Subscriber(name, kind, handler)
        return handler

    return register


def add_to(app: Flask, subscriber: Subscriber) -> None:
    """Add one application's own subscriber: a plugin's."""
    app.extensions.setdefault(_EXTENSION, {})[subscriber.name] = subscriber


def declare_in(app: Flask, kind: str) -> None:
    """Let a plugin's kind of event be emitted in this application."""
    app.extensions.setdefault(_KINDS, set()).add(kind)


def declared(kind: str) -> bool:
    """Tell whether events of this kind may be emitted."""
    return kind in CORE_KINDS or kind in current_app.extensions.get(_KINDS, ())


def subscribers() -> Mapping[str, Subscriber]:
    """Return every subscriber by its name."""
    return {**CORE, **current_app.extensions.get(_EXTENSION, {})}
