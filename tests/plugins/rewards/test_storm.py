"""A hundred redemptions of ten pieces from several processes, with time-outs, cancels, two phones
of one household and a desk; one voucher on three phones: stock, limits, worth and ledger hold."""

import base64
import http.client
import os
import random
import re
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from plugins.rewards import handling, ordering
from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item, Movement, Order, Used, Voucher, VoucherUse
from plugins.rewards.states import DONE, LIVE, Kind, Way
from plugins.rewards.vouchers import service
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Household, Member
from portal.plugin_host.refs import member_ref, project_ref
from portal.points.verify import verify
from portal.projects.models import Project
from portal.sdk import points_balance
from tests import factories, services
from tests.forks import start_code
from tests.plugins.rewards.conftest import give_points
from tests.plugins.rewards.test_ordering import confirm, reserve

ROOT = Path(__file__).parents[3]
PROCESSES, PEOPLE, PIECES, MOST, HOUSE_MOST = 4, 6, 10, 4, 5
ACTS = int(os.environ.get("PORTAL_TEST_STORM", "25"))
CALL = "import sys; from tests.plugins.rewards import test_storm as t; t.{}(*sys.argv[1:])"
ROUNDS = 5


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


def serve(url, port):
    """Be a server for phones."""
    from werkzeug.serving import make_server

    made = app_of(url)
    made.config["WTF_CSRF_ENABLED"] = False
    server = make_server("127.0.0.1", int(port), made, threaded=True)
    print("ready", flush=True)
    server.serve_forever()


def start(app, name, *arguments):
    """Start a process that is one of the functions above."""
    home = str(app.extensions["portal.settings"].home)
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PORTAL_HOME": home, "PYTHONPATH": path}
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    return start_code(CALL.format(name), url, *arguments, env=env, cwd=ROOT)


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
    home = db.session.get_one(Household, place.member.household_id)
    for number in range(PEOPLE - 1):
        mate = {"household": home} if not number else {}
        give_points(factories.make_owner(place.project, name=f"业主{number}", **mate), 100)
    item = make_item(
        price=10_000, stock=PIECES, at_once=2, member_most=MOST, household_most=HOUSE_MOST
    )
    rich = place.member.id
    about = (place.project.id, item.id, place.clerk.id)
    if db.engine.dialect.name == "sqlite":
        # One writer at a time: processes would wait for each other.
        assert sum(storm(*about, random.Random("1")).values()) == ACTS
    else:
        db.session.remove()
        running = [start(app, "work", *map(str, about), str(seed)) for seed in range(PROCESSES)]
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
    houses = {row.household_id: row.used for row in db.session.scalars(sa.select(Used))}
    for house in db.session.scalars(sa.select(Household.id)):
        own = [order for order in (*live, *done) if order.household_id == house]
        assert houses.get(house, 0) == sum(order.quantity for order in own) <= HOUSE_MOST
    for member in db.session.scalars(sa.select(Member)):
        own = [order for order in (*live, *done) if order.member_id == member.id]
        assert used.get(member.id, 0) == sum(order.quantity for order in own) <= MOST
        figures = points_balance(member_ref(member))
        assert figures.held == sum(order.total for order in live if order.member_id == member.id)
        whole = (1000 if member.id == rich else 100) * 1000
        taken = sum(order.captured for order in own)
        assert figures.available + figures.held == whole - taken
    assert verify() == []


@pytest.fixture
def servers(app):
    """The ports of two servers; none where only one process may write."""
    if db.engine.dialect.name == "sqlite":
        yield []
        return
    ports = [services._free_port() for _ in range(2)]
    running = [start(app, "serve", str(port)) for port in ports]
    for each in running:
        while "ready" not in Path(each.output.name).read_text("utf-8"):
            each.process.join(0.05)
            assert each.process.exitcode is None, each.communicate(1)[0]
    yield ports
    for each in running:
        each.kill()
        each.communicate(10)


class Phone:
    """Somebody who checks a voucher and takes 30 yuan off it, again and again."""

    def __init__(self, client, port, address, code):
        self.client, self.port, self.address, self.code = client, port, address, code
        self.cookie = client.get_cookie("portal")
        self.said = Counter()

    def post(self, **data):
        if not self.port:
            answer = self.client.post(self.address, data=data)
            return answer.status_code, answer.text
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": "localhost"}
        if self.cookie:
            headers["Cookie"] = f"portal={self.cookie.value}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", self.address, urlencode(data), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def go(self):
        for _ in range(ROUNDS):
            _, page = self.post(act="check", code=self.code)
            seen = re.search(r'name="seen" value="(\d+)"', page)
            if seen:
                use = {"act": "use", "code": self.code, "seen": seen[1], "amount": "30"}
                self.said[self.post(**use)[0]] += 1


def test_a_voucher_on_three_phones_gives_what_it_is_worth(app, place, make_item, servers):
    item = make_item(kind=Kind.VOUCHER, way=Way.DELIVER)
    service.set_terms(actor=place.clerk, project=place.ref, item=item, worth=10_000, days=30)
    order = confirm(place, reserve(place, item))
    db.session.commit()
    code = db.session.scalars(sa.select(Voucher.code).where(Voucher.order_id == order.id)).one()
    desk = factories.sign_in(app.test_client(), place.clerk)
    url = "/p/binjiang/staff/rewards"
    made = desk.post(f"{url}/{item.public_id}/vouchers", data={"act": "link"}).text
    link = "/t/rewards/" + made.partition("/t/rewards/")[2].partition("<")[0] + "/use"
    ports = servers or [0, 0]
    phones = [
        Phone(desk, ports[0], f"{url}/vouchers", code),
        *(Phone(app.test_client(), port, link, code) for port in ports),
    ]
    db.session.remove()
    if servers:
        running = [threading.Thread(target=phone.go) for phone in phones]
        for each in running:
            each.start()
        for each in running:
            each.join(60)
    else:
        for phone in phones:
            phone.go()
    said = sum((phone.said for phone in phones), Counter())
    assert said[200] == 3, said
    assert all(phone.said for phone in phones)
    assert set(said) <= {200, 409, 422}
    left = db.session.scalars(sa.select(Voucher.left_over).where(Voucher.code == code)).one()
    taken = db.session.scalars(sa.select(VoucherUse.amount)).all()
    assert (left, taken) == (1_000, [3_000] * 3)
