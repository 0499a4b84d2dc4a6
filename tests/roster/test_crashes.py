"""An import that dies in the middle, runs twice, or meets another one."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.extensions import db
from portal.jobs.models import JobRow, JobState
from portal.jobs.runner import Runner
from portal.jobs.service import retry
from portal.projects.models import Unit
from portal.roster import queries, running, service
from portal.roster.errors import RosterError, RosterStateError
from portal.roster.importing import ask_for_run
from portal.roster.models import ImportState, RosterEntry, RosterImport
from portal.roster.progress import RosterStoppedError
from portal.roster.runner import run_to_end
from portal.roster.running import run_import
from tests.factories import make_project
from tests.roster.helpers import EXPECTED, csv_of, preview, run, sample, start

ROWS = EXPECTED["good"] + EXPECTED["co_owner"]


class DiedError(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit every 100 rows, so that the sample has a middle."""
    defaults = {**(run_import.__kwdefaults__ or {}), "chunk": 100}
    monkeypatch.setattr(run_import, "__kwdefaults__", defaults)


def die_at(monkeypatch: pytest.MonkeyPatch, chunk: int) -> Callable[[], None]:
    """Let writing fail in the nth chunk, half-way through its statements; return the cure."""
    calls = iter(range(1000))
    write = running.add_faults

    def broken(import_id: int, rows: list[dict[str, Any]]) -> None:
        if next(calls) == chunk:
            raise DiedError
        write(import_id, rows)

    monkeypatch.setattr(running, "add_faults", broken)
    return lambda: monkeypatch.setattr(running, "add_faults", write)


def _numbers() -> tuple[int, int]:
    entries = db.session.scalar(sa.select(sa.func.count(RosterEntry.id)))
    units = db.session.scalar(sa.select(sa.func.count(Unit.id)))
    return entries or 0, units or 0


def test_a_crash_keeps_whole_chunks_and_a_resume_finishes(
    app: Flask, monkeypatch: pytest.MonkeyPatch, small_chunks: None
) -> None:
    straight = run(make_project(slug="siji", name="滨江府"), sample())
    whole = queries.all_faults(straight.id)
    entries, units = _numbers()
    job = start(make_project(), sample())
    cure = die_at(monkeypatch, 3)

    with pytest.raises(DiedError):
        run_to_end(job.id)

    service.reload(job)
    assert (job.state, job.failure, job.rows_done) == (ImportState.FAILED, "crashed", 300)
    assert job.counts["rows"] == 300
    assert job.counts["new"] == _numbers()[0] - entries
    cure()
    service.resume_import(actor=None, job=job)
    db.session.commit()
    run_to_end(job.id)
    service.reload(job)
    assert job.state == ImportState.DONE
    assert job.counts == straight.counts
    assert queries.all_faults(job.id) == whole
    assert _numbers() == (2 * entries, 2 * units)


def test_a_process_that_vanished_leaves_a_stale_import(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start(make_project(), sample())
    with pytest.raises(RosterStateError):
        service.resume_import(actor=None, job=job)
    later = clock.now() + service.STALE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert service.may_resume(job)
    service.resume_import(actor=None, job=job)
    db.session.commit()
    run_to_end(job.id)

    service.reload(job)
    assert (job.state, job.counts["new"]) == (ImportState.DONE, ROWS)


def test_two_runs_of_one_import_do_not_write_twice(app: Flask, small_chunks: None) -> None:
    job = start(make_project(), sample())
    project = make_project(slug="siji")
    project = db.session.get_one(type(project), job.project_id)
    first = run_import(actor=None, job=job, project=project, data=sample())
    next(first)
    db.session.commit()
    run_to_end(job.id)  # reads the row's progress: it stands at the first chunk

    with pytest.raises(RosterStoppedError):
        list(first)
    db.session.rollback()

    service.reload(job)
    assert (job.state, job.counts["new"]) == (ImportState.DONE, ROWS)
    assert _numbers()[0] == ROWS


def ask(job: RosterImport) -> None:
    """Ask for the run of a started import, and commit."""
    ask_for_run(job)
    db.session.commit()


def work(app: Flask) -> JobRow:
    """Do what is due of imports; return the newest job."""
    db.session.rollback()
    Runner(app, kinds=("roster.import",)).run_once()
    newest = sa.select(JobRow).where(JobRow.kind == "roster.import").order_by(JobRow.id.desc())
    return db.session.scalars(newest.execution_options(populate_existing=True)).first() or JobRow()


def due_now() -> None:
    db.session.execute(sa.update(JobRow).values(due_at=clock.now()))
    db.session.commit()


def test_the_job_tells_how_far_it_is(app: Flask, small_chunks: None) -> None:
    job = start(make_project(), sample())
    ask(job)
    row = work(app)
    service.reload(job)
    assert (job.state, job.rows_done) == (ImportState.DONE, EXPECTED["rows"])
    assert (row.state, row.done, row.total) == (JobState.DONE, EXPECTED["rows"], job.rows_total)


def test_the_job_goes_on_behind_a_crash(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    small_chunks: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    job = start(make_project(), sample())
    ask(job)
    cure = die_at(monkeypatch, 3)
    row = work(app)
    service.reload(job)
    assert (row.state, row.done, job.state, job.rows_done) == (
        JobState.WAITING,
        300,
        ImportState.RUNNING,
        300,
    )
    cure()
    due_now()
    work(app)
    service.reload(job)
    assert (job.state, job.counts["new"], _numbers()[0]) == (ImportState.DONE, ROWS, ROWS)


def test_a_job_that_crashes_every_time_leaves_the_import_to_staff(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job = start(make_project(), sample())
    ask(job)

    def broken(import_id: int, rows: list[dict[str, Any]]) -> None:
        raise DiedError

    with monkeypatch.context() as patched:
        patched.setattr(running, "add_faults", broken)
        for _ in range(4):
            service.reload(job)
            assert job.state == ImportState.RUNNING
            row = work(app)
            due_now()
    service.reload(job)
    assert (job.state, job.failure, row.state) == (ImportState.FAILED, "crashed", JobState.FAILED)
    retry(job=row)
    db.session.commit()
    row = work(app)
    service.reload(job)
    assert (job.state, job.counts["new"], row.state) == (ImportState.DONE, ROWS, JobState.DONE)


def test_an_import_that_is_done_is_not_run_again(app: Flask) -> None:
    job = start(make_project(), sample())
    ask(job)
    ask(job)
    assert work(app).state == JobState.SKIPPED
    service.reload(job)
    assert (job.state, _numbers()[0]) == (ImportState.DONE, ROWS)


def test_the_job_tells_what_is_wrong_with_the_file(app: Flask) -> None:
    job = start(make_project(), sample())
    job.file.erased_at = clock.now()
    ask(job)
    assert work(app).state == JobState.DONE
    service.reload(job)
    assert (job.state, job.failure) == (ImportState.FAILED, "file_gone")


def test_a_file_that_vanished_is_told(app: Flask) -> None:
    job = start(make_project(), sample())
    job.file.erased_at = clock.now()
    db.session.commit()
    with pytest.raises(RosterError, match="file_gone"):
        run_to_end(job.id)
    service.reload(job)
    assert job.failure == "file_gone"


def _together(app: Flask, acts: list[Callable[[], None]]) -> list[BaseException | None]:
    """Run each act in a thread and application context of its own; return what each raised."""
    barrier = threading.Barrier(len(acts))
    raised: list[BaseException | None] = [None] * len(acts)

    def call(place: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                acts[place]()
            except BaseException as error:
                raised[place] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=call, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def test_two_imports_begun_at_the_same_time(app: Flask) -> None:
    project = make_project()
    ids = [preview(project, csv_of(f"{i}栋,1,1,林晓芸,19900000001,业主,,,")).id for i in (1, 2)]
    db.session.commit()

    def begin(import_id: int) -> None:
        job = db.session.get_one(RosterImport, import_id)
        service.start_import(actor=None, job=job)
        db.session.commit()

    raised = _together(app, [lambda i=i: begin(i) for i in ids])  # type: ignore[misc]

    refused = [error for error in raised if error is not None]
    assert [getattr(error, "code", repr(error)) for error in refused] == ["busy"]
    states = db.session.scalars(
        sa.select(RosterImport.state).execution_options(populate_existing=True)
    )
    assert sorted(states) == ["preview", "running"]


def test_two_projects_import_at_the_same_time(app: Flask, small_chunks: None) -> None:
    jobs = [start(make_project(slug=slug, name="滨江府"), sample()) for slug in ("one", "two")]
    db.session.commit()

    raised = _together(app, [lambda i=job.id: run_to_end(i) for job in jobs])  # type: ignore[misc]

    assert raised == [None, None]
    for job in jobs:
        service.reload(job)
        assert (job.state, job.counts["new"]) == (ImportState.DONE, ROWS)
