"""Answers to one survey over HTTP: how many a second a real gunicorn on PostgreSQL takes.

    python -m bench.surveys_http [--members 400] [--workers 2] [--clients 16]

A throw-away PostgreSQL, a wave of `--members` persons with points and five ratings, each of whom
sends one answer and then the same once more, from `--clients` threads. Then everything must tie
out: one 201 and one 409 a member, one ballot, one posting of points.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.events_http import Visitors, wait_for  # noqa: E402
from tests import services  # noqa: E402

POINTS = 20_000
ANSWERS = {f"q{number}": 4 for number in range(1, 6)}


def prepare(members: int) -> tuple[Any, str, list[str]]:
    """Make the wave and its members; return the application, the wave's id, and the tokens."""
    from plugins.surveys.states import Unit
    from portal import create_app
    from portal.accounts.models import Account
    from portal.database import revisions
    from portal.extensions import db
    from tests import factories
    from tests.plugin_host.conftest import switch_on
    from tests.plugins.surveys.instruments import document, question
    from tests.plugins.surveys.waves import make_wave

    app = create_app()
    with app.app_context():
        revisions.upgrade()
        project = factories.make_project()
        switch_on("surveys", project)
        owners = [factories.make_owner(project) for _ in range(members)]
        asked = document([question(each) for each in ANSWERS])
        about: dict[str, Any] = {"unit": Unit.PERSON, "points": POINTS, "instrument": asked}
        wave = make_wave(project.id, members=owners, **about)
        accounts = [db.session.get_one(Account, each.account_id) for each in owners]
        tokens = [factories.make_token(each) for each in accounts]
        found = wave.public_id
        db.session.commit()
        db.session.remove()
    return app, found, tokens


def send(visitors: Visitors, wave: str, tokens: list[str], clients: int) -> float:
    """Let so many clients send all answers; return the seconds that it took."""

    def work(mine: list[str]) -> None:
        for token in mine:
            visitors.call(token, "answer", f"/{wave}/answer", {"answers": ANSWERS})

    threads = [threading.Thread(target=work, args=(tokens[n::clients],)) for n in range(clients)]
    begun = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return time.perf_counter() - begun


def counted(app: Any) -> tuple[int, int]:
    """Return how many ballots there are, and how many postings of points."""
    import sqlalchemy as sa

    from plugins.surveys.models import Ballot
    from portal.extensions import db
    from portal.points.models import Transaction

    with app.app_context():
        found = [
            db.session.scalar(sa.select(sa.func.count(each.id))) for each in (Ballot, Transaction)
        ]
        db.session.remove()
        db.engine.dispose()
    return int(found[0] or 0), int(found[1] or 0)


def run(given: argparse.Namespace) -> int:
    """Let the members answer; print what was measured, return the exit status."""
    with services.postgresql() as url, tempfile.TemporaryDirectory() as home:
        os.environ |= {"PORTAL_HOME": home, "PORTAL_DATABASE_URL": url, "PORTAL_DEMO": "1"}
        os.environ["PORTAL_LOG_LEVEL"] = "WARNING"
        app, wave, tokens = prepare(given.members)
        port = services._free_port()
        command = [sys.executable, "-m", "gunicorn", "-w", str(given.workers), "--preload"]
        command += ["-b", f"127.0.0.1:{port}", "wsgi:app"]
        server = subprocess.Popen(command, cwd=ROOT)
        try:
            base = f"http://127.0.0.1:{port}"
            visitors, again = (Visitors(base, plugin="surveys") for _ in range(2))
            wait_for(f"{base}/healthz")
            lasted = send(visitors, wave, tokens, given.clients)
            send(again, wave, tokens, given.clients)
        finally:
            server.terminate()
            server.wait()
        ballots, postings = counted(app)
    return tell(given, visitors, again.answers, lasted, (ballots, postings))


def tell(
    given: argparse.Namespace,
    visitors: Visitors,
    again: Counter[str],
    lasted: float,
    kept: tuple[int, int],
) -> int:
    """Print what was measured; return the exit status."""
    took, many = sorted(visitors.took), given.members
    good = (
        visitors.answers == {"answer 201": many}
        and again == {"answer 409 ANSWERED": many}
        and kept == (many, many)
    )
    lines = [
        f"{many} members, {given.clients} clients, gunicorn with {given.workers} workers",
        f"answers       {many / lasted:.1f} a second",
        f"one of them   median {1000 * statistics.median(took):.0f} ms, "
        f"99 % {1000 * took[int(len(took) * 0.99)]:.0f} ms",
        f"answers {dict(visitors.answers)}, once more {dict(again)}",
        f"ballots {kept[0]}, postings {kept[1]}: {'tie out' if good else 'WRONG'}",
        "",
    ]
    sys.stdout.write("\n".join(lines))
    return 0 if good else 1


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.surveys_http")
    parser.add_argument("--members", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clients", type=int, default=16)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
