"""What programs of owners get: vouchers with a QR of the minute, the card, the directory."""

from datetime import timedelta

import pytest

from plugins.rewards.models import Voucher
from plugins.rewards.states import Kind, Way
from plugins.rewards.vouchers import service
from portal import clock
from portal.extensions import db
from tests import factories
from tests.api.conftest import call
from tests.plugins.rewards.samples import add_sample
from tests.plugins.rewards.test_card import code_of
from tests.plugins.rewards.test_ordering import confirm, reserve
from tests.plugins.rewards.test_partners import make
from tests.plugins.rewards.test_vouchers import use

__all__ = ["call"]
AT, STAFF = "/p/binjiang/rewards", "/p/binjiang/staff/rewards"


@pytest.fixture
def moving(monkeypatch):
    """Give the clock into the test's hands."""
    at = [clock.now().replace(second=30, microsecond=0)]
    monkeypatch.setattr(clock, "source", lambda: at[0])
    return at


@pytest.fixture
def voucher(place, make_item):
    """A voucher of 100 yuan that the owner has redeemed."""
    item = make_item(kind=Kind.VOUCHER, way=Way.DELIVER)
    service.set_terms(actor=place.clerk, project=place.ref, item=item, worth=10_000, days=30)
    order = confirm(place, reserve(place, item))
    db.session.commit()
    return db.session.query(Voucher).filter_by(order_id=order.id).one()


def test_a_voucher_comes_with_a_qr_of_the_minute_and_its_uses(app, call, place, voucher, moving):
    owner, desk = call(place.member), factories.sign_in(app.test_client(), place.clerk)
    use(voucher, 2_500, clerk=place.clerk)
    db.session.commit()
    listed = owner("GET", f"{AT}/vouchers").json["items"]
    assert [(each["state"], each["worth"], each["left"]) for each in listed] == [
        ("good", 10_000, 7_500)
    ]
    assert "code" not in listed[0]
    one = owner("GET", f"{AT}/vouchers/{listed[0]['id']}").json
    assert [(each["amount"], each["left"]) for each in one["uses"]] == [(2_500, 7_500)]
    check = {"act": "check", "code": one["qr"]}
    assert code_of(desk.post(f"{STAFF}/vouchers", data=check)) == (200, "")
    moving[0] += timedelta(seconds=95)
    assert one["qr_until"] < clock.now().isoformat()
    assert code_of(desk.post(f"{STAFF}/vouchers", data=check))[1] == "VOUCHER_STALE"
    again = owner("GET", f"{AT}/vouchers/{listed[0]['id']}").json
    assert (again["code"], again["qr"] != one["qr"]) == (one["code"], True)
    neighbour = call(factories.make_owner(place.project))
    assert neighbour("GET", f"{AT}/vouchers").json["items"] == []
    assert neighbour("GET", f"{AT}/vouchers/{listed[0]['id']}").status_code == 404


@pytest.mark.parametrize("state", ["used", "expired", "void"])
def test_what_cannot_be_used_has_a_state_and_no_qr(call, place, voucher, state):
    if state == "used":
        use(voucher, 10_000)
    elif state == "expired":
        voucher.valid_until = clock.now() - timedelta(seconds=1)
    else:
        voucher.voided_at = clock.now()
    db.session.commit()
    shown = call(place.member)("GET", f"{AT}/vouchers/{voucher.public_id}").json
    assert (shown["state"], shown["qr"], shown["qr_until"]) == (state, None, None)


def test_the_card_has_the_digits_that_the_desk_reads(app, call, place, moving):
    shown = call(place.member)("GET", f"{AT}/card").json
    assert (shown["number"], shown["tier"]) == (place.member.card_number, None)
    assert shown["changes_at"] == (moving[0] + timedelta(seconds=30)).isoformat()
    desk = factories.sign_in(app.test_client(), place.clerk)
    assert place.member.name in desk.post(f"{STAFF}/card", data={"code": shown["qr"]}).text
    moving[0] += timedelta(minutes=2)
    assert code_of(desk.post(f"{STAFF}/card", data={"code": shown["qr"]}))[1] == "CARD_STALE"


def test_partners_tell_what_this_member_gets(call, place):
    owner = call(place.member)
    shop = make(place, **{"": {"zh_Hans_CN": "饮品九折"}, "gold": {"zh_Hans_CN": "饮品八折"}})
    listed = owner("GET", f"{AT}/partners").json["items"]
    assert [(each["id"], each["offer"]) for each in listed] == [(shop.public_id, "饮品九折")]
    shown = owner("GET", f"{AT}/partners/{shop.public_id}").json
    assert (shown["offer"], shown["items"]) == ("饮品九折", [])
    assert owner("GET", f"{AT}/partners?q=nothing").json["items"] == []
    assert owner("GET", f"{AT}/partners?category=x").status_code == 422
    shop.shown_at = None
    db.session.commit()
    assert owner("GET", f"{AT}/partners/{shop.public_id}").status_code == 404


def test_a_program_of_the_books_reads_statements_and_their_lines(call, place):
    names = add_sample(place.project, place.member)
    head, clerk = call(factories.make_staff("manager", place.project)), call(place.clerk)
    at = f"{AT}/settlement"
    listed = head("GET", f"{at}?month=2026-07&party=partner").json["items"]
    assert [(each["number"], each["name"], each["amount"], each["state"]) for each in listed] == [
        (1, "邻里咖啡", 800, "draft")
    ]
    assert head("GET", f"{at}?state=paid").json["items"] == []
    one = head("GET", f"{at}/{names['rewards.statement']}")
    assert one.json == listed[0]
    lines = head("GET", f"{at}/{names['rewards.statement']}/lines").json["items"]
    assert [(each["item"], each["pieces"], each["rate"], each["amount"]) for each in lines] == [
        (names["rewards.item"], 1, 800, 800)
    ]
    assert sum(each["amount"] for each in lines) == listed[0]["amount"]
    assert head("GET", f"{at}/{'A' * 22}").status_code == 404
    for page in ("", f"/{names['rewards.statement']}", f"/{names['rewards.statement']}/lines"):
        assert clerk("GET", f"{at}{page}").status_code == 403
