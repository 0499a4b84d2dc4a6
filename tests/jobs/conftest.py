"""Kinds of jobs that a test brings along."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from portal.jobs import registry
from portal.jobs.registry import Job, JobRun
from portal.jobs.runner import Runner


@pytest.fixture
def kind(app: Flask) -> Iterator[Callable[..., str]]:
    """Register a handler for the time of the test: `kind(handler, every=...)`."""
    before = dict(registry.CORE)

    def add(handler: Callable[[JobRun], None], name: str = "test.act", **options: Any) -> str:
        registry.CORE[name] = Job(name, handler, **options)
        return name

    # The house's own periodic jobs would come between.
    for name, job in before.items():
        if job.every is not None or job.at is not None:
            del registry.CORE[name]
    yield add
    registry.CORE.clear()
    registry.CORE.update(before)


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """Do what is due now, and return how many attempts were made."""

    def run() -> int:
        from portal.extensions import db

        db.session.rollback()
        made = Runner(app).run_once()
        db.session.expire_all()
        return made

    return run
