"""What breaks while people work: nothing that was answered is lost, nothing is doubled.

All faults in one short run, then each by itself for longer and with kills: `make test-faults`.
"""

import contextlib
import os
import resource
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench import chaos_web
from bench.chaos_counting import Table
from tests import services
from tests.forks import start_code
from tests.plugin_host.installation import ROOT, Installation, bare

JUMP = 900
"""Seconds that the clock jumps ahead: longer than any lease, shorter than a sign-in."""
BACK = 5
"""Seconds that it then goes back: a job that was under way waits for as long."""
LEFT_OF_DISK = 100_000
"""Bytes that fit into a file when the disk is full: a line of the log, but no photo."""
EXPAND = """
from portal import create_app
from portal.database.exclusive import exclusive
from portal.extensions import db

with create_app().app_context(), db.engine.connect() as connection, exclusive(connection):
    for statement in (
        "ALTER TABLE member ADD COLUMN {name} text",
        "CREATE INDEX ix_member_{name} ON member ({name})",
        "UPDATE member SET {name} = 'x'",
        "DROP INDEX ix_member_{name}",
        "ALTER TABLE member DROP COLUMN {name}",
    ):
        connection.exec_driver_sql(statement.format(name="faults"))
        connection.commit()
"""
Act = Callable[[Sequence[chaos_web.Process]], object]


@dataclass
class World:
    """An installation with servers of its own, which may be broken; `happened`: how often each."""

    env: dict[str, str]
    folder: Path
    postgresql: services.Server
    redis: services.Server
    happened: Counter[str] = field(default_factory=Counter)

    def restart_postgresql(self, _web: Sequence[chaos_web.Process]) -> None:
        """End PostgreSQL as a crash does, and start it."""
        ended = self.postgresql.process
        assert ended is not None
        self.postgresql.stop(signal.SIGQUIT)
        assert ended.poll() is not None
        self.postgresql.start()
        self.happened["restart_postgresql"] += 1

    def stop_redis(self, _web: Sequence[chaos_web.Process]) -> None:
        """End Redis for good."""
        self.redis.stop()
        self.happened["stop_redis"] += 1

    def jump_forth(self, _web: Sequence[chaos_web.Process]) -> None:
        """Set the clock of all processes so far ahead that every lease has ended."""
        (self.folder / "clock").write_text(str(JUMP))
        self.happened["jump_forth"] += 1

    def jump_back(self, _web: Sequence[chaos_web.Process]) -> None:
        """Set it back, so that what was written lies in the future."""
        (self.folder / "clock").write_text(str(JUMP - BACK))
        self.happened["jump_back"] += 1

    def fill_disk(self, web: Sequence[chaos_web.Process]) -> None:
        """Let the workers of one server write no large file any more."""
        self._limit(web, LEFT_OF_DISK)
        self.happened["fill_disk"] += 1

    def free_disk(self, web: Sequence[chaos_web.Process]) -> None:
        """Let them write again."""
        self._limit(web, resource.RLIM_INFINITY)
        self.happened["free_disk"] += 1

    def migrate(self, _web: Sequence[chaos_web.Process]) -> None:
        """Change a table that everybody writes, as a migration does."""
        running = start_code(EXPAND, env=self.env, cwd=ROOT)
        said, _ = running.communicate(timeout=60)
        assert running.returncode == 0, said
        self.happened["migrate"] += 1

    def back_up(self, _web: Sequence[chaos_web.Process]) -> None:
        """Take the backup of the night."""
        self.portal("backup", str(self.folder / "night.tar"))
        self.happened["back_up"] += 1

    def portal(self, *words: str, **env: str) -> str:
        """Run a command that must succeed; return what it said."""
        done = Installation(self.env, self.folder).portal(*words, **env)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def restored(self) -> str:
        """Put the backup into an empty database; return what the restore found."""
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "keys.json").write_bytes((self.folder / "keys.json").read_bytes())
        url = self.env["PORTAL_DATABASE_URL"]
        server = url.replace("+psycopg", "").replace("/processes?", "/postgres?")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE restored")
        there = url.replace("/processes?", "/restored?")
        assert there != url
        home = {"PORTAL_HOME": str(elsewhere), "PORTAL_DATABASE_URL": there}
        return self.portal("restore", str(self.folder / "night.tar"), **home)

    def log(self) -> str:
        """Return what all processes said."""
        return (self.folder / "chaos.log").read_text("utf-8")

    @staticmethod
    def _limit(web: Sequence[chaos_web.Process], most: int) -> None:
        master = web[0].running
        assert master is not None
        for pid in chaos_web.children(master.pid):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: Any) -> Iterator[World]:
    """Yield an installation on a PostgreSQL and a Redis of its own."""
    tools = f"{services.postgresql_tools()}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", tools)
    with contextlib.ExitStack() as stack:
        url, postgresql = stack.enter_context(services.postgresql_server(durable=True))
        redis_url, redis = stack.enter_context(services.redis_server())
        env = stack.enter_context(bare(url, tmp_path, PORTAL_REDIS_URL=redis_url))
        yield World(env, tmp_path, postgresql, redis)


def work(
    world: World,
    meanwhile: Sequence[tuple[float, Act]],
    *,
    seconds: float,
    kills: int = 0,
    masters: int = 0,
    members: int = 24,
) -> Table:
    """Let clients write while these things happen; then everything is there, once."""
    table = chaos_web.chaos(
        world.env, kills=kills, masters=masters, seconds=seconds, members=members,
        meanwhile=meanwhile,
    )  # fmt: skip
    assert table.good, f"{table}\n{world.log()[-3000:]}"
    # No run in which nothing broke, or nobody wrote, has shown anything.
    assert world.happened == Counter(act.__name__ for _, act in meanwhile)
    killed = {kind: table.numbers.get(f"killed_{kind}", 0) for kind in ("web", "master", "run")}
    assert killed == {"web": kills, "master": masters, "run": kills}
    assert table.numbers["acknowledged"] == table.numbers["wished"] > 2 * members
    assert "Every rule holds." in world.portal("points", "verify")
    return table


@pytest.mark.once
def test_everything_at_once(world: World) -> None:
    acts: tuple[Act, ...] = (
        world.fill_disk,
        world.stop_redis,
        world.jump_forth,
        world.free_disk,
        world.migrate,
        world.back_up,
        world.restart_postgresql,
        world.jump_back,
    )
    timed = [(number / len(acts), act) for number, act in enumerate(acts)]
    table = work(world, timed, seconds=12)
    assert table.numbers["refused"] > 0
    assert "uploads cannot be kept" in world.log()
    said = world.restored()
    assert "as they were" in said
    assert "every rule holds" in said


@pytest.mark.faults
@pytest.mark.parametrize(
    ("fault", "again"),
    [
        ("restart_postgresql", ["restart_postgresql", "restart_postgresql"]),
        ("stop_redis", []),
        ("jump_forth", ["jump_back", "jump_forth"]),
        ("fill_disk", ["fill_disk", "free_disk"]),
        ("migrate", ["migrate", "migrate"]),
        ("back_up", []),
    ],
)
def test_a_fault_by_itself_among_kills(world: World, fault: str, again: list[str]) -> None:
    names = [fault, *again]
    shares = (0.05, 0.4, 0.7) if fault == "fill_disk" else (0.3, 0.5, 0.7)
    acts = [(share, getattr(world, name)) for share, name in zip(shares, names, strict=False)]
    work(world, acts, seconds=30, kills=5, members=60)
    if fault == "fill_disk":
        assert "uploads cannot be kept" in world.log()
    if fault == "back_up":
        assert "as they were" in world.restored()


@pytest.mark.faults
def test_masters_and_workers_are_killed_for_longer(world: World) -> None:
    work(world, [], kills=12, masters=4, seconds=90, members=200)
