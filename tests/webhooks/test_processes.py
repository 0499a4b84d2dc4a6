"""Runners that are killed while the other side thinks: nothing is lost."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.plugin_host.installation import bare
from tests.webhooks.receiver import receiving

ROOT = Path(__file__).parents[2]
EVENTS = 12
KILLS = 3
PATIENCE = 150
HAPPEN = """
import sys
from portal import create_app
from portal.extensions import db
from portal.outbox.service import emit
from portal.webhooks.addresses import parse_address
from portal.webhooks.service import register

with create_app().app_context():
    target = parse_address(sys.argv[1], local=True)
    register(actor=None, name="x", target=target, kinds=["member.joined"], project_id=None)
    for number in range(int(sys.argv[2])):
        emit(kind="member.joined", project_id=None, subject=("member", f"m{number}"))
    db.session.commit()
"""


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A migrated installation on a database of its own, for trying things out."""
    with bare(database_url, tmp_path, PORTAL_DEVELOPMENT="1") as env:
        yield env


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_killed_runners_deliveries_are_made_by_another(environment: dict[str, str]) -> None:
    url = environment["PORTAL_DATABASE_URL"]
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = sa.create_engine(url, poolclass=sa.NullPool)

    def delivered() -> list[Any]:
        with engine.begin() as connection:
            wanted = "SELECT public_id FROM webhook_delivery WHERE state = 'delivered'"
            return list(connection.execute(sa.text(wanted)).scalars())

    def start() -> "subprocess.Popen[bytes]":
        words = ["-m", "portal", "jobs", "run", "--lease", "1", "--kinds"]
        both = [*words, "event:webhooks.*", "--kinds", "webhooks.*"]
        return subprocess.Popen(
            [sys.executable, *both],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    with receiving() as receiver:
        happen = [sys.executable, "-c", HAPPEN, receiver.url, str(EVENTS)]
        subprocess.run(happen, env=environment, cwd=ROOT, check=True)
        receiver.mood = "hang"
        for _ in range(KILLS):
            arrived, runner = len(receiver.got), start()
            try:
                until(lambda arrived=arrived: len(receiver.got) > arrived)  # type: ignore[misc]
            finally:
                runner.send_signal(signal.SIGKILL)
                runner.wait()
            assert delivered() == []
        receiver.mood = 200
        runner = start()
        try:
            until(lambda: len(delivered()) == EVENTS)
        finally:
            runner.kill()
            runner.wait()
        subjects = [got.json["subject"]["id"] for got in receiver.got]
        assert set(subjects) == {f"m{number}" for number in range(EVENTS)}
        assert {got.json["id"] for got in receiver.got} == set(delivered())
        # Whom a killed runner told is told again, by the same id; nobody else is.
        assert len(subjects) == EVENTS + KILLS
