"""The pages: what owners and the staff see and may do."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from plugins.rewards.models import Favourite, Item, OpenWindow, Order
from plugins.rewards.states import Shown, State, Way
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import Household
from portal.plugin_host.refs import member_ref
from portal.sdk import points_balance
from tests import factories
from tests.api.conftest import call
from tests.plugins.rewards.conftest import give_points
from tests.plugins.rewards.test_ordering import confirm, reserve

__all__ = ["call"]
LIST = "/p/binjiang/rewards/"
DESK = "/p/binjiang/staff/rewards/"


@pytest.fixture
def owner(client, place):
    return factories.sign_in(client, place.member)


@pytest.fixture
def clerk(app, place):
    return factories.sign_in(app.test_client(), place.clerk)


def form(**changed):
    return {
        "version": "1", "kind": "gift", "way": "collect", "prepared": "y", "cover": "tea",
        "price": "120.5", "counts_stock": "y", "at_once": "2", "member_period": "year",
        "household_most": "2", "household_period": "half", "home": "", "place": "10",
        "title_zh_Hans_CN": "桂花乌龙", **changed,
    }  # fmt: skip


def only(model):
    return db.session.scalars(sa.select(model)).one()


def test_an_owner_redeems_and_the_desk_hands_out(owner, clerk, place, make_item):
    item = make_item(at_once=2)
    page = owner.get(f"{LIST}{item.public_id}").text
    assert "您可以兑换" in page
    price = re.search(r'name="price" value="(\d+)"', page)[1]
    answer = owner.post(f"{LIST}{item.public_id}/redeem", data={"price": price, "quantity": "2"})
    assert answer.status_code == 303
    assert "确认兑换" in owner.get(answer.location).text
    assert owner.post(f"{answer.location}/confirm").status_code == 303
    order = only(Order)
    assert (order.state, order.quantity) == (State.PLACED, 2)
    assert "明前龙井" in clerk.get(f"{DESK}orders").text
    found = clerk.get(f"{DESK}desk?code={order.code.lower()}").text
    assert place.member.name in found
    done = clerk.post(
        f"{DESK}orders/{order.public_id}/step", data={"step": "hand_out", "next": "desk"}
    )
    assert done.location.endswith("/desk")
    assert only(Order).state == State.COLLECTED
    again = clerk.post(f"{DESK}orders/{order.public_id}/step", data={"step": "prepare"})
    assert again.status_code == 409
    assert points_balance(place.owner).available == 800_000


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        ({"quantity": "0"}, 422, "整数件数"),
        ({"quantity": "-1"}, 422, "整数件数"),
        ({"quantity": "1.5"}, 422, "整数件数"),
        ({"price": "1"}, 409, "新的价格"),
        ({"price": "x" * 999}, 409, "新的价格"),
    ],
)
def test_bad_input_is_told_and_costs_nothing(owner, place, make_item, data, status, said):
    item = make_item(at_once=2)
    answer = owner.post(
        f"{LIST}{item.public_id}/redeem", data={"quantity": "1", "price": "100000", **data}
    )
    assert (answer.status_code, said in answer.text) == (status, True)
    assert points_balance(place.owner).held == 0


def test_another_price_is_shown_and_taken_once_it_is_confirmed(owner, place, make_item):
    item = make_item(price=100_000)
    url = f"{LIST}{item.public_id}"
    seen = re.search(r'name="price" value="(\d+)"', owner.get(url).text)[1]
    item.price = 130_000
    db.session.commit()
    late = owner.post(f"{url}/redeem", data={"price": seen, "quantity": "1"})
    assert (late.status_code, "新的价格" in late.text, "130" in late.text) == (409, True, True)
    assert points_balance(place.owner).held == 0
    shown = re.search(r'name="price" value="(\d+)"', late.text)[1]
    assert owner.post(f"{url}/redeem", data={"price": shown, "quantity": "1"}).status_code == 303
    assert points_balance(place.owner).held == 130_000


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [("withdrawn", 409, "下架"), ("closed", 409, "开放"), ("tier", 403, "等级"),
     ("gone", 409, "兑完"), ("limit", 409, "每户限 2 件")],
)  # fmt: skip
def test_what_changed_while_the_page_was_open_has_a_name(
    owner, place, make_item, change, status, said
):
    item = make_item(at_once=2, household_most=2, household_period="month")
    url = f"{LIST}{item.public_id}"
    assert "您可以兑换" in owner.get(url).text
    if change == "withdrawn":
        item.state = Shown.WITHDRAWN
    elif change == "closed":
        opens = clock.now() + timedelta(days=1)
        window = {"opens_at": opens, "closes_at": opens + timedelta(days=1)}
        factories.add(OpenWindow(item_id=item.id, **window))
    elif change == "tier":
        item.rules = {"tiers": {"gold": {"zh_Hans_CN": "金卡"}}}
    elif change == "gone":
        item.stock = 0
    else:
        home = db.session.get_one(Household, place.member.household_id)
        mate = factories.make_owner(place.project, household=home)
        give_points(mate, 500)
        reserve(place, item, 2, member=member_ref(mate))
    db.session.commit()
    answer = owner.post(f"{url}/redeem", data={"price": "100000", "quantity": "1"})
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert points_balance(place.owner).available == 1_000_000


def test_the_catalogue_shows_what_fits(owner, place, make_item):
    make_item(title="贵重大礼", price=5_000_000)
    make_item(title="草稿礼物", state=Shown.DRAFT)
    club = make_item(title="全会好礼", project_id=None)
    page = owner.get(LIST).text
    assert "贵重大礼" in page
    assert "全会好礼" in page
    assert "草稿礼物" not in page
    assert "贵重大礼" not in owner.get(f"{LIST}?within=now").text
    assert "全会好礼" in owner.get(f"{LIST}?q=全会").text
    assert "没有符合" in owner.get(f"{LIST}?kind=voucher").text
    owner.post(f"{LIST}{club.public_id}/mark")
    assert only(Favourite).item_id == club.id
    assert "贵重大礼" not in owner.get(f"{LIST}?within=marked").text


def test_staff_write_an_item_and_nothing_typed_is_lost(clerk, place):
    bad = clerk.post(f"{DESK}new", data=form(title_zh_Hans_CN="", title_en="Oolong", price="-1"))
    assert (bad.status_code, "Oolong" in bad.text) == (422, True)
    bad = clerk.post(f"{DESK}new", data=form(opens_1="2026-12-01T09:00"))
    assert bad.status_code == 422
    made = clerk.post(f"{DESK}new", data=form())
    assert made.status_code == 303
    item = only(Item)
    assert (item.price, item.stock, item.state) == (120_500, 0, Shown.DRAFT)
    assert clerk.get(f"{DESK}{item.public_id}/edit").status_code == 200
    assert clerk.post(f"{DESK}{item.public_id}/edit", data=form(price="80")).status_code == 303
    late = clerk.post(f"{DESK}{item.public_id}/edit", data=form(title_en="Late"))
    assert (late.status_code, "Late" in late.text) == (409, True)
    for kind, pieces, status in (("received", "5", 303), ("lost", "9", 409), ("lost", "x", 422)):
        url = f"{DESK}{item.public_id}/stock"
        assert clerk.post(url, data={"kind": kind, "pieces": pieces}).status_code == status
    clerk.post(f"{DESK}{item.public_id}/offer")
    db.session.expire_all()
    assert (only(Item).state, only(Item).stock) == (Shown.SHOWN, 5)
    acts = set(db.session.scalars(sa.select(AuditEntry.action)))
    assert {"rewards.item_written", "rewards.item_shown", "rewards.stock_moved"} <= acts


def test_the_clubs_items_are_not_the_projects_to_change(clerk, place, make_item):
    club = make_item(project_id=None)
    assert clerk.get(f"{DESK}{club.public_id}").status_code == 200
    assert clerk.get(f"{DESK}{club.public_id}/edit").status_code == 404
    assert clerk.post(f"{DESK}{club.public_id}/offer").status_code == 404


def test_orders_are_taken_as_a_file(clerk, place, make_item):
    confirm(place, reserve(place, make_item(way=Way.DELIVER)), note="=1+1")
    db.session.commit()
    answer = clerk.post(f"{DESK}orders.csv", data={"state": "all"}, buffered=True)
    assert "明前龙井" in answer.data.decode("utf-8-sig")
    answer = clerk.post(f"{DESK}orders.xlsx", data={"state": "all"}, buffered=True)
    assert BytesIO(answer.data).read(2) == b"PK"
    assert clerk.post(f"{DESK}orders.exe").status_code == 404


def test_a_refusal_needs_a_reason_and_gives_the_points_back(clerk, place, make_item):
    order = confirm(place, reserve(place, make_item()))
    db.session.commit()
    url = f"{DESK}orders/{order.public_id}/step"
    assert clerk.post(url, data={"step": "refuse"}).status_code == 422
    assert clerk.post(url, data={"step": "refuse", "reason": "缺货"}).status_code == 303
    assert points_balance(place.owner).available == 1_000_000


def test_programs_redeem_by_the_same_rules(call, place, make_item):
    owner, at = call(place.member), "/p/binjiang/rewards"
    item = make_item()
    assert [each["price"] for each in owner("GET", f"{at}/").json["items"]] == [100_000]
    shown = owner("GET", f"{at}/{item.public_id}").json
    assert [each["fulfilled"] for each in shown["reasons"]] == [True]
    late = owner("POST", f"{at}/{item.public_id}/redeem", {"price": 5})
    assert (late.status_code, late.json["code"], late.json["price"]) == (
        409,
        "PRICE_CHANGED",
        100_000,
    )
    order = owner("POST", f"{at}/{item.public_id}/redeem", {"price": shown["price"]})
    assert (order.status_code, order.json["state"]) == (201, "reserved")
    mine = f"{at}/orders/{order.json['id']}"
    assert owner("POST", f"{mine}/confirm", {}).json["state"] == "placed"
    assert [each["id"] for each in owner("GET", f"{at}/orders").json["items"]] == [order.json["id"]]
    assert owner("POST", f"{mine}/cancel").json["state"] == "cancelled"
    assert owner("POST", f"{at}/{item.public_id}/mark").json["favourite"] is True
