"""Registration under load over HTTP: 200 parties at once for 50 seats, through a real gunicorn.

    python -m bench.events_http [--members 200] [--workers 4]

A throw-away PostgreSQL, gunicorn with several workers, one activity with a price, a waiting list
and a quarter of the seats, households of one to four with points. Every member is a thread that
begins with all others: it reads the activity, clicks twice to register the whole family, waits
when it does not fit, perhaps leaves, as a program does (JSON); then all look again, and who is
offered seats takes them. Meanwhile staff change the capacity and put parties in front, from
another process. Then everything must tie out, as in bench.events_crowd; a 5xx, two registrations
for two clicks or a request of a minute fails.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.events_crowd import HANGS, prepare  # noqa: E402
from tests import services  # noqa: E402

SERVER_ERROR, TOO_MANY = 500, 429


class Visitors:
    """What the members did: seconds of each request, answers by act, what must not be."""

    def __init__(self, base: str, activity: str = "", plugin: str = "events") -> None:
        self.base, self.activity = f"{base}/api/v1/p/binjiang/{plugin}", activity
        self.took: list[float] = []
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.made: list[tuple[str, str, str]] = []

    def call(self, token: str, act: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send one request; return status and JSON."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.base}{path}", data, headers)  # noqa: S310
        begun = time.perf_counter()
        try:
            with urllib.request.urlopen(asked, timeout=HANGS) as answer:  # noqa: S310
                status, told = answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            status, told = error.code, json.load(error)
        except OSError as error:
            self.wrong.append(f"{act}: {error!r}")
            return 0, {}
        self.took.append(time.perf_counter() - begun)
        self.answers[f"{act} {status} {told.get('code', '')}".strip()] += 1
        if status >= SERVER_ERROR or status == TOO_MANY:
            self.wrong.append(f"{act}: {status} {told}")
        return status, told

    def visit(self, token: str, chance: random.Random) -> None:
        """Be one member."""
        at = f"/{self.activity}"
        _status, shown = self.call(token, "read", at)
        party = [each["key"] for each in shown.get("household", ())]
        wish = {"terms": shown.get("terms", ""), "party": party}
        clicks: list[tuple[int, Any]] = []

        def click() -> None:
            clicks.append(self.call(token, "register", f"{at}/register", wish))

        second = threading.Thread(target=click)
        second.start()
        click()
        second.join()
        made = [told["id"] for status, told in clicks if status == 200]
        if len(set(made)) > 1:
            self.wrong.append(f"two registrations: {made}")
        if not made:
            status, told = self.call(token, "wait", f"{at}/queue", {"party": party})
            made = [told["id"]] if status == 200 else []
        if not made:
            return
        mine = f"/tickets/{made[0]}"
        if chance.random() < 0.3:
            self.call(token, "cancel", f"{mine}/cancel", {})
            self.call(token, "cancel", f"{mine}/cancel", {})
        self.made.append((token, mine, wish["terms"]))

    def look_again(self, token: str, mine: str, terms: str) -> None:
        """Look at one's registration; take what is offered."""
        _status, ticket = self.call(token, "ticket", mine)
        if ticket.get("state") == "held":
            self.call(token, "accept", f"{mine}/accept", {"terms": terms})


def click_as_staff(app: Any, occurrence_id: int, first: int, done: threading.Event) -> None:
    """Change the capacity and put parties in front until the members are done."""
    import sqlalchemy as sa

    from plugins.events import waiting
    from plugins.events.errors import EventError
    from plugins.events.models import Occurrence, Registration
    from plugins.events.seats import lock_quotas, set_capacity
    from portal import clock
    from portal.plugin_host.refs import project_ref
    from portal.projects.models import Project
    from portal.sdk import db

    chance = random.Random("staff")
    with app.app_context():
        while not done.wait(1.0):
            occurrence = db.session.get_one(Occurrence, occurrence_id)
            project = project_ref(db.session.get_one(Project, occurrence.project_id))
            # A little more or less than at first.
            set_capacity(lock_quotas(occurrence_id)[0], first + chance.choice([-2, 0, 2]))
            waiting.serve(occurrence, lock_quotas(occurrence_id), project, clock.now())
            db.session.commit()
            waits = sa.select(Registration).where(*waiting.in_queue(occurrence)).limit(1)
            if found := db.session.scalar(waits):
                try:
                    waiting.move_to_front(actor=None, registration=found, reason="行动不便")
                    db.session.commit()
                except EventError:
                    db.session.rollback()
            db.session.remove()


def run(given: argparse.Namespace) -> int:
    """Let the members come; print what was measured, return the exit status."""
    with services.postgresql() as url, tempfile.TemporaryDirectory() as home:
        os.environ |= {"PORTAL_HOME": home, "PORTAL_DATABASE_URL": url, "PORTAL_DEMO": "1"}
        os.environ["PORTAL_LOG_LEVEL"] = "WARNING"
        from plugins.events.models import Occurrence
        from portal import create_app
        from portal.members.models import Member
        from portal.projects.models import ProjectInterest
        from tests import factories
        from tests.plugins.events import test_crowd as crowd

        app, port = create_app(), services._free_port()
        with app.app_context():
            number, ids = prepare(app, given.members)
            activity = crowd.db.session.get_one(Occurrence, number).public_id
            project = crowd.db.session.get_one(Occurrence, number).project_id
            tokens = []
            for each in ids:
                member = crowd.db.session.get_one(Member, each)
                mine = {"member_id": each, "project_id": project}
                factories.add(ProjectInterest(**mine))
                tokens.append(factories.make_token(member))
            crowd.db.session.commit()
            crowd.db.session.remove()
        server = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "-w", str(given.workers), "--preload",
                "--timeout", "120", "-b", f"127.0.0.1:{port}", "wsgi:app",
            ],
            cwd=ROOT,
        )  # fmt: skip
        try:
            visitors = Visitors(f"http://127.0.0.1:{port}", activity)
            wait_for(f"http://127.0.0.1:{port}/healthz")
            load, begun, done = os.getloadavg()[0], time.perf_counter(), threading.Event()
            staff = threading.Thread(
                target=click_as_staff, args=(app, number, given.members // 4, done)
            )
            threads = [
                threading.Thread(target=visitors.visit, args=(token, random.Random(n)))
                for n, token in enumerate(tokens)
            ]
            for thread in (staff, *threads):
                thread.start()
            for thread in threads:
                thread.join()
            again = [
                threading.Thread(target=visitors.look_again, args=each) for each in visitors.made
            ]
            for thread in again:
                thread.start()
            for thread in again:
                thread.join()
            lasted = time.perf_counter() - begun
            done.set()
            staff.join()
        finally:
            server.terminate()
            server.wait()
        with app.app_context():
            crowd.ties_out(number, ids)
            crowd.db.session.remove()
            crowd.db.engine.dispose()
    return tell(given, visitors, lasted, load)


def wait_for(url: str) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


def tell(given: argparse.Namespace, visitors: Visitors, lasted: float, load: float) -> int:
    """Print what was measured; return the exit status."""
    took = sorted(visitors.took)
    late = took[int(len(took) * 0.95)]
    lines = [
        f"{given.members} members at once over HTTP, parties of 1-4, {given.members // 4} seats, "
        f"gunicorn with {given.workers} workers, PostgreSQL; load {load:.1f} before it",
        f"requests      {len(took)} in {lasted:.1f} s, {len(took) / lasted:.1f} a second",
        f"a request     median {statistics.median(took):.2f} s, 95 % {late:.2f} s, "
        f"slowest {took[-1]:.2f} s",
        *(f"  {many:5} {answer}" for answer, many in sorted(visitors.answers.items())),
        f"what must not be: {visitors.wrong[:3] or 'nothing'}",
        "quota, registrations, seats, shares, points: tie out",
    ]
    sys.stdout.write("\n".join([*lines, ""]))
    return 1 if visitors.wrong or took[-1] > HANGS else 0


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.events_http")
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
