"""Two settle at once, in processes of their own: one mark for each registration."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import sqlalchemy as sa

from plugins.events import settling
from plugins.events.ladder.models import Penalty
from plugins.events.models import Occurrence, Registration
from plugins.events.states import Seat, State
from portal.extensions import db
from tests import factories
from tests.plugins.events.test_ladder import come, rules

ROOT = Path(__file__).parents[3]
WORKER = "from tests.plugins.events.test_ladder_races import work; work()"


def settle(number):
    """Settle as a job does, but without the queue that would let only one run."""
    settling.settle(
        SimpleNamespace(
            payload={"occurrence": number}, done=0, checkpoint=lambda **_: db.session.commit()
        )
    )
    db.session.commit()


def work():
    """Be one process."""
    from portal import create_app
    from portal.config import Settings

    app = create_app(
        Settings(
            home=Path(os.environ["PORTAL_HOME"]),
            database_url=sys.argv[1],
            secret_key="not-a-secret-in-tests-" + "x" * 32,
            data_keys={1: base64.urlsafe_b64decode("A" * 43 + "=")},
            base_url="http://localhost",
            demo=True,
            testing=True,
            log_level="WARNING",
        )
    )
    with app.app_context():
        # Both are there before either begins.
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        settle(int(sys.argv[2]))


def test_two_jobs_make_one_mark(app, place, make_activity):
    rules(place)
    occurrence = make_activity()
    for _ in range(6):
        come(place, occurrence, factories.make_owner(place.project))
    db.session.execute(sa.update(Occurrence).values(state=State.SETTLED))
    db.session.commit()
    number = occurrence.id
    db.session.remove()
    if db.engine.dialect.name == "postgresql":
        home = str(app.extensions["portal.settings"].home)
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", WORKER, url, str(number)],
                cwd=ROOT,
                env={**os.environ, "PORTAL_HOME": home, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for _ in range(2)
        ]
        for worker in workers:
            worker.stdout.readline()
        for worker in workers:
            worker.stdin.write(b"go\n")
            worker.stdin.flush()
        failed = [worker.communicate()[1].decode()[-2000:] for worker in workers]
        assert [worker.returncode for worker in workers] == [0, 0], failed
    else:
        # One writer at a time: one after the other.
        settle(number)
        settle(number)
    # As if nothing were written down yet: marks are made once even then.
    db.session.execute(sa.update(Registration).values(settled_at=None))
    db.session.commit()
    settle(number)
    found = db.session.scalars(sa.select(Penalty.registration_id)).all()
    assert len(found) == len(set(found)) == 6
    assert set(db.session.scalars(sa.select(Registration.state))) == {Seat.NO_SHOW}
