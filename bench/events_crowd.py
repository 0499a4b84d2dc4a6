"""Registration under load: a crowd of parties for a quarter of the seats, in several processes.

    python -m bench.events_crowd [--members 200] [--processes 5]

A throw-away PostgreSQL, one activity with a price, a waiting list and 50 seats, 200 households of
one to four with points. Each member's visit registers the whole family or waits, perhaps takes an
offer, perhaps leaves; now and then staff change the capacity. It is the crowd of
tests/plugins/events/test_crowd.py, all processes beginning together. Then everything must tie out:
the quota with registrations, seats and households' shares, points with what is charged, nobody
waits for what is free. No request may hang: the slowest visit is told, and one that takes a minute
fails.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from portal import clock, create_app  # noqa: E402
from portal.config import Settings  # noqa: E402
from portal.database import revisions  # noqa: E402
from tests import services  # noqa: E402
from tests.plugins.events import test_crowd as crowd  # noqa: E402

SEATS_EACH = 4
HANGS = 60.0
"""Seconds: no visit may take so long, on a machine under load either."""


def make_app(url: str, home: Path) -> Any:
    """Return the portal on this database."""
    return create_app(
        Settings(
            home=home,
            database_url=url,
            secret_key="not-a-secret-in-tests-" + "x" * 32,
            data_keys={1: base64.urlsafe_b64decode("A" * 43 + "=")},
            base_url="http://localhost",
            demo=True,
            testing=True,
            log_level="WARNING",
        )
    )


def prepare(app: Any, members: int) -> tuple[int, list[int]]:
    """Make the activity and the members; return their ids."""
    from plugins.events.models import Event, Occurrence, Quota
    from plugins.events.states import QueueRule, State
    from tests import factories
    from tests.plugin_host.conftest import switch_on

    revisions.upgrade()
    project, now, texts = factories.make_project(), clock.now(), {"zh_Hans_CN": "运动会"}
    switch_on("events", project)
    where = {"project_id": project.id}
    event = factories.add(
        Event(
            **where, title=texts, about=texts, place=texts, notes={}, words="运动会",
            cover="sports", category="family",
        )
    )  # fmt: skip
    starts = now + timedelta(days=3)
    made = factories.add(
        Occurrence(
            **where, event_id=event.id, state=State.OPEN, starts_at=starts,
            ends_at=starts + timedelta(hours=2), opens_at=now - timedelta(days=1),
            closes_at=starts - timedelta(hours=1), cancel_until=starts - timedelta(days=1),
            price=crowd.PRICE, deposit=0, queue_rule=QueueRule.SKIP, household_most=4,
        )
    )  # fmt: skip
    factories.add(Quota(**where, occurrence_id=made.id, capacity=members // SEATS_EACH))
    return made.id, crowd.crowd(members)


def work() -> None:
    """Be one process: visit with its share of the members, print how long each took."""
    url, home, occurrence, ids, seed, begin = sys.argv[2:8]
    app = make_app(url, Path(home))
    took: list[float] = []
    visit = crowd.one_visit

    def timed(*about: Any) -> None:
        start = time.perf_counter()
        visit(*about)
        took.append(time.perf_counter() - start)

    crowd.one_visit = timed
    time.sleep(max(0.0, float(begin) - time.time()))
    failed = crowd.visit_all(app, int(occurrence), [int(each) for each in ids.split(",")], seed)
    sys.stdout.write(json.dumps({"took": took, "failed": failed[:5]}) + "\n")


def run(given: argparse.Namespace) -> int:
    """Let the crowd come; print what was measured, return the exit status."""
    with services.postgresql() as url, tempfile.TemporaryDirectory() as folder:
        app = make_app(url, Path(folder))
        with app.app_context():
            occurrence, ids = prepare(app, given.members)
            crowd.db.session.remove()
            begin = time.time() + 5.0 * given.processes
            workers = [
                subprocess.Popen(
                    [
                        sys.executable, "-m", "bench.events_crowd", "--work", url, folder,
                        str(occurrence), ",".join(map(str, ids[seed :: given.processes])),
                        str(seed), str(begin),
                    ],
                    cwd=ROOT, env={**os.environ, "PORTAL_HOME": folder}, stdout=subprocess.PIPE,
                )
                for seed in range(given.processes)
            ]  # fmt: skip
            told = [json.loads(worker.communicate()[0].splitlines()[-1]) for worker in workers]
            lasted = time.time() - begin
            took = sorted(each for worker in told for each in worker["took"])
            failed = [each for worker in told for each in worker["failed"]]
            crowd.ties_out(occurrence, ids)
            _tell(given, took, lasted, failed)
            crowd.db.session.remove()
            crowd.db.engine.dispose()
    return 1 if failed or len(took) != given.members or took[-1] > HANGS else 0


def _tell(given: argparse.Namespace, took: list[float], lasted: float, failed: list[str]) -> None:
    seats = given.members // SEATS_EACH
    parallel = f"{given.processes} processes of 8 threads"
    middle, late = took[len(took) // 2], took[int(len(took) * 0.95)]
    lines = [
        f"{given.members} parties of 1-4 for {seats} seats, {parallel}, PostgreSQL",
        f"visits              {len(took)}, failed {len(failed)} {failed[:1] or ''}",
        f"all of them         {lasted:.1f} s, {len(took) / lasted:.1f} visits a second",
        f"a visit             median {middle:.2f} s, 95 % {late:.2f} s, slowest {took[-1]:.2f} s",
        "quota, registrations, seats, shares, points: tie out",
    ]
    sys.stdout.write("\n".join([*lines, ""]))


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.events_crowd")
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--processes", type=int, default=5)
    return run(parser.parse_args())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work()
    else:
        sys.exit(main())
