"""Runners in processes of their own: killed in the middle, asked to end, many at once."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bench import chaos_jobs
from tests.plugin_host.installation import bare

ROOT = Path(__file__).parents[2]
PATIENCE = 60
KINDS = '''
"""A portal with a job that says that it has begun, and waits to be let on."""

import pathlib, sys, time
from portal.cli import main
from portal.extensions import db
from portal.jobs.registry import job

FOLDER = pathlib.Path(sys.argv.pop(1))


@job("test.act")
def act(run):
    effect(run, 0)
    wait(run)


@job("test.long", long=True)
def long(run):
    for number in range(run.done, 4):
        effect(run, number)
        wait(run)
        run.checkpoint(done=number + 1, total=4)


def effect(run, number):
    db.session.execute(db.text("INSERT INTO effect (job, part) VALUES (:job, :part)"),
                       {"job": run.id, "part": number})


def wait(run):
    with (FOLDER / "begun").open("a") as file:
        file.write(f"{run.job.attempts}\\n")
    while not (FOLDER / "go").exists():
        time.sleep(0.02)


main()
'''


class Queue:
    """An installation's queue, seen from outside."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.env, self.folder = env, folder
        (folder / "kinds.py").write_text(KINDS)
        url = env["PORTAL_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1)
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.sql("CREATE TABLE effect (job BIGINT, part INTEGER)")
        self.processes: list[subprocess.Popen[bytes]] = []

    def sql(self, text: str, **values: Any) -> list[Any]:
        with self.engine.begin() as connection:
            result = connection.execute(sa.text(text), values)
            return list(result) if result.returns_rows else []

    def enqueue(self, kind: str) -> None:
        self.sql(
            "INSERT INTO job (public_id, kind, payload, state, due_at, attempts, done, error,"
            " traceback, reference, created_at) VALUES ('the-job', :kind, '{}', 'waiting', :at,"
            " 0, 0, '', '', '', :at)",
            kind=kind,
            at="2026-01-01 00:00:00.000000" if self.sqlite else "2026-01-01T00:00:00Z",
        )

    @property
    def sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        return self.portal("jobs", "run", "--lease", "1", *options)

    def portal(self, *words: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, str(self.folder / "kinds.py"), str(self.folder), *words],
            env=self.env | {"PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.processes.append(process)
        return process

    def begun(self) -> int:
        file = self.folder / "begun"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def let_go(self) -> None:
        (self.folder / "go").touch()

    def job(self) -> Any:
        return self.sql("SELECT * FROM job WHERE public_id = 'the-job'")[0]

    def effects(self) -> list[int]:
        return [row.part for row in self.sql("SELECT part FROM effect ORDER BY part")]


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def environment(database_url: str, tmp_path_factory: Any) -> Iterator[dict[str, str]]:
    """A migrated installation on a database of its own."""
    with bare(database_url, tmp_path_factory.mktemp("installation")) as env:
        yield env


@pytest.fixture
def queue(environment: dict[str, str], tmp_path: Path) -> Iterator[Queue]:
    """The installation's queue, empty."""
    found = Queue(environment, tmp_path)
    try:
        yield found
    finally:
        for process in found.processes:
            process.kill()
            process.communicate()
        found.sql("DELETE FROM job")
        found.sql("DROP TABLE effect")


def test_a_job_whose_runner_is_killed_has_one_effect(queue: Queue) -> None:
    queue.enqueue("test.act")
    first = queue.start()
    until(lambda: queue.begun() == 1)
    first.kill()
    first.wait()
    assert queue.job().state == "running"
    queue.start()
    until(lambda: queue.begun() == 2)
    queue.let_go()
    until(lambda: queue.job().state == "done")
    assert queue.job().attempts == 2
    assert queue.effects() == [0]


def test_long_work_whose_runner_is_killed_goes_on(queue: Queue) -> None:
    queue.let_go()
    queue.enqueue("test.long")
    while queue.job().state != "done":
        runner = queue.start()
        begun = queue.begun()
        until(lambda begun=begun: queue.begun() > begun or queue.job().state == "done")  # type: ignore[misc]
        runner.kill()
        runner.wait()
    assert queue.effects() == [0, 1, 2, 3]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_who_is_asked_to_end_finishes_the_job(queue: Queue, signum: int) -> None:
    queue.enqueue("test.act")
    runner = queue.start()
    until(lambda: queue.begun() == 1)
    runner.send_signal(signum)
    time.sleep(2.5)  # longer than the lease, which must be renewed meanwhile
    assert runner.poll() is None
    queue.let_go()
    assert runner.wait(PATIENCE) == 0
    assert (queue.job().state, queue.job().attempts, queue.effects()) == ("done", 1, [0])


def test_who_is_asked_to_end_hands_long_work_over(queue: Queue) -> None:
    queue.enqueue("test.long")
    runner = queue.start()
    until(lambda: queue.begun() == 1)
    runner.terminate()
    time.sleep(0.5)
    queue.let_go()
    assert runner.wait(PATIENCE) == 0
    job = queue.job()
    assert (job.state, job.done, job.attempts, queue.effects()) == ("waiting", 1, 0, [0])
    assert queue.start("--once").wait(PATIENCE) == 0
    assert (queue.job().state, queue.effects()) == ("done", [0, 1, 2, 3])


def test_a_runner_of_some_kinds_leaves_the_others(queue: Queue) -> None:
    queue.let_go()
    queue.enqueue("test.act")
    assert queue.start("--once", "--kinds", "other.*").wait(PATIENCE) == 0
    assert queue.job().state == "waiting"
    assert queue.start("--once", "--kinds", "test.*").wait(PATIENCE) == 0
    assert queue.job().state == "done"


def test_the_server_does_the_work_itself_unless_told_not_to(queue: Queue) -> None:
    queue.let_go()
    queue.enqueue("test.act")
    idle = queue.portal("run", "--port", "0", "--no-jobs")
    time.sleep(4)
    assert idle.poll() is None
    assert queue.job().state == "waiting"
    server = queue.portal("run", "--port", "0")
    until(lambda: queue.job().state == "done")
    server.terminate()
    assert server.wait(PATIENCE) == 0


def test_nothing_is_lost_or_doubled_under_kills(environment: dict[str, str]) -> None:
    counts = chaos_jobs.chaos(environment, kills=3, seconds=10)
    assert counts.good, counts
    assert counts.received == counts.expected > 50
    assert counts.kills == {"run": 3, "write": 3}
