"""Several processes at once: parties register, wait, take offers and leave, staff change the seats;
nothing of what must never break does."""

import base64
import os
import random
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import sqlalchemy as sa

from plugins.events import registering
from plugins.events.errors import EventError
from plugins.events.models import Occurrence, Quota, Registration, SeatRow, Share
from plugins.events.policy import Terms
from plugins.events.seats import lock_quotas, set_capacity
from plugins.events.states import LIVE, QueueRule, Seat
from plugins.events.waiting import serve
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Household, Member, Person
from portal.plugin_host.refs import member_ref, project_ref
from portal.points import service as points
from portal.points.terms import Holder, Why
from portal.points.verify import verify
from portal.projects.models import Project
from portal.sdk import find_members, points_balance

ROOT = Path(__file__).parents[3]
PRICE, HAS, WORKERS = 1_000, 20_000, 2
WORKER = "from tests.plugins.events.test_crowd import work; work()"


def crowd(many):
    """Add so many members, each with a household of one to four and with points."""
    members = []
    for number in range(many):
        account = Account(display_name=f"业主{number}", email=f"crowd{number}@example.com")
        home = Household()
        db.session.add_all([account, home])
        members.append((account, home))
    db.session.flush()
    made = [
        Member(
            account_id=account.id, household_id=home.id, card_number=f"{77000000 + number}",
            name=f"业主{number}", joined_on=date(2024, 1, 1),
        )
        for number, (account, home) in enumerate(members)
    ]  # fmt: skip
    db.session.add_all(made)
    db.session.flush()
    for number, member in enumerate(made):
        mine = {"household_id": member.household_id, "guardian_id": member.id}
        db.session.add_all(
            Person(**mine, relation="other", name=f"家人{number}-{n}") for n in range(number % 4)
        )
        points.post(
            actor=None, holder=Holder.member(member.id), amount=HAS,
            key=f"test:{number}", why=Why("test"),
        )  # fmt: skip
    db.session.commit()
    return [member.id for member in made]


def work():
    """Be one process: its share of the members."""
    from portal import create_app
    from portal.config import Settings

    url, occurrence_id, ids, seed = sys.argv[1:5]
    app = create_app(
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
    failed = visit_all(app, int(occurrence_id), [int(each) for each in ids.split(",")], seed)
    if failed:
        raise SystemExit("\n".join(failed[:5]))


def visit_all(app, occurrence_id, members, seed):
    """Let the members come by, eight at a time; return what broke."""
    failed = []

    def run(slice_, chance):
        with app.app_context():
            for number in slice_:
                try:
                    one_visit(occurrence_id, number, chance)
                except Exception as error:  # every kind is a failure of the test
                    failed.append(repr(error))
                finally:
                    db.session.remove()

    threads = [
        threading.Thread(target=run, args=(members[each::8], random.Random(f"{seed}.{each}")))
        for each in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def one_visit(occurrence_id, member_id, chance):
    """One member comes by: registers or waits, sees whether there is an offer, perhaps leaves."""
    from portal.sdk import housemates

    member = member_ref(db.session.get_one(Member, member_id))
    occurrence = db.session.get_one(Occurrence, occurrence_id)
    project = project_ref(db.session.get_one(Project, occurrence.project_id))
    terms = Terms.of(occurrence).mark()
    party = [each.key for each in housemates(member)]
    common = {"occurrence_id": occurrence_id, "project": project, "at": clock.now()}
    db.session.rollback()

    def attempt(act, **values):
        try:
            found = act(**common, **values).id
            db.session.commit()
            return found
        except EventError:
            db.session.rollback()
            return None

    found = attempt(registering.register, member=member, party=party, terms_seen=terms)
    found = found or attempt(registering.join_queue, member=member, party=party)
    if found is None:
        return
    if chance.random() < 0.4:
        attempt(registering.accept, registration_id=found, member=member, terms_seen=terms)
    if chance.random() < 0.3:
        attempt(registering.cancel, registration_id=found)
    if chance.random() < 0.1:
        quota = lock_quotas(occurrence_id)[0]
        set_capacity(quota, max(4, quota.capacity + chance.choice([-2, 2])))
        quotas = lock_quotas(occurrence_id)
        serve(db.session.get_one(Occurrence, occurrence_id), quotas, project, clock.now())
        db.session.commit()


def test_a_crowd_of_parties_for_a_quarter_of_the_seats(app, place, make_activity):
    """PORTAL_TEST_CROWD=200 is the crowd that is promised: 200 parties, 50 seats."""
    several = db.engine.dialect.name == "postgresql"
    many = int(os.environ.get("PORTAL_TEST_CROWD", "40")) if several else 16
    occurrence = make_activity(
        capacity=many // 4, price=PRICE, queue_rule=QueueRule.SKIP, household_most=4
    )
    ids = crowd(many)
    number = occurrence.id
    db.session.remove()
    if not several:
        # One writer at a time: processes would wait for each other.
        assert visit_all(app, number, ids, "0") == []
        return ties_out(number, ids)
    home = str(app.extensions["portal.settings"].home)
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, str(number), mine, str(seed)],
            cwd=ROOT,
            env={**os.environ, "PORTAL_HOME": home, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
        )
        for seed in range(WORKERS)
        for mine in [",".join(map(str, ids[seed::WORKERS]))]
    ]
    failed = [worker.communicate()[1].decode()[-2000:] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * WORKERS, failed
    return ties_out(number, ids)


def ties_out(number, ids):
    """Assert that quota, parties, seats, households and points say the same."""
    found = db.session.scalars(
        sa.select(Registration).where(Registration.occurrence_id == number)
    ).all()
    quota = db.session.scalars(sa.select(Quota).where(Quota.occurrence_id == number)).one()

    def seats(*states):
        return sum(each.seats for each in found if each.state in states)

    assert (seats(Seat.CONFIRMED), seats(Seat.HELD)) == (quota.confirmed, quota.held)
    assert quota.confirmed + quota.held <= quota.capacity + quota.forced
    live = sa.select(sa.func.count(SeatRow.id)).where(SeatRow.state.in_(LIVE))
    assert db.session.scalar(live) == seats(*LIVE)
    assert db.session.scalar(sa.select(sa.func.sum(Share.seats))) == seats(*LIVE)
    # Nobody waits for what is free.
    assert not [
        each for each in found if each.state == Seat.WAITING and each.seats <= (quota.free or 0)
    ]
    assert quota.confirmed
    kept = sum(each.charged - each.refunded for each in found)
    assert kept == quota.confirmed * PRICE
    members = find_members(ids).values()
    assert sum(points_balance(each).available for each in members) == len(ids) * HAS - kept
    assert verify() == []
