"""Real servers on PostgreSQL: many submits at once, kill -9 in the middle of one, and of paying."""

import base64
import http.client
import json
import os
import signal
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from plugins.surveys.anonymous import jobs, paying
from plugins.surveys.answering import submitting
from plugins.surveys.models import Ballot, Participation, Quota
from plugins.surveys.states import Mode, Unit
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Household
from portal.points.models import Transaction
from tests import factories, services
from tests.factories import add
from tests.forks import start_code
from tests.plugins.surveys.test_shuffling import answered
from tests.plugins.surveys.waves import make_survey, make_wave

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


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def serve(url, port, deaths):
    """Be a server; with `deaths` it dies where the third answer is written and not committed."""
    from werkzeug.serving import make_server

    taken, take = [], submitting._take_quotas

    def dying(*given):
        take(*given)
        taken.append(1)
        if len(taken) == 3:
            die()

    if deaths == "yes":
        submitting._take_quotas = dying
    server = make_server("127.0.0.1", int(port), application(url), threaded=True)
    print("ready", flush=True)
    server.serve_forever()


def pay(url):
    """Be the job of anonymous waves, and die between a payment and its commit."""

    class Run:
        done = 0

        def checkpoint(self, *, done):
            if done == 4:
                die()
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


@contextmanager
def servers(app, *deaths):
    """Start servers, one of them mortal where "yes" is said; yield their ports."""
    ports = [services._free_port() for _ in deaths]
    running = [start(app, "serve", str(port), how) for port, how in zip(ports, deaths, strict=True)]
    try:
        for each in running:
            wait_until_ready(each)
        yield ports
    finally:
        for each in running:
            each.kill()
            each.communicate(10)


def wait_until_ready(forked):
    while "ready" not in Path(forked.output.name).read_text("utf-8"):
        # Joining is how one waits for a process, in slices.
        forked.process.join(0.05)
        assert forked.process.exitcode is None, forked.communicate(1)[0]


def submit(ports, wave, token):
    """Send an answer; where a server dies meanwhile, send it again to the next one."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for port in ports:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            path = f"/api/v1/p/binjiang/surveys/{wave}/answer"
            connection.request("POST", path, json.dumps({"answers": {"q1": 4}}), headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
    return 0


def crowd(ports, sent):
    """Send every (wave, token) at the same moment, by turns to each server; count by wave."""
    begin, found, threads = threading.Barrier(len(sent)), [], []

    def work(number, wave, token):
        first = number % len(ports)
        begin.wait()
        found.append((wave, submit(ports[first:] + ports[:first], wave, token)))

    for number, (wave, token) in enumerate(sent):
        threads.append(threading.Thread(target=work, args=(number, wave, token)))
        threads[-1].start()
    for each in threads:
        each.join(60)
    return {wave: Counter(code for which, code in found if which == wave) for wave, _ in sent}


def tokens(*members):
    return [factories.make_token(db.session.get_one(Account, each.account_id)) for each in members]


@pytest.fixture
def real(app):
    """Tell whether several processes may write: SQLite has one writer at a time."""
    return db.engine.dialect.name == "postgresql"


def alone(app, sent):
    """What `crowd` does, one after the other and in this process."""
    found = {wave: Counter() for wave, _ in sent}
    for wave, token in sent:
        answer = app.test_client().post(
            f"/api/v1/p/binjiang/surveys/{wave}/answer",
            json={"answers": {"q1": 4}},
            headers={"Authorization": f"Bearer {token}"},
        )
        found[wave][answer.status_code] += 1
    return found


def test_of_many_submits_to_two_servers_one_is_taken(app, place, real):
    mate = factories.make_owner(
        place.project, household=db.session.get(Household, place.member.household_id)
    )
    others = [factories.make_owner(place.project) for _ in range(4)]
    about = {"project_id": place.project.id, "points": POINTS}
    person = make_wave(members=[place.member], unit=Unit.PERSON, **about)
    second = make_survey(place.project.id, "second")
    household = make_wave(members=[place.member], survey=second, **about)
    third = make_survey(place.project.id, "third")
    few = make_wave(members=others, survey=third, **about)
    quota = {"wave_id": few.id, "project_id": few.project_id, "field": "stage"}
    add(Quota(**quota, value="senior", most=2))
    mine, theirs = tokens(place.member, mate)
    sent = [(person.public_id, mine)] * 4 + [(household.public_id, mine)] * 2
    sent += [(household.public_id, theirs)] * 2
    sent += [(few.public_id, each) for each in tokens(*others)]
    db.session.commit()
    if real:
        with servers(app, "no", "no") as ports:
            found = crowd(ports, sent)
    else:
        found = alone(app, sent)
    db.session.rollback()
    assert found == {
        person.public_id: {201: 1, 409: 3},
        household.public_id: {201: 1, 409: 3},
        few.public_id: {201: 2, 409: 2},
    }
    assert db.session.scalar(sa.select(sa.func.count(Ballot.id))) == 4
    assert db.session.scalar(sa.select(Quota.taken)) == 2
    paid = db.session.scalars(sa.select(Transaction.amount)).all()
    assert paid == [POINTS] * 4


def test_a_server_that_is_killed_takes_no_answer_twice_and_no_right(app, place, real):
    members = [factories.make_owner(place.project) for _ in range(8)]
    wave = make_wave(place.project.id, members=members, points=POINTS)
    sent = [(wave.public_id, each) for each in tokens(*members)]
    db.session.commit()
    if real:
        with servers(app, "yes", "no") as ports:
            found = crowd(ports, sent)[wave.public_id]
    else:
        found = alone(app, sent)[wave.public_id]
    db.session.rollback()
    # 409: it was taken, and the server died before it could say so.
    assert found[201] + found[409] == len(members)
    answered_lines = sa.select(Participation.ballot_id).where(Participation.answered)
    ballots = db.session.scalars(sa.select(Ballot.id)).all()
    assert sorted(db.session.scalars(answered_lines)) == sorted(ballots)
    assert len(ballots) == len(members)
    assert db.session.scalars(sa.select(Transaction.amount)).all() == [POINTS] * len(members)


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
