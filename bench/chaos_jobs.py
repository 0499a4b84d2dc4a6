"""Kill runners and writers at random, and count: everything sent is received, once.

    python bench/chaos_jobs.py [--kills 20] [--seconds 60]

PORTAL_HOME and PORTAL_DATABASE_URL name a migrated installation that nobody else uses (without
them: a throw-away SQLite, or with --postgresql a throw-away PostgreSQL). Two writers commit events,
plain jobs and long jobs, and roll some back; two runners do them; `kill -9` hits one or the other
every moment. Then whatever is left is done in peace, and the counts are compared.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
LEASE = "2"
CHUNKS = 5
SUBSCRIBERS = ("chaos.one", "chaos.two")
notes = sa.MetaData()
sent = sa.Table(
    "chaos_sent",
    notes,
    sa.Column("cause", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
)
# No unique constraint on purpose: what is done twice must show.
received = sa.Table(
    "chaos_received",
    notes,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("cause", sa.String(60), index=True, nullable=False),
)


def receive(cause: str) -> None:
    """Have the effect that is counted, at some moment of a transaction that takes a while."""
    from portal.extensions import db

    if random.random() < 0.03:
        raise ConnectionError("now and then")
    time.sleep(random.random() * 0.02)
    db.session.execute(received.insert().values(cause=cause))
    time.sleep(random.random() * 0.02)


def register() -> None:
    """Bring the kinds of jobs and events of this script."""
    from portal.jobs import leasing, registry
    from portal.jobs.registry import JobRun
    from portal.outbox.kinds import CORE_KINDS
    from portal.outbox.registry import subscribe

    leasing.FIRST_WAIT = 0.2
    CORE_KINDS["chaos.happened"] = "something"

    @registry.job("chaos.plain")
    def plain(run: JobRun) -> None:
        receive(run.payload["cause"])

    @registry.job("chaos.long", long=True)
    def long(run: JobRun) -> None:
        for number in range(run.done, CHUNKS):
            receive(f"{run.payload['cause']}:{number}")
            run.checkpoint(done=number + 1, total=CHUNKS)

    for name in SUBSCRIBERS:
        subscribe("chaos.happened", name=name)(
            lambda event, name=name: receive(f"{event.subject[1]}:{name}")
        )


def write(seconds: float) -> None:
    """Commit causes, and roll some back."""
    from portal import create_app
    from portal.extensions import db
    from portal.jobs import service as jobs
    from portal.outbox.service import emit

    register()
    app = create_app()
    end = time.monotonic() + seconds
    number = 0
    with app.app_context():
        while time.monotonic() < end:
            number += 1
            cause = f"{os.getpid()}-{number}"
            kind = random.choice(["event", "event", "plain", "long"])
            if kind == "event":
                emit(kind="chaos.happened", project_id=None, subject=("chaos", cause))
            else:
                jobs.enqueue(kind=f"chaos.{kind}", payload={"cause": cause}, key=cause)
            db.session.execute(sent.insert().values(cause=cause, kind=kind))
            time.sleep(random.random() * 0.02)
            if random.random() < 0.1:
                db.session.rollback()
            else:
                db.session.commit()
            time.sleep(random.random() * 0.05)


@dataclass
class Counts:
    """What was found at the end; `lost` and `doubled` name causes."""

    sent: int = 0
    expected: int = 0
    received: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    open_jobs: int = 0
    kills: dict[str, int] = field(default_factory=lambda: {"run": 0, "write": 0})

    @property
    def good(self) -> bool:
        """Tell whether everything was received once."""
        wrong = [*self.lost, *self.doubled, *self.invented]
        return not wrong and not self.open_jobs and self.sent > 0


def _start(role: str, env: dict[str, str], seconds: float) -> "subprocess.Popen[bytes]":
    with (Path(env["PORTAL_HOME"]) / "chaos.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, __file__, "--role", role, "--seconds", str(seconds)],
            env=env,
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )


def chaos(env: dict[str, str], *, kills: int, seconds: float) -> Counts:
    """Let two of each work for so long, killing each kind `kills` times; then count."""
    engine = sa.create_engine(driver(env["PORTAL_DATABASE_URL"]), poolclass=sa.NullPool)
    notes.create_all(engine)
    counts = Counts()
    moments = sorted(
        (random.uniform(0.1, 0.9) * seconds, role)
        for role in ("run", "write")
        for _ in range(kills)
    )
    working = {role: [_start(role, env, seconds) for _ in range(2)] for role in ("run", "write")}
    begun = time.monotonic()
    try:
        for at, role in moments:
            time.sleep(max(begun + at - time.monotonic(), 0))
            place = random.randrange(2)
            victim = working[role][place]
            victim.kill()
            victim.wait()
            counts.kills[role] += 1
            working[role][place] = _start(role, env, seconds - at)
        for writer in working["write"]:
            assert writer.wait(seconds + 60) == 0
        _finish(engine)
    finally:
        for process in (*working["run"], *working["write"]):
            process.send_signal(signal.SIGTERM)
        ended = [process.wait(60) for process in (*working["run"], *working["write"])]
    assert ended[:2] == [0, 0], "a runner did not drain"
    _count(engine, counts)
    return counts


def _finish(engine: sa.Engine) -> None:
    """Wait until nothing is left to do."""
    left = sa.text(
        "SELECT (SELECT count(*) FROM job WHERE kind LIKE '%chaos.%'"
        " AND state IN ('waiting', 'running'))"
        " + (SELECT count(*) FROM domain_event WHERE relayed_at IS NULL)"
    )
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with engine.connect() as connection:
            if not connection.scalar(left):
                return
        time.sleep(0.2)


def _count(engine: sa.Engine, counts: Counts) -> None:
    with engine.connect() as connection:
        causes = {row.cause: row.kind for row in connection.execute(sa.select(sent))}
        found = list(connection.scalars(sa.select(received.c.cause)))
        counts.open_jobs = connection.scalar(
            sa.text("SELECT count(*) FROM job WHERE kind LIKE '%chaos.%' AND state <> 'done'")
        )
    endings = {
        "event": [f":{name}" for name in SUBSCRIBERS],
        "plain": [""],
        "long": [f":{number}" for number in range(CHUNKS)],
    }
    expected = {cause + ending for cause, kind in causes.items() for ending in endings[kind]}
    counts.sent, counts.expected, counts.received = len(causes), len(expected), len(found)
    counts.lost = sorted(expected - set(found))
    counts.invented = sorted(set(found) - expected)
    counts.doubled = sorted({cause for cause in found if found.count(cause) > 1})


def driver(url: str) -> str:
    """Return a database's address as SQLAlchemy reads it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


@contextmanager
def installation(*, postgresql: bool) -> Iterator[dict[str, str]]:
    """Make a throw-away installation unless the environment names one."""
    with ExitStack() as stack:
        home = os.environ.get("PORTAL_HOME") or stack.enter_context(tempfile.TemporaryDirectory())
        url = os.environ.get("PORTAL_DATABASE_URL", f"sqlite:///{home}/portal.sqlite3")
        if postgresql:
            from tests import services

            url = stack.enter_context(services.postgresql()).replace("+psycopg", "")
        env = {
            **os.environ,
            "PORTAL_HOME": home,
            "PORTAL_DATABASE_URL": url,
            "PORTAL_LOG_LEVEL": "WARNING",
        }
        subprocess.run(
            [sys.executable, "-m", "portal", "db", "upgrade"], env=env, cwd=ROOT, check=True
        )
        yield env


def main() -> None:
    """Run one role, or the whole."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="of each kind")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--role", choices=("run", "write"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role == "write":
        write(given.seconds)
    elif given.role == "run":
        from portal.cli import main as portal

        register()
        portal(["jobs", "run", "--lease", LEASE])
    else:
        with installation(postgresql=given.postgresql) as env:
            counts = chaos(env, kills=given.kills, seconds=given.seconds)
        sys.stdout.write(
            f"killed {counts.kills['run']} runners and {counts.kills['write']} writers; "
            f"{counts.sent} causes sent, {counts.expected} effects expected, "
            f"{counts.received} received; lost {len(counts.lost)}, doubled {len(counts.doubled)}, "
            f"invented {len(counts.invented)}, not done {counts.open_jobs}\n"
        )
        sys.exit(0 if counts.good else 1)


if __name__ == "__main__":
    main()
