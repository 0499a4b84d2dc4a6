"""The job of anonymous waves in a process of its own, killed between a payment and its commit."""

import base64
import os
import signal
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from plugins.surveys.anonymous import jobs, paying
from plugins.surveys.models import Participation
from plugins.surveys.states import Mode
from portal.extensions import db
from portal.points.models import Transaction
from tests.forks import start_code
from tests.plugins.surveys.test_shuffling import answered

ROOT = Path(__file__).parents[3]
CALL = "import sys; from tests.plugins.surveys import test_processes as t; t.{}(*sys.argv[1:])"
POINTS = 20_000


def application(url):
    from portal import create_app
    from portal.config import Settings

    return create_app(
        Settings(
            home=Path(os.environ["PORTAL_HOME"]),
            database_url=url,
            secret_key="not-a-secret-in-tests-" + "x" * 32,
            data_keys={1: base64.urlsafe_b64decode("A" * 43 + "=")},
            base_url="http://localhost",
            demo=True,
            testing=True,
            log_level="WARNING",
        )
    )


def pay(url):
    """Be the job of anonymous waves, and die between a payment and its commit."""

    class Run:
        done = 0

        def checkpoint(self, *, done):
            if done == 4:
                os.kill(os.getpid(), signal.SIGKILL)
            db.session.commit()
            self.done = done

    paying._AT_ONCE = 3
    with application(url).app_context():
        jobs.shuffle_and_pay(Run())
    sys.exit(3)


def start(app, name, *arguments):
    home = str(app.extensions["portal.settings"].home)
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PORTAL_HOME": home, "PYTHONPATH": path}
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    return start_code(CALL.format(name), url, *arguments, env=env, cwd=ROOT)


@pytest.fixture
def real(app):
    """Tell whether several processes may write: SQLite has one writer at a time."""
    return db.engine.dialect.name == "postgresql"


def test_a_job_that_is_killed_pays_neither_twice_nor_never(app, place, real):
    wave, order = answered(place, 12)
    assert wave.mode == Mode.ANONYMOUS
    db.session.remove()
    if real:
        killed = start(app, "pay")
        said = killed.communicate(60)[0]
        assert killed.returncode == -signal.SIGKILL, said
        some = db.session.scalar(sa.select(sa.func.count(Transaction.id)))
        assert 0 < some < len(order)

    class Run:
        done = 0

        def checkpoint(self, *, done):
            db.session.commit()
            self.done = done

    for _ in range(2):
        jobs.shuffle_and_pay(Run())
        db.session.commit()
    rewarded = sa.select(sa.func.count()).where(Participation.rewarded)
    amounts = db.session.scalars(
        sa.select(Transaction.amount).where(Transaction.source == paying.SOURCE)
    ).all()
    assert (db.session.scalar(rewarded), amounts) == (12, [POINTS] * 12)
