"""Kill web workers, gunicorn's masters and job runners at random, and count: what was answered is
there, once.

    python -m bench.chaos_web [--kills 20] [--seconds 90]

A throw-away PostgreSQL (SQLite with --sqlite); two gunicorns of one worker each; two `portal jobs
run`; four clients that write through the JSON API with an Idempotency-Key and send again until they
have an answer: members registered at the desk, people of households, homes claimed. What follows is
counted where it arrives: two subscribers of every event, points given to each new member, a
webhook's receiver, a mail server, the inboxes. `kill -9` hits a worker, a master or a runner every
moment; then the rest is done in peace. A master's workers are left behind with its port and end
after a request; then a new master is started, as a supervisor would.

Effects in the database must be there once. A mail or a webhook whose runner is killed between
sending and noting it is sent again by the same id, which tells receivers; it is counted apart.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import sqlalchemy as sa

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench import chaos_jobs  # noqa: E402
from bench.chaos_app import follow_clock, give_points  # noqa: E402
from bench.chaos_clients import PATIENCE, Ledger, Wish, ask, drive  # noqa: E402
from bench.chaos_counting import Table, count, left_to_do  # noqa: E402

LEASE = "2"
ORPHANED = 40
"""Seconds: an idle worker looks after its master every half of gunicorn's time-out."""
SUBSCRIBERS = ("chaos.web.one", "chaos.web.two")
TOLD = ("member.joined", "claim.made", "claim.decided")
"""The kinds of events that the webhook wants."""


# --- the installation -------------------------------------------------------------------------


def prepare(members: int, hook: str) -> None:
    """Make a project, its manager, and members whom the roster knows; print the tokens."""
    from portal import create_app
    from portal.accounts.models import Account, SignInMethod
    from portal.crypto import lookup_hash
    from portal.extensions import db
    from portal.members.service import register
    from portal.notifications.service import choose
    from portal.projects.models import Role, Unit
    from portal.roster.models import RosterEntry
    from portal.tokens.service import open_sign_in
    from portal.webhooks.addresses import parse_address
    from portal.webhooks.service import register as register_webhook
    from tests import factories

    def token_of(account: Any) -> str:
        values = {"method": SignInMethod.PASSWORD, "second_factor": True, "name": "Chaos"}
        return open_sign_in(account=account, network="127.0.0.0/24", **values)[1]

    with create_app().app_context():
        project = factories.make_project(slug="chaos")
        manager = factories.make_staff("manager", project)
        first = factories.make_unit(project, building="1", number="0")
        made = []
        for number in range(1, members + 1):
            phone = f"+86198{number:08d}"
            member = register(phone=phone, name=f"业主{number}")
            account = db.session.get_one(Account, member.account_id)
            account.email = f"owner{number}@example.test"
            unit = Unit(
                project_id=project.id, building_id=first.building_id, entrance="",
                number=str(number), area=9000,
            )  # fmt: skip
            db.session.add(unit)
            db.session.flush()
            entry = RosterEntry(
                project_id=project.id, unit_id=unit.id, name=member.name, role=Role.OWNER,
                phone=phone, phone_hash=lookup_hash("phone", phone),
                phone_tail_hash=lookup_hash("phone_tail", phone[-4:]),
            )  # fmt: skip
            db.session.add(entry)
            # No quiet hours: a mail of the night would wait for the morning.
            choose(account=account, wanted={}, begins=0, ends=0)
            made.append({"number": number, "token": token_of(account)})
        staff = token_of(manager)
        db.session.commit()
        # What joining has emitted is not of this test.
        db.session.execute(sa.text("DELETE FROM domain_event"))
        target = parse_address(hook, local=True)
        register_webhook(actor=None, name="Chaos", target=target, kinds=TOLD, project_id=None)
        db.session.commit()
    sys.stdout.write(json.dumps({"staff": staff, "members": made}))


def run_jobs() -> None:
    """Be a runner, with two subscribers of every event."""
    from portal.cli import main as portal
    from portal.jobs import leasing
    from portal.outbox.registry import subscribe

    follow_clock()
    leasing.FIRST_WAIT = 0.2
    subscribe("member.joined", name="chaos.points")(give_points)
    for name in SUBSCRIBERS:
        subscribe(None, name=name)(
            lambda event, name=name: chaos_jobs.receive(f"{event.id}:{name}")
        )
    portal(["jobs", "run", "--lease", LEASE])


@dataclass
class Process:
    """A gunicorn or a runner: how it is started, and which process of it is killed."""

    command: list[str]
    env: dict[str, str]
    web: bool = False
    running: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, its words in a file of the installation."""
        with (Path(self.env["PORTAL_HOME"]) / "chaos.log").open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, *self.command], env=self.env, cwd=ROOT, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """Kill a runner and start another; of gunicorn kill the worker, whom it replaces."""
        assert self.running is not None
        if not self.web:
            self.running.kill()
            self.running.wait()
            self.start()
            return
        # A master that has just been started loads the application before it forks.
        end = time.monotonic() + PATIENCE
        while not (workers := children(self.running.pid)):
            assert time.monotonic() < end, "gunicorn has no worker any more"
            time.sleep(0.05)
        os.kill(workers[0], signal.SIGKILL)

    def kill_master(self) -> None:
        """Kill gunicorn itself and start another, once its workers have let go of the port."""
        assert self.running is not None
        left = children(self.running.pid)
        self.running.kill()
        self.running.wait()
        end = time.monotonic() + ORPHANED
        while any(is_there(pid) for pid in left):
            assert time.monotonic() < end, "a worker without its master stays"
            time.sleep(0.05)
        self.start()

    def end(self) -> int:
        """Ask it to end, and wait."""
        assert self.running is not None
        self.running.terminate()
        return self.running.wait(PATIENCE)


def is_there(pid: int) -> bool:
    """Tell whether a process lives; one that has ended and waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    every = ["ps", "-A", "-o", "pid=,ppid="]
    told = subprocess.run(every, capture_output=True, text=True).stdout
    pairs = [line.split() for line in told.splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid]


# --- the receivers ----------------------------------------------------------------------------


@contextmanager
def mail_server() -> Iterator[tuple[int, "Counter[str]"]]:
    """Run a mail server; yield its port and how often each message id came."""
    from aiosmtpd.controller import Controller

    from tests import services

    got: Counter[str] = Counter()

    class Box:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            for line in envelope.content.decode("utf-8", "replace").splitlines():
                if line.lower().startswith("message-id:"):
                    got[line.partition("<")[2].partition("@")[0]] += 1
                    break
            return "250 OK"

    port = services._free_port()
    server = Controller(Box(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield port, got
    finally:
        server.stop()


# --- the whole --------------------------------------------------------------------------------


def chaos(
    env: dict[str, str],
    *,
    kills: int,
    seconds: float,
    members: int,
    masters: int | None = None,
    meanwhile: Sequence[tuple[float, Callable[[Sequence["Process"]], object]]] = (),
) -> Table:
    """Let everybody work under `kills` of each kind, but so many of `masters`; then count.

    `meanwhile`: what else is done to the web's processes, each at its share of the time.
    """
    wanted = {"web": kills, "master": kills if masters is None else masters, "run": kills}
    from tests import services
    from tests.webhooks.receiver import receiving

    engine = sa.create_engine(chaos_jobs.driver(env["PORTAL_DATABASE_URL"]), poolclass=sa.NullPool)
    chaos_jobs.notes.create_all(engine)
    ledger, killed = Ledger(), Counter()
    with ExitStack() as stack:
        hooks = stack.enter_context(receiving())
        port, mails = stack.enter_context(mail_server())
        env = {**env, "PORTAL_DEMO": "1", "PORTAL_MAIL_SENDER": f"smtp://127.0.0.1:{port}"}
        prepared = _prepared(env, members, hooks.url)
        ports = [services._free_port() for _ in range(2)]
        web = [
            Process(
                ["-m", "gunicorn", "-w", "1", "--preload", "-b", f"127.0.0.1:{each}",
                 "bench.chaos_app:app"],
                env, web=True,
            )
            for each in ports
        ]  # fmt: skip
        runners = [Process([__file__, "--role", "run"], env) for _ in range(2)]
        processes = [*web, *runners]
        try:
            for process in processes:
                process.start()
            bases = [f"http://127.0.0.1:{each}" for each in ports]
            _wait_for(bases)
            begun = time.monotonic()
            end_clients = drive(prepared, bases, ledger)

            def hit(kind: str) -> None:
                victim = random.choice(runners if kind == "run" else web)
                victim.kill_master() if kind == "master" else victim.kill()
                killed[kind] += 1

            acts: list[tuple[float, Callable[[], object]]] = [
                (at, partial(hit, kind)) for at, kind in _moments(wanted, seconds)
            ]
            acts += [(share * seconds, partial(act, web)) for share, act in meanwhile]
            for at, act in sorted(acts, key=itemgetter(0)):
                time.sleep(max(begun + at - time.monotonic(), 0))
                act()
            time.sleep(max(begun + seconds - time.monotonic(), 0))
            end_clients()
            _until(lambda: not left_to_do(engine))
            # One that has just been started does not know yet how to end in order.
            _wait_for(bases)
        finally:
            ended = [process.end() for process in processes if process.running]
        assert ended == [0] * len(processes), f"not everybody drained: {ended}"
        hooked = Counter(got.headers["webhook-id"] for got in hooks.got)
    return count(engine, ledger, killed, hooked, mails, SUBSCRIBERS)


def _prepared(env: dict[str, str], members: int, hook: str) -> dict[str, Any]:
    words = [__file__, "--role", "prepare", "--members", str(members), "--hook", hook]
    made = subprocess.run(
        [sys.executable, *words], env=env, cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def _moments(wanted: dict[str, int], seconds: float) -> list[tuple[float, str]]:
    return sorted(
        (random.uniform(0.05, 0.95) * seconds, kind)
        for kind, kills in wanted.items()
        for _ in range(kills)
    )


def _wait_for(bases: list[str]) -> None:
    for base in bases:
        _until(lambda base=base: ask(Wish("", "", "/healthz", "", b""), base)[0] != 0)  # type: ignore[misc]


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return
        time.sleep(0.2)


def main() -> None:
    """Play one role, or the whole."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="of each kind")
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--members", type=int, default=400, help="who claim a home")
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--role", choices=("run", "prepare"), help=argparse.SUPPRESS)
    parser.add_argument("--hook", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role == "prepare":
        prepare(given.members, given.hook)
    elif given.role == "run":
        run_jobs()
    else:
        with chaos_jobs.installation(postgresql=not given.sqlite) as env:
            table = chaos(env, kills=given.kills, seconds=given.seconds, members=given.members)
        sys.stdout.write(f"{table}\n")
        sys.exit(0 if table.good else 1)


if __name__ == "__main__":
    main()
