"""The kinds of jobs: what does the work, how often it is due, how patient the runner is.

Core's handlers register with `@job(...)` in their feature's `jobs.py`; the plugin host adds those
of plugins to the application.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, Protocol

from flask import Flask, current_app

MAX_ATTEMPTS = 12
"""With the back-off, the last is about three hours after the first."""
SHORTEST_PERIOD = timedelta(seconds=10)
LONGEST_PERIOD = timedelta(days=7)
"""A slot's row is its mark that it ran: it must outlive its slot (see housekeeping.KEPT)."""
_EXTENSION = "portal.job_kinds"


class TryAgainError(Exception):
    """A failure that is to be expected now and then, such as of somebody else's server: the attempt
    has failed as with any error, but the log tells it in one line."""


class JobRun(Protocol):
    """A job that a handler works on now."""

    @property
    def id(self) -> int:
        """The job's id: the same at every attempt."""

    @property
    def payload(self) -> Mapping[str, Any]:
        """What was given to `enqueue`, or to the last checkpoint."""

    @property
    def project_id(self) -> int | None:
        """The project that it is for; None for the club."""

    @property
    def done(self) -> int:
        """How much earlier attempts have committed."""

    @property
    def is_last_attempt(self) -> bool:
        """Whether the job is given up if this attempt fails."""

    def checkpoint(
        self,
        *,
        done: int | None = None,
        total: int | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> None:
        """Commit what was written so far, with the progress, and keep the job for longer."""


Handler = Callable[[JobRun], None]


@dataclass(frozen=True)
class Job:
    """A kind of job, named `<owner>.<verb_noun>`.

    `every`: begins again in each such slot of the clock; `at`: daily at this local time of the
    club, or with `per_project` once for each project at its own. `long`: works for minutes, so
    that one thread is kept free for the others. A handler does not commit: what it writes is
    committed together with "done", or not at all.
    """

    kind: str
    handler: Handler
    every: timedelta | None = None
    at: time | None = None
    per_project: bool = False
    long: bool = False
    max_attempts: int = MAX_ATTEMPTS
    plugin: str | None = None
    wants: Callable[[int | None], bool] | None = None
    """Asked with the project before a slot is filled or an event delivered; None: always."""

    def __post_init__(self) -> None:
        if self.every is not None and self.at is not None:
            raise ValueError(f"the job {self.kind!r} has both `every` and `at`")
        if self.every is not None and not SHORTEST_PERIOD <= self.every <= LONGEST_PERIOD:
            raise ValueError(f"the job {self.kind!r}: `every` lies between 10 seconds and 7 days")
        if self.per_project and self.at is None:
            raise ValueError(f"the job {self.kind!r}: `per_project` goes with `at`")


CORE: dict[str, Job] = {}


def job(
    kind: str,
    *,
    every: timedelta | None = None,
    at: time | None = None,
    per_project: bool = False,
    long: bool = False,
    max_attempts: int = MAX_ATTEMPTS,
) -> Callable[[Handler], Handler]:
    """Register the decorated function as the handler of a kind of core's jobs."""

    def register(handler: Handler) -> Handler:
        add(
            Job(
                kind,
                handler,
                every=every,
                at=at,
                per_project=per_project,
                long=long,
                max_attempts=max_attempts,
            )
        )
        return handler

    return register


def add_to(app: Flask, found: Job) -> None:
    """Add one application's own kind: a plugin's. Raises ValueError when the kind is taken."""
    kinds = app.extensions.setdefault(_EXTENSION, {})
    if found.kind in kinds or found.kind in CORE:
        raise ValueError(f"the job {found.kind!r} has two handlers")
    kinds[found.kind] = found


def add(found: Job) -> None:
    """Add a kind of core's own. Raises ValueError when the kind is taken."""
    if found.kind in CORE:
        raise ValueError(f"the job {found.kind!r} has two handlers")
    CORE[found.kind] = found


def known() -> Mapping[str, Job]:
    """Return every kind that this application can do."""
    return {**CORE, **current_app.extensions.get(_EXTENSION, {})}
