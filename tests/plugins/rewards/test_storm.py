"""A hundred redemptions of ten pieces from several processes, with time-outs, cancels, two phones
and a desk: stock, limits and ledger hold."""

import base64
import os
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from plugins.rewards import handling, ordering
from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item, Movement, Order, Used
from plugins.rewards.states import DONE, LIVE
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.plugin_host.refs import member_ref, project_ref
from portal.points.verify import verify
from portal.projects.models import Project
from portal.sdk import points_balance
from tests import factories
from tests.forks import start_code
from tests.plugins.rewards.conftest import give_points

ROOT = Path(__file__).parents[3]
PROCESSES, PEOPLE, PIECES, MOST = 4, 6, 10, 4
ACTS = int(os.environ.get("PORTAL_TEST_STORM", "25"))
WORK = "import sys; from tests.plugins.rewards.test_storm import work; work(*sys.argv[1:])"


def app_of(url):
    """Make the portal of a process of its own."""
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
    return create_app(settings)


def work(url, project_id, item_id, clerk_id, seed):
    """Be one process of the storm."""
    with app_of(url).app_context():
        done = storm(int(project_id), int(item_id), int(clerk_id), random.Random(seed))
    print(sum(done.values()), flush=True)


def storm(project_id, item_id, clerk_id, chance):
    """Redeem so often, and after each do something to an order of anybody's."""
    project = project_ref(db.session.get_one(Project, project_id))
    people = [member_ref(each) for each in db.session.scalars(sa.select(Member))]
    done = Counter()
    for _ in range(ACTS):
        for act in (redeem, meddle):
            try:
                act(project, people, item_id, clerk_id, chance)
                db.session.commit()
                done[act.__name__] += act is redeem
            except RewardError as error:
                db.session.rollback()
                done[error.code] += act is redeem
    db.session.remove()
    return done


def redeem(project, people, item_id, _clerk_id, chance):
    """Redeem a piece or two, and confirm or leave it."""
    at, who = clock.now(), chance.choice(people)
    order = ordering.reserve(
        item_id=item_id, member=who, project=project, quantity=chance.choice((1, 1, 2)),
        price_seen=10_000, at=at,
    )  # fmt: skip
    if chance.random() < 0.6:
        ordering.place(order=order, member=who, project=project, note="", days=1, at=at)


def meddle(project, people, _item_id, clerk_id, chance):
    """Cancel, hand out, take back, or let the time of an order be over."""
    orders = db.session.scalars(sa.select(Order)).all()
    if not orders:
        return
    order, at = chance.choice(orders), clock.now()
    owner = next(each for each in people if each.id == order.member_id)
    clerk = db.session.get_one(Account, clerk_id)
    act = {"actor": clerk, "order": order, "at": at}
    chance.choice(
        [
            lambda: ordering.cancel(order=order, member=owner, at=at),
            lambda: handling.hand_out(**act),
            lambda: handling.take_back(**act, reason="退"),
            lambda: handling.prepare(**act, project=project, days=1),
            lambda: handling.keep_time(order=order, project=project, at=at + timedelta(days=2)),
        ]
    )()


def test_a_hundred_redemptions_of_ten_pieces(app, place, make_item):
    for number in range(PEOPLE - 1):
        give_points(factories.make_owner(place.project, name=f"业主{number}"), 100)
    item = make_item(price=10_000, stock=PIECES, member_most=MOST, at_once=2)
    rich = place.member.id
    about = (place.project.id, item.id, place.clerk.id)
    if db.engine.dialect.name == "sqlite":
        # One writer at a time: processes would wait for each other.
        assert sum(storm(*about, random.Random("1")).values()) == ACTS
    else:
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        home = str(app.extensions["portal.settings"].home)
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        env = {**os.environ, "PORTAL_HOME": home, "PYTHONPATH": path}
        db.session.remove()
        running = [
            start_code(WORK, url, *map(str, about), str(seed), env=env, cwd=ROOT)
            for seed in range(PROCESSES)
        ]
        said = [each.communicate(timeout=240)[0] for each in running]
        assert [text.split()[-1:] for text in said] == [[str(ACTS)]] * PROCESSES, said
    db.session.rollback()
    db.session.expire_all()
    orders = db.session.scalars(sa.select(Order)).all()
    found = db.session.scalars(sa.select(Item)).one()
    live = [order for order in orders if order.state in LIVE]
    done = [order for order in orders if order.state in DONE]
    assert len(orders) > PIECES
    assert found.reserved == sum(order.quantity for order in live)
    assert found.sold == sum(order.quantity for order in done)
    assert found.stock == PIECES - found.sold
    moved = db.session.scalar(sa.select(sa.func.sum(Movement.pieces))) or 0
    assert found.stock == PIECES + moved
    used = {row.member_id: row.used for row in db.session.scalars(sa.select(Used))}
    for member in db.session.scalars(sa.select(Member)):
        own = [order for order in (*live, *done) if order.member_id == member.id]
        assert used.get(member.id, 0) == sum(order.quantity for order in own) <= MOST
        figures = points_balance(member_ref(member))
        assert figures.held == sum(order.total for order in live if order.member_id == member.id)
        whole = (1000 if member.id == rich else 100) * 1000
        taken = sum(order.captured for order in own)
        assert figures.available + figures.held == whole - taken
    assert verify() == []
