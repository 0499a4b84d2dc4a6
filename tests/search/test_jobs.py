"""What the index leaves to the night, and to the time after an import."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask

from portal.extensions import db
from portal.roster.jobs import index_import
from portal.roster.undoing import undo_import
from portal.search.jobs import rebuild_nightly
from portal.search.models import SearchDocument
from tests.factories import make_owner, make_project
from tests.roster.helpers import run, sample


class StoppedError(Exception):
    """The runner dies."""


@dataclass
class Run:
    """A job's run that commits at checkpoints and may die at one."""

    payload: Mapping[str, Any] = field(default_factory=dict)
    done: int = 0
    id: int = 1
    project_id: int | None = None
    dies_after: int | None = None

    def checkpoint(self, *, done: int = 0, total: int = 0, payload: Any = None) -> None:
        db.session.commit()
        self.done, self.payload = done, payload or self.payload
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                raise StoppedError


def keys(*kinds: str) -> set[tuple[str, str]]:
    document = SearchDocument
    rows = db.session.execute(
        sa.select(document.kind, document.key).where(document.kind.in_(kinds))
    )
    return {row._tuple() for row in rows}


def test_an_import_is_found_after_its_job_and_gone_after_its_undo(app: Flask) -> None:
    project = make_project()
    job = run(project, sample())
    assert keys("home", "roster_entry") == set()

    index_import(Run({"import": job.id}))
    assert {kind for kind, _ in keys("home", "roster_entry")} == {"home", "roster_entry"}

    undo_import(actor=None, job=job)
    db.session.commit()
    assert keys("home", "roster_entry") == set()


def test_the_night_goes_on_where_a_runner_died(app: Flask) -> None:
    project = make_project()
    for name in ("张三", "李四"):
        make_owner(project, name=name)
    kept = keys("member", "home", "desk", "project")
    db.session.execute(sa.delete(SearchDocument))
    db.session.commit()

    stopped = Run(dies_after=3)
    try:
        rebuild_nightly(stopped)
    except StoppedError:
        db.session.rollback()
    assert keys("member", "home", "desk", "project") != kept
    rebuild_nightly(Run(stopped.payload, stopped.done))
    db.session.commit()
    assert keys("member", "home", "desk", "project") == kept
