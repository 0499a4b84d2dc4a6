"""One process: the effect and "done" together, back-off, dead letters, leases, progress."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.extensions import db
from portal.jobs import leasing, service
from portal.jobs.models import JobRow, JobState
from portal.jobs.registry import JobRun
from portal.jobs.run import Run, SkippedError, work
from portal.jobs.runner import Runner
from portal.members.models import Household

Kind = Callable[..., str]
RunJobs = Callable[[], int]


def only_job() -> JobRow:
    """Return the one job of the test, read anew."""
    return db.session.scalars(sa.select(JobRow).execution_options(populate_existing=True)).one()


def households() -> int:
    """Return how often a test's handler had its effect."""
    found = db.session.scalar(sa.select(sa.func.count(Household.id))) or 0
    db.session.rollback()
    return found


def act(run: JobRun) -> None:
    """Have an effect that can be counted."""
    db.session.add(Household())
    db.session.flush()


def enqueue(kind: str, **options: Any) -> None:
    """Ask for a job, and commit."""
    service.enqueue(kind=kind, **options)
    db.session.commit()


def due_now() -> None:
    """Let the job that waits for its next attempt be due."""
    db.session.execute(sa.update(JobRow).values(due_at=clock.now()))
    db.session.commit()


def test_a_job_is_done_once(kind: Kind, run_jobs: RunJobs) -> None:
    seen = []

    def handler(run: JobRun) -> None:
        seen.append((run.payload, run.project_id, run.id))
        act(run)

    enqueue(kind(handler), payload={"member": 7})
    assert run_jobs() == 1
    assert run_jobs() == 0
    job = only_job()
    assert seen == [({"member": 7}, None, job.id)]
    assert (job.state, job.attempts, job.lease_owner) == (JobState.DONE, 1, None)
    assert job.finished_at is not None
    assert households() == 1


def test_what_is_rolled_back_was_never_asked_for(kind: Kind, run_jobs: RunJobs) -> None:
    service.enqueue(kind=kind(act))
    db.session.rollback()
    assert run_jobs() == 0


def test_a_key_is_used_once(kind: Kind, run_jobs: RunJobs) -> None:
    name = kind(act)
    for _ in range(2):
        enqueue(name, key="household:7")
    assert run_jobs() == 1
    enqueue(name, key="household:7")
    assert run_jobs() == 0


def test_a_kind_without_handler_is_refused_at_once(app: Flask) -> None:
    with pytest.raises(ValueError, match=r"nobody\.handles"):
        service.enqueue(kind="nobody.handles")


def test_a_kind_that_this_process_does_not_know_waits(kind: Kind, run_jobs: RunJobs) -> None:
    enqueue(kind(act))
    db.session.execute(sa.update(JobRow).values(kind="of.a_newer_version"))
    db.session.commit()
    assert run_jobs() == 0
    assert only_job().state == JobState.WAITING


def test_a_job_waits_for_its_time(kind: Kind, run_jobs: RunJobs) -> None:
    enqueue(kind(act), run_at=clock.now() + timedelta(minutes=5))
    assert run_jobs() == 0
    due_now()
    assert run_jobs() == 1


@pytest.mark.parametrize("error", [ValueError("no such\nroom"), SystemExit(3)])
def test_a_failure_leaves_nothing_and_is_tried_again(
    kind: Kind, run_jobs: RunJobs, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    errors = [error]

    def handler(run: JobRun) -> None:
        act(run)
        if errors:
            raise errors.pop()

    enqueue(kind(handler))
    before = clock.now()
    assert run_jobs() == 1
    job = only_job()
    assert (job.state, job.attempts) == (JobState.WAITING, 1)
    assert job.due_at - before > timedelta(seconds=7)
    assert type(error).__name__ in job.error
    assert "\n" not in job.error
    assert "in handler" in job.traceback
    assert job.reference
    assert households() == 0
    due_now()
    assert run_jobs() == 1
    assert only_job().state == JobState.DONE
    assert households() == 1


def test_a_broken_statement_does_not_break_the_note(kind: Kind, run_jobs: RunJobs) -> None:
    def handler(run: JobRun) -> None:
        db.session.execute(sa.text("SELECT no_such_column FROM club"))

    enqueue(kind(handler))
    run_jobs()
    assert "no_such_column" in only_job().error


def test_the_last_failure_makes_a_dead_letter_that_can_be_played_again(
    kind: Kind, run_jobs: RunJobs
) -> None:
    healthy: list[bool] = []

    def handler(run: JobRun) -> None:
        if not healthy:
            raise ConnectionError("no route to host")
        act(run)

    enqueue(kind(handler, max_attempts=3))
    for _ in range(3):
        assert run_jobs() == 1
        due_now()
    assert run_jobs() == 0
    job = only_job()
    assert (job.state, job.attempts, job.error) == (
        JobState.FAILED,
        3,
        "ConnectionError: no route to host",
    )
    healthy.append(True)
    service.retry(job=job)
    db.session.commit()
    assert run_jobs() == 1
    assert only_job().state == JobState.DONE
    with pytest.raises(service.JobStateError, match="done"):
        service.retry(job=only_job())


def test_the_waits_grow_to_an_hour_and_differ() -> None:
    for attempts, seconds in ((1, 10), (2, 20), (5, 160), (12, 3600), (100, 3600)):
        waits = {leasing.wait_after(attempts).total_seconds() for _ in range(30)}
        assert len(waits) > 5
        assert 0.75 * seconds <= min(waits) <= max(waits) <= 1.25 * seconds


def test_a_failure_holds_up_no_other(kind: Kind, run_jobs: RunJobs) -> None:
    def broken(run: JobRun) -> None:
        raise RuntimeError

    enqueue(kind(broken, "test.broken"))
    enqueue(kind(act))
    assert run_jobs() == 2
    assert households() == 1


def test_a_handler_cannot_commit(kind: Kind, run_jobs: RunJobs) -> None:
    def handler(run: JobRun) -> None:
        act(run)
        db.session.commit()

    enqueue(kind(handler))
    run_jobs()
    assert "does not commit" in only_job().error
    assert households() == 0


def test_a_handler_may_use_savepoints(kind: Kind, run_jobs: RunJobs) -> None:
    def handler(run: JobRun) -> None:
        with db.session.begin_nested():
            act(run)

    enqueue(kind(handler))
    run_jobs()
    assert (only_job().state, households()) == (JobState.DONE, 1)


def test_a_handler_may_skip(kind: Kind, run_jobs: RunJobs) -> None:
    def handler(run: JobRun) -> None:
        act(run)
        raise SkippedError("off")

    enqueue(kind(handler))
    run_jobs()
    job = only_job()
    assert (job.state, job.error, households()) == (JobState.SKIPPED, "off", 0)


def test_jobs_may_ask_for_jobs(kind: Kind, run_jobs: RunJobs) -> None:
    def handler(run: JobRun) -> None:
        service.enqueue(kind="test.next", key=f"next:{run.id}")

    kind(act, "test.next")
    enqueue(kind(handler))
    assert run_jobs() == 2
    assert households() == 1


# --- leases ----------------------------------------------------------------------------------


def taken(app: Flask, kind: str, *, lease: timedelta = leasing.LEASE) -> Run:
    """Take the due job as a runner does."""
    job = leasing.claim("first", [kind], lease)
    assert job is not None
    return Run(job, "first", lease, lambda: False)


def test_what_is_taken_cannot_be_taken_again(app: Flask, kind: Kind) -> None:
    name = kind(act)
    enqueue(name)
    assert taken(app, name).job.attempts == 1
    assert leasing.claim("second", [name], leasing.LEASE) is None


def test_a_job_left_before_the_clock_was_put_back_is_taken_up(
    app: Flask, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = kind(act)
    enqueue(name)
    taken(app, name, lease=leasing.LONGEST_LEASE)
    truth = clock.now()
    monkeypatch.setattr(clock, "now", lambda: truth - timedelta(minutes=30))
    assert leasing.claim("second", [name], leasing.LEASE) is None
    monkeypatch.setattr(clock, "now", lambda: truth - timedelta(hours=5))
    assert leasing.claim("second", [name], leasing.LEASE) is not None


def test_who_lost_the_lease_leaves_no_effect(app: Flask, kind: Kind) -> None:
    name = kind(act)
    enqueue(name)
    slow = taken(app, name, lease=timedelta(seconds=-1))
    other = leasing.claim("second", [name], leasing.LEASE)
    assert other is not None
    assert (other.id, other.attempts) == (slow.id, 2)

    with app.app_context():
        assert work(slow) is None
    assert households() == 0
    with app.app_context():
        assert work(Run(other, "second", leasing.LEASE, lambda: False)) is JobState.DONE
    assert households() == 1


def test_who_lost_the_lease_stops_at_the_checkpoint(app: Flask, kind: Kind) -> None:
    reached = []

    def handler(run: JobRun) -> None:
        act(run)
        try:
            run.checkpoint(done=1)
        except Exception:  # a handler that swallows everything
            reached.append("swallowed")
        reached.append("went on")

    name = kind(handler)
    enqueue(name)
    slow = taken(app, name, lease=timedelta(seconds=-1))
    assert leasing.claim("second", [name], leasing.LEASE)
    with app.app_context():
        assert work(slow) is None
    assert (reached, households()) == ([], 0)


def test_a_cancelled_job_cannot_finish(app: Flask, kind: Kind) -> None:
    name = kind(act)
    enqueue(name)
    run = taken(app, name)
    service.cancel(job=only_job())
    db.session.commit()
    with app.app_context():
        assert work(run) is None
    assert (only_job().state, households()) == (JobState.CANCELLED, 0)


def test_a_job_that_always_ends_its_process_becomes_a_dead_letter(
    app: Flask, kind: Kind, run_jobs: RunJobs
) -> None:
    name = kind(act, max_attempts=2)
    enqueue(name)
    for _ in range(2):
        taken(app, name, lease=timedelta(seconds=-1))
    assert run_jobs() == 0
    job = only_job()
    assert (job.state, households()) == (JobState.FAILED, 0)
    assert "every time" in job.error


def test_the_lease_of_a_long_attempt_is_renewed(app: Flask, kind: Kind) -> None:
    started, go_on = threading.Event(), threading.Event()

    def handler(run: JobRun) -> None:
        started.set()
        assert go_on.wait(20)
        act(run)

    name = kind(handler)
    enqueue(name)
    runner = Runner(app, lease=timedelta(seconds=0.6))
    runner.start()
    try:
        assert started.wait(20)
        first = only_job().due_at
        db.session.rollback()
        assert not go_on.wait(1.5)
        assert only_job().due_at > first + timedelta(seconds=0.6)
        db.session.rollback()
        assert leasing.claim("thief", [name], leasing.LEASE) is None
    finally:
        go_on.set()
        runner.stop()
        assert runner.join(20)
    assert (only_job().state, households()) == (JobState.DONE, 1)


# --- long work -------------------------------------------------------------------------------


def counting(run: JobRun, *, stop_at: int | None = None) -> None:
    """Count to ten, each number its own chunk, from where the last attempt came to."""
    for number in range(run.done, 10):
        if number == stop_at:
            raise RuntimeError("stopped")
        act(run)
        run.checkpoint(done=number + 1, total=10, payload={"at": number + 1})


def test_long_work_goes_on_where_it_stopped(kind: Kind, run_jobs: RunJobs) -> None:
    stops: list[int | None] = [None, 4, 4]
    enqueue(kind(lambda run: counting(run, stop_at=stops.pop())))
    run_jobs()
    job = only_job()
    assert (job.done, job.total, job.payload) == (4, 10, {"at": 4})
    assert households() == 4
    due_now()
    run_jobs()
    assert only_job().attempts == 2
    due_now()
    run_jobs()
    job = only_job()
    assert (job.state, job.done, households()) == (JobState.DONE, 10, 10)
    assert job.attempts == 1, "what gets on is not given up for its old failures"


def test_a_stop_hands_long_work_over(app: Flask, kind: Kind, run_jobs: RunJobs) -> None:
    runner = Runner(app)

    def handler(run: JobRun) -> None:
        if run.done == 3:
            runner.stop()
        counting(run) if run.done else counting_to_three(run)

    def counting_to_three(run: JobRun) -> None:
        for number in range(3):
            act(run)
            if number == 2:
                runner.stop()
            run.checkpoint(done=number + 1, total=10)

    enqueue(kind(handler))
    runner.run_once()
    job = only_job()
    assert (job.state, job.done, job.attempts, households()) == (JobState.WAITING, 3, 0, 3)
    assert job.due_at <= clock.now()
    db.session.rollback()
    run_jobs()
    assert (only_job().done, households()) == (10, 10)


# --- threads ---------------------------------------------------------------------------------


def test_a_commit_wakes_the_runner_of_its_process(
    app: Flask, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.jobs.runner.POLL_SECONDS", 60)
    done = threading.Event()
    name = kind(lambda run: done.set())
    runner = Runner(app)
    runner.start()
    try:
        for _ in range(3):
            done.clear()
            enqueue(name)
            assert done.wait(20)  # far less than the poll above
    finally:
        runner.stop()
        assert runner.join(20)


def test_a_long_job_holds_up_no_short_one(app: Flask, kind: Kind) -> None:
    started, finish, done = threading.Event(), threading.Event(), threading.Event()

    def long(run: JobRun) -> None:
        started.set()
        assert finish.wait(20)

    kind(long, "test.long", long=True)
    kind(lambda run: done.set())
    for _ in range(2):
        enqueue("test.long")
    runner = Runner(app)
    runner.start()
    try:
        assert started.wait(10)
        enqueue("test.act")
        assert done.wait(10)
    finally:
        finish.set()
        runner.stop()
        assert runner.join(20)


def test_many_runners_do_each_job_once(app: Flask, kind: Kind) -> None:
    done: list[int] = []

    def handler(run: JobRun) -> None:
        done.append(run.id)
        if random.random() < 0.2:
            raise RuntimeError("now and then")
        act(run)

    name = kind(handler)
    for _ in range(30):
        service.enqueue(kind=name)
    db.session.commit()
    runners = [Runner(app) for _ in range(3)]
    for runner in runners:
        runner.start()
    for _ in range(400):
        states = set(db.session.scalars(sa.select(JobRow.state)))
        db.session.rollback()
        if states == {JobState.DONE}:
            break
        due = sa.update(JobRow).where(JobRow.state == JobState.WAITING)
        db.session.execute(due.values(due_at=clock.now()))
        db.session.commit()
        threading.Event().wait(0.05)
    for runner in runners:
        runner.stop()
    assert {runner.join(20) for runner in runners} == {True}
    assert states == {JobState.DONE}
    assert households() == 30


def test_looking_for_work_is_one_statement(app: Flask, kind: Kind, query_count: Any) -> None:
    runner = Runner(app)
    runner.run_once()
    again = Runner(app)
    again.schedule = runner.schedule
    with query_count() as sent:
        again.run_once()
    assert len(sent) == 1, sent.texts
    assert "FOR UPDATE" not in sent.texts[0]
