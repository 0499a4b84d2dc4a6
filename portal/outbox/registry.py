"""Who hears of what: each subscriber gets a job of its own for every event of its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app

from portal.jobs import registry as jobs
from portal.jobs.registry import Job, JobRun
from portal.outbox.kinds import CORE_KINDS
from portal.outbox.models import DomainEventRow

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
    wants: Callable[[DomainEvent], bool] | None = None
    """Asked when the event is turned into jobs; None: it wants every one."""


@dataclass(frozen=True)
class EventKind:
    """A kind of event that a plugin emits, `<plugin>.<what_happened>`, and when."""

    kind: str
    about: str


CORE: dict[str, Subscriber] = {}


def subscribe(
    kind: str | None, *, name: str, wants: Callable[[DomainEvent], bool] | None = None
) -> Callable[[Callable[[DomainEvent], None]], Callable[[DomainEvent], None]]:
    """Let the decorated function hear of core's events of `kind`, after their commit; with None of
    every event, plugins' too. `wants` is asked before a job is made of an event.

    Runs in a transaction of its own, which is committed with the mark that it was delivered; it
    does not commit. When it raises, it is tried again with back-off, others are not held up.
    """
    if kind is not None and kind not in CORE_KINDS:
        raise ValueError(f"{kind!r} is not in portal.outbox.kinds")

    def register(handler: Callable[[DomainEvent], None]) -> Callable[[DomainEvent], None]:
        if name in CORE:
            raise ValueError(f"there are two subscribers {name!r}")
        CORE[name] = Subscriber(name, kind, handler, wants=wants)
        jobs.add(_job(CORE[name]))
        return handler

    return register


def add_to(app: Flask, subscriber: Subscriber) -> None:
    """Add one application's own subscriber: a plugin's."""
    app.extensions.setdefault(_EXTENSION, {})[subscriber.name] = subscriber
    jobs.add_to(app, _job(subscriber))


def declare_in(app: Flask, kind: str) -> None:
    """Let a plugin's kind of event be emitted in this application."""
    app.extensions.setdefault(_KINDS, set()).add(kind)


def declared(kind: str) -> bool:
    """Tell whether events of this kind may be emitted."""
    return kind in CORE_KINDS or kind in current_app.extensions.get(_KINDS, ())


def declared_kinds() -> list[str]:
    """Return every kind that may be emitted: core's, then plugins' by name."""
    return [*CORE_KINDS, *sorted(current_app.extensions.get(_KINDS, ()))]


def subscribers() -> Mapping[str, Subscriber]:
    """Return every subscriber by its name."""
    return {**CORE, **current_app.extensions.get(_EXTENSION, {})}


def job_kind(name: str) -> str:
    """Return the kind of the jobs that deliver to a subscriber."""
    return f"event:{name}"


def payload_of(event: DomainEventRow) -> Mapping[str, Any]:
    """Return an event as a job's payload: the event's row may be pruned before the job is done."""
    return {
        "id": event.id,
        "kind": event.kind,
        "subject": [event.subject_kind, event.subject_key],
        "data": dict(event.data),
        "created_at": event.created_at.isoformat(),
    }


def event_of(row: DomainEventRow) -> DomainEvent:
    """Return an event as its subscribers see it."""
    return DomainEvent(
        id=row.id,
        kind=row.kind,
        project_id=row.project_id,
        subject=(row.subject_kind, row.subject_key),
        data=row.data,
        created_at=row.created_at,
    )


def _job(subscriber: Subscriber) -> Job:
    def deliver(run: JobRun) -> None:
        told = run.payload
        subject_kind, subject_key = told["subject"]
        event = DomainEvent(
            id=told["id"],
            kind=told["kind"],
            project_id=run.project_id,
            subject=(subject_kind, subject_key),
            data=told["data"],
            created_at=datetime.fromisoformat(told["created_at"]),
        )
        subscriber.handler(event)

    return Job(job_kind(subscriber.name), deliver, plugin=subscriber.plugin)
