"""Many at once: threads on either database, processes, and a process that is killed."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.extensions import db
from portal.members.models import Household, Member
from portal.points import queries, service, transfers
from portal.points.errors import PointsError
from portal.points.models import Entry, Hold, Transaction
from portal.points.rebuild import rebuild
from portal.points.terms import Holder, Terms, Why
from tests.factories import add, make_member
from tests.points.helpers import WHY, damage, earn, figures, hold, holder, key

ROOT = Path(__file__).parents[2]
TODAY = clock.business_date("Asia/Shanghai")


def at_once(app, *acts):
    """Run every act in a thread and transaction of its own; return what each gave or raised."""
    db.session.commit()
    db.session.remove()
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number, act):
        with app.app_context():
            barrier.wait()
            try:
                results[number] = act()
                db.session.commit()
            except (PointsError, OperationalError) as error:
                db.session.rollback()
                results[number] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def codes(results):
    """Return the refusals among results, by code."""
    return [result.code for result in results if isinstance(result, PointsError)]


def test_of_twenty_who_spend_the_last_hundred_points_one_wins(app) -> None:
    member = make_member()
    earn(member, 100_000)
    who = holder(member)

    def spend():
        return service.spend(actor=None, holder=who, amount=100_000, key=key(), why=WHY)

    results = at_once(app, *[spend] * 20)
    assert codes(results) == ["not_enough"] * 19
    assert figures(member) == (0, 0, 0, 0)
    assert damage() == []


def test_one_key_sent_ten_times_at_once_is_one_posting(app) -> None:
    member = make_member()
    earn(member, 1_000)
    who = holder(member)

    def post():
        return service.post(actor=None, holder=who, amount=5_000, key="same", why=WHY).id

    results = at_once(app, *[post] * 10)
    assert len(set(results)) == 1
    assert figures(member) == (6_000, 0, 0, 0)
    assert damage() == []


def test_the_first_points_of_a_member_open_one_account(app) -> None:
    member = make_member()
    who = holder(member)

    def post():
        return service.post(actor=None, holder=who, amount=1_000, key=key(), why=WHY)

    results = at_once(app, *[post] * 8)
    assert codes(results) == []
    assert figures(member) == (8_000, 0, 0, 0)
    assert damage() == []


def test_a_hold_that_is_captured_and_voided_at_once_ends_once(app) -> None:
    member = make_member()
    earn(member, 10_000)
    held = hold(member, 10_000).id

    def capture():
        return service.capture(actor=None, hold_id=held, why=WHY)

    def void():
        return service.void(actor=None, hold_id=held, why=Why("other"))

    results = at_once(app, capture, void)
    assert codes(results) == ["hold_ended"]
    state = db.session.scalars(sa.select(Hold.state)).one()
    assert figures(member) == ((10_000 if state == "voided" else 0), 0, 0, 0)
    assert damage() == []


def test_a_posting_reversed_twice_at_once_is_reversed_once(app) -> None:
    member = make_member()
    earned = earn(member, 10_000).id

    def reverse():
        return service.reverse(actor=None, posting_id=earned, key=key(), why=WHY)

    results = at_once(app, *[reverse] * 4)
    assert codes(results) == ["reversed_already"] * 3
    assert figures(member) == (0, 0, 0, 0)
    assert damage() == []


def test_transfers_both_ways_do_not_deadlock(app) -> None:
    first = make_member()
    second = make_member(household=db.session.get(Household, first.household_id))
    for member in (first, second):
        earn(member, 100_000)
    ids = (first.id, second.id)

    def give(giver, receiver):
        return lambda: service.transfer(
            actor=None, giver_id=giver, receiver_id=receiver, amount=1_000, key=key(), why=WHY
        )

    acts = [give(*ids), give(*ids[::-1])] * 5
    assert codes(at_once(app, *acts)) == []
    assert figures(first)[0] + figures(second)[0] == 200_000
    assert damage() == []


def test_both_balances_are_locked_before_either_changes(app, monkeypatch) -> None:
    """With the giver's balance locked alone, two opposite transfers would block each other."""
    first = make_member()
    second = make_member(household=db.session.get(Household, first.household_id))
    for member in (first, second):
        earn(member, 100_000)
    ids, meeting = (first.id, second.id), threading.Barrier(2)
    give = transfers._give

    def give_and_wait(place, posting):
        takes = give(place, posting)
        # Nobody else comes while this one holds both locks.
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(0.7)
        return takes

    monkeypatch.setattr(transfers, "_give", give_and_wait)

    def act(giver, receiver):
        return lambda: service.transfer(
            actor=None, giver_id=giver, receiver_id=receiver, amount=1_000, key=key(), why=WHY
        )

    results = at_once(app, act(*ids), act(*ids[::-1]))
    assert [type(result).__name__ for result in results] == ["Posting", "Posting"]
    assert damage() == []


WORKER = """
import sys
from tests.points.test_races import work
work(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
"""


def test_nobody_leaves_the_household_while_points_are_given(app, monkeypatch) -> None:
    giver, receiver = family(2)
    earn(giver, 5_000)
    ids, elsewhere = (giver.id, receiver.id), add(Household()).id
    begun, order, give = threading.Event(), [], transfers._give

    def give_slowly(*arguments):
        begun.set()
        time.sleep(0.3)
        order.append("given")
        return give(*arguments)

    monkeypatch.setattr(transfers, "_give", give_slowly)

    def transfer():
        return service.transfer(
            actor=None, giver_id=ids[0], receiver_id=ids[1], amount=1_000, key=key(), why=WHY
        )

    def leave():
        begun.wait(5)
        moved = sa.update(Member).where(Member.id == ids[1]).values(household_id=elsewhere)
        db.session.execute(moved)
        order.append("left")

    at_once(app, transfer, leave)
    assert order == ["given", "left"]


def start_worker(app, members, seed, seconds) -> "subprocess.Popen[bytes]":
    """Start a process that posts anything to the members for some seconds."""
    config = app.extensions["portal.settings"]
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    ids = ",".join(str(member.id) for member in members)
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, url, ids, str(seed), str(seconds)],
        cwd=ROOT,
        env={**os.environ, "PORTAL_HOME": str(config.home), "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )


def work(url: str, ids: str, seed: int, seconds: float) -> None:
    """Post anything, at random, until the time is over; deadlocks and damage are errors."""
    import base64

    from portal import create_app
    from portal.config import Settings

    settings = Settings(
        home=Path(os.environ["PORTAL_HOME"]),
        database_url=url,
        secret_key="not-a-secret-in-tests-" + "x" * 32,
        data_keys={1: base64.urlsafe_b64decode("A" * 43 + "=")},
        base_url="http://localhost",
        demo=True,
        testing=True,
        log_level="WARNING",
    )
    app = create_app(settings)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {}
    chance, members = random.Random(seed), [int(id_) for id_ in ids.split(",")]
    until, number = time.monotonic() + seconds, 0
    with app.app_context():
        while time.monotonic() < until:
            number += 1
            try:
                one_act(chance, members, f"work:{seed}:{number}")
                db.session.commit()
            except PointsError:
                db.session.rollback()
            except OperationalError as error:
                db.session.rollback()
                if "deadlock" in str(error.orig).lower():
                    raise


def one_act(chance: random.Random, members: list[int], name: str) -> None:
    """Earn, spend, hold, end a hold, reverse, transfer or expire."""
    from portal.points import expiring

    member, amount = chance.choice(members), chance.randint(1, 60) * 500
    who, kind = Holder.member(member), chance.randint(0, 9)
    if kind <= 2:
        days = chance.choice([None, 0, 3])
        past = clock.now() - timedelta(days=9) if days is not None else None
        expires = TODAY - timedelta(days=9 - days) if days is not None else None
        service.post(
            actor=None, holder=who, amount=amount, key=name, why=WHY, at=past,
            terms=Terms(expires_on=expires),
        )  # fmt: skip
    elif kind <= 4:
        service.spend(actor=None, holder=who, amount=amount, key=name, why=WHY)
    elif kind == 5:
        service.hold(actor=None, holder=who, amount=amount, key=name, why=WHY)
    elif kind == 6:
        found = db.session.scalars(sa.select(Hold.id).where(Hold.state == "held").limit(20)).all()
        if found:
            end = chance.choice([service.capture, service.void])
            end(actor=None, hold_id=chance.choice(found), why=WHY)
    elif kind == 7:
        found = db.session.scalars(
            sa.select(Transaction.id)
            .where(Transaction.kind.in_(["earn", "spend", "capture"]))
            .order_by(Transaction.id.desc())
            .limit(20)
        ).all()
        if found:
            service.reverse(
                actor=None, posting_id=chance.choice(found), key=name, why=WHY, amount=amount
            )
    elif kind == 8:
        giver, receiver = chance.sample(members, 2)
        service.transfer(
            actor=None, giver_id=giver, receiver_id=receiver, amount=amount, key=name, why=WHY
        )
    else:
        expiring.expire_batch(size=3)


def family(number: int) -> list:
    """Return members of one household, each with points."""
    first = make_member()
    home = db.session.get(Household, first.household_id)
    members = [first, *(make_member(household=home) for _ in range(number - 1))]
    for member in members:
        earn(member, 200_000)
    return members


def test_several_processes_post_anything_and_the_ledger_verifies(app) -> None:
    members = family(4)
    db.session.remove()
    seconds = float(os.environ.get("PORTAL_TEST_POSTING_SECONDS", "4"))
    workers = [start_worker(app, members, seed, seconds) for seed in range(3)]
    failed = [worker.communicate()[1].decode() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0], failed
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Transaction)) > 50
    assert damage() == []
    done = rebuild()
    db.session.commit()
    assert (done.lots, done.balances) == (0, 0)


def test_a_process_killed_in_the_middle_of_postings_leaves_whole_ones(app) -> None:
    members = family(3)
    db.session.remove()
    for seed in range(2):
        worker = start_worker(app, members, 100 + seed, 60)
        deadline = time.monotonic() + 30
        before = db.session.scalar(sa.select(sa.func.count()).select_from(Entry)) or 0
        while time.monotonic() < deadline:
            db.session.rollback()
            now = db.session.scalar(sa.select(sa.func.count()).select_from(Entry)) or 0
            db.session.rollback()
            if now > before + 30 + seed * 17:
                break
            time.sleep(0.03)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        assert worker.returncode == -signal.SIGKILL
    assert damage() == []
    assert queries.balance(holder(members[0])).account_id is not None
    earn(members[0], 1_000)
    assert damage() == []
