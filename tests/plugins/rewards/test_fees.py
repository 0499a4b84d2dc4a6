"""Fee credits: points stay set aside until the property company has answered, once."""

from datetime import date, timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from plugins.rewards import handling
from plugins.rewards.errors import RewardError
from plugins.rewards.fees.answering import apply_rows, read_rows, set_worth
from plugins.rewards.fees.booking import FeeWish, months_from
from plugins.rewards.models import FeeCredit, Order
from plugins.rewards.ordering import place as confirm_order
from plugins.rewards.states import Kind, State, Way
from portal import clock
from portal.extensions import db
from portal.notifications.models import Notification
from portal.plugin_host.refs import member_ref, project_ref
from portal.points.verify import verify
from portal.sdk import business_date, homes_of, points_balance
from tests import factories
from tests.api.conftest import call
from tests.plugins.rewards.conftest import give_points
from tests.plugins.rewards.test_ordering import refused, reserve

__all__ = ["call"]
DESK = "/p/binjiang/staff/rewards/"
API = "/api/v1/p/binjiang/rewards/fees"


@pytest.fixture
def fee_item(place, make_item):
    """100 yuan for 100 points, for the owner of a home."""
    item = make_item(kind=Kind.FEE, way=Way.DELIVER, stock=None, at_once=9)
    set_worth(actor=place.clerk, project=place.ref, item=item, worth=10_000)
    db.session.commit()
    return item


@pytest.fixture
def ask(place, fee_item):
    """Let the owner ask for credits; return the order."""

    def make(quantity=1):
        at = clock.now()
        order = confirm_order(
            order=reserve(place, fee_item, quantity), member=place.owner, project=place.ref,
            note="", days=14, at=at, fee=wish(place, at),
        )  # fmt: skip
        db.session.commit()
        return order

    return make


def wish(place, at):
    home = homes_of(place.owner, place.ref)[0]
    return FeeWish(home.public_id, months_from(business_date(place.ref.time_zone, at))[0])


def answers(place, text):
    rows = read_rows(("code,answer,reason,amount\n" + text).encode())
    told = apply_rows(actor=place.clerk, project=place.ref, rows=rows, at=clock.now())
    db.session.commit()
    return [each.result for each in told]


def figures(place):
    found = points_balance(place.owner)
    return found.available // 1000, found.held // 1000


def told():
    return set(db.session.scalars(sa.select(Notification.kind)))


def test_months_go_over_the_year():
    assert months_from(date(2026, 11, 30)) == ["2026-11", "2026-12", "2027-01"]


@pytest.mark.parametrize("text", ["", "a,b\n1,2", "\0", "code\n1"])
def test_a_file_without_a_heading_is_refused(app, text):
    with app.test_request_context(), pytest.raises(RewardError, match="BAD_TABLE") as caught:
        read_rows(text.encode())
    assert caught.value.said


def test_columns_come_in_any_order_with_a_mark_and_empty_lines(app):
    rows = read_rows("\ufeff原因,CODE,答复\n,ABC,confirmed\n\n,,\n坏,DEF,拒绝\n".encode())
    assert [(row.line, row.code, row.reason) for row in rows] == [(2, "ABC", ""), (5, "DEF", "坏")]
    with app.test_request_context(), pytest.raises(RewardError, match="BAD_TABLE"):
        read_rows(b"code,answer\n" + b"A,confirmed\n" * 501)


def test_confirmed_is_taken_and_refused_goes_back_however_often(app, place, ask):
    yes, no = ask(2), ask(1)
    assert figures(place) == (700, 300)
    both = f"{no.code},refused,账户不符,100\n{yes.code},确认,,200.00\n"
    assert answers(place, both) == ["done", "done"]
    assert answers(place, both) == ["repeated", "repeated"]
    assert answers(place, f"{yes.code},refused,late,\n{no.code},confirmed,,\n") == [
        "SETTLED_OTHERWISE",
        "SETTLED_OTHERWISE",
    ]
    db.session.expire_all()
    assert (yes.state, yes.captured, no.state) == (State.DELIVERED, 200_000, State.CANCELLED)
    assert figures(place) == (800, 0)
    assert {"rewards.sent", "rewards.refused"} <= told()
    assert verify() == []


def test_bad_rows_are_named_and_hinder_no_other(app, place, ask):
    good, other = ask(), ask()
    text = f"22222222222X,confirmed\n,confirmed\n{other.code},maybe\n{good.code},confirmed,,100\n"
    assert answers(place, text) == ["UNKNOWN_CODE", "UNKNOWN_CODE", "UNREADABLE", "done"]
    for row, result in (
        (",,", "NO_ANSWER"),
        ("refused,,", "NO_REASON"),
        ("confirmed,,99", "OTHER_AMOUNT"),
    ):
        assert answers(place, f"{other.code},{row}\n") == [result]
    assert (
        answers(place, f"{other.code},confirmed,,\n{other.code},refused,x,\n")
        == ["CONTRADICTING"] * 2
    )
    assert figures(place) == (800, 100)


def test_another_projects_code_is_unknown(app, place, ask):
    order = ask()
    elsewhere = factories.make_project(slug="riverside", name="Riverside")
    rows = read_rows(f"code,answer\n{order.code},confirmed\n".encode())
    found = apply_rows(actor=place.clerk, project=project_ref(elsewhere), rows=rows, at=clock.now())
    assert found[0].result == "UNKNOWN_CODE"


def test_without_an_answer_the_points_go_back_and_the_owner_is_told(app, place, ask):
    order, at = ask(), clock.now()
    handling.keep_time(order=order, project=place.ref, at=at + timedelta(days=29))
    assert order.state == State.PLACED
    handling.keep_time(order=order, project=place.ref, at=at + timedelta(days=31))
    db.session.commit()
    assert (order.state, figures(place)) == (State.EXPIRED, (1000, 0))
    assert "rewards.unanswered" in told()


def test_a_foreign_home_or_an_old_month_takes_nothing(app, place, fee_item):
    at = clock.now()
    mine = wish(place, at)
    stranger = factories.make_owner(place.project, name="别家")
    theirs = homes_of(member_ref(stranger), place.ref)[0].public_id
    order = reserve(place, fee_item)
    db.session.commit()
    for bad, code in (
        (FeeWish(theirs, mine.month), "NO_HOME"),
        (FeeWish(), "BAD_MONTH"),
        (FeeWish(mine.home, "1999-01"), "BAD_MONTH"),
    ):
        found = refused(
            confirm_order, order=order, member=place.owner, project=place.ref, note="x", days=1,
            at=at, fee=bad,
        )  # fmt: skip
        assert found.code == code
    assert db.session.scalar(sa.select(sa.func.count(FeeCredit.order_id))) == 0


def test_an_owner_chooses_and_staff_exchange_files(app, client, place, fee_item):
    owner = factories.sign_in(client, place.member)
    order = reserve(place, fee_item, 2)
    db.session.commit()
    mine = f"/p/binjiang/rewards/orders/{order.public_id}"
    assert "200.00" in owner.get(mine).text
    bad = owner.post(f"{mine}/confirm", data={"home": "x", "month": "2026-13"})
    assert (bad.status_code, db.session.get_one(Order, order.id).state) == (422, State.RESERVED)
    chosen = wish(place, clock.now())
    sent = owner.post(f"{mine}/confirm", data={"home": chosen.home, "month": chosen.month})
    assert sent.status_code == 303
    clerk = factories.sign_in(app.test_client(), place.clerk)
    assert "200.00" in clerk.get(f"{DESK}fees?month={chosen.month}").text
    answer = clerk.post(f"{DESK}fees.csv", buffered=True).data.decode("utf-8-sig")
    filled = answer.replace("200.00,,", "200.00,confirmed,")
    assert filled != answer
    assert clerk.post(f"{DESK}fees", data={"rows": "x"}).status_code == 422
    said = clerk.post(f"{DESK}fees", data={"rows": filled})
    assert (said.status_code, "已办理" in said.text) == (200, True)
    assert figures(place) == (800, 0)


def test_a_worth_is_whole_yuan(app, place, fee_item):
    clerk = factories.sign_in(app.test_client(), place.clerk)
    url = f"{DESK}{fee_item.public_id}/fee"
    for typed, status in (("0", 422), ("12.5", 422), ("x", 422), ("50", 303)):
        assert clerk.post(url, data={"worth": typed}).status_code == status
    assert 'value="50"' in clerk.get(url).text


def test_the_companys_program_answers(client, place, ask):
    give_points(place.member, 500)
    order = ask()
    token = factories.make_service_token("rewards.fees", project=place.project)
    headers = {"Authorization": f"Bearer {token}"}
    listed = client.get(API, headers=headers).json["items"]
    assert [(each["code"], each["amount"]) for each in listed] == [(order.code, 10_000)]
    body = {"items": [{"code": order.code, "answer": "confirmed"}]}
    for result in ("done", "repeated"):
        said = client.post(f"{API}/answers", json=body, headers=headers)
        assert said.json["items"] == [{"code": order.code, "result": result}]
    narrow = factories.make_service_token("rewards.serve", project=place.project)
    denied = client.post(f"{API}/answers", json=body, headers={"Authorization": f"Bearer {narrow}"})
    assert denied.status_code == 403


def test_the_file_is_looked_at_first_and_nothing_of_it_stays(app, place, ask):
    order = ask()
    clerk, url = factories.sign_in(app.test_client(), place.clerk), f"{DESK}fees"
    text = f"编号,答复\n{order.code},确认\nNONE,确认\n".encode("gb18030")
    looked = clerk.post(url, data={"act": "look", "file": (BytesIO(text), "answers.csv")})
    assert looked.status_code == 200
    assert "不是本项目" in looked.text or "没有" in looked.text
    assert f"{order.code},确认" in looked.text
    assert figures(place) == (900, 100)
    done = clerk.post(url, data={"file": (BytesIO(text), "answers.csv")})
    assert (done.status_code, figures(place)) == (200, (900, 0))
    bad = clerk.post(url, data={"rows": "第一列,第二列\n1,2"})
    assert (bad.status_code, "第一列" in bad.text) == (422, True)
