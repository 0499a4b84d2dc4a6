"""Redeeming: stock, limits and points move together, whatever comes of an order."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from plugins.rewards import handling, ordering, service
from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item, Movement, OpenWindow, Order, Step, TierPrice, Used
from plugins.rewards.ordering import pieces
from plugins.rewards.rules import period_of
from plugins.rewards.states import Period, Shown, State, Way
from portal import clock
from portal.extensions import db
from portal.points.models import Lot
from portal.points.terms import Terms
from portal.points.verify import verify
from portal.sdk import points_balance
from tests import factories
from tests.plugins.rewards.conftest import give_points


def reserve(place, item, quantity=1, price=None, member=None, at=None):
    return ordering.reserve(
        item_id=item.id,
        member=member or place.owner,
        project=place.ref,
        quantity=quantity,
        price_seen=item.price if price is None else price,
        at=at or clock.now(),
    )


def confirm(place, order, note="", at=None):
    return ordering.place(
        order=order, member=place.owner, project=place.ref, note=note, days=14,
        at=at or clock.now(),
    )  # fmt: skip


def counts(item):
    db.session.expire_all()
    found = db.session.get_one(Item, item.id)
    return found.stock, found.reserved, found.sold


def refused(act, *args, **kwargs):
    with pytest.raises(RewardError) as caught:
        act(*args, **kwargs)
    db.session.rollback()
    return caught.value


def test_an_order_goes_its_way_and_the_points_are_taken_once(app, place, make_item):
    item = make_item()
    order = confirm(place, reserve(place, item, 1))
    db.session.commit()
    assert (order.state, counts(item)) == (State.PLACED, (10, 1, 0))
    assert points_balance(place.owner).available == 900_000
    act = {"actor": place.clerk, "order": order, "at": clock.now()}
    handling.prepare(**act, project=place.ref, days=14)
    for _ in range(2):
        handling.hand_out(**act)
        db.session.commit()
    assert (order.state, order.captured, counts(item)) == (State.COLLECTED, 100_000, (9, 0, 1))
    figures = points_balance(place.owner)
    assert (figures.available, figures.held) == (900_000, 0)
    handling.take_back(**act, reason="杯子碎了")
    db.session.commit()
    assert (order.state, order.refunded, counts(item)) == (State.RETURNED, 100_000, (10, 0, 0))
    assert points_balance(place.owner).available == 1_000_000
    steps = db.session.scalars(sa.select(Step.state).order_by(Step.at, Step.id)).all()
    assert sorted(steps) == sorted(["reserved", "placed", "ready", "collected", "returned"])
    assert db.session.scalar(sa.select(sa.func.sum(Movement.pieces))) == 0
    assert verify() == []


def test_the_captured_price_is_the_one_of_the_order(app, place, make_item):
    item = make_item(price=100_000)
    order = confirm(place, reserve(place, item))
    item.price = 300_000
    db.session.commit()
    handling.hand_out(actor=place.clerk, order=order, at=clock.now())
    assert order.captured == 100_000
    # The database itself refuses another amount.
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.update(Order).values(captured=300_000))


@pytest.mark.parametrize("how", ["cancel", "time"])
def test_what_ends_early_restores_the_same_lots(app, place, make_item, how):
    give_points(place.member, 50, terms=Terms(expires_on=date(2099, 1, 31)))
    lots = sa.select(Lot.id, Lot.remaining, Lot.held, Lot.expires_on).order_by(Lot.id)
    before = db.session.execute(lots).all()
    item = make_item(household_most=2, household_period=Period.EVER, at_once=2)
    order = reserve(place, item, 2)
    assert db.session.scalars(sa.select(Used.used)).all() == [2]
    assert db.session.execute(lots).all() != before
    if how == "cancel":
        ordering.cancel(order=order, member=place.owner, at=clock.now())
        ordering.cancel(order=order, member=place.owner, at=clock.now())
    else:
        later = clock.now() + timedelta(minutes=16)
        handling.keep_time(order=order, project=place.ref, at=later)
    db.session.commit()
    assert order.state == (State.CANCELLED if how == "cancel" else State.EXPIRED)
    assert (counts(item), db.session.scalars(sa.select(Used.used)).all()) == ((10, 0, 0), [0])
    assert db.session.execute(lots).all() == before


def test_two_phones_get_the_same_reservation(app, place, make_item):
    item = make_item(stock=1)
    first = reserve(place, item)
    assert reserve(place, item).id == first.id
    assert counts(item) == (1, 1, 0)
    # Another quantity or price begins anew, and gives the first back.
    item = make_item(stock=2, at_once=2)
    one = reserve(place, item, 1)
    two = reserve(place, item, 2)
    assert (one.state, two.state, counts(item)) == (State.CANCELLED, State.RESERVED, (2, 2, 0))


@pytest.mark.parametrize("quantity", ["0", "-1", "1.5", "", "two", "٣", True, 10**9])
def test_a_quantity_that_is_none_is_refused(quantity):
    with pytest.raises(RewardError) as caught:
        pieces(quantity)
    assert caught.value.code == "BAD_QUANTITY"


def test_what_is_in_the_way_has_a_name_and_leaves_the_points(app, place, make_item):
    now = clock.now()
    gone, sold_out = make_item(state=Shown.WITHDRAWN), make_item(stock=0)
    closed, dear = make_item(), make_item(price=2_000_000)
    tiered = make_item(rules={"tiers": {"gold": {"en": "Gold"}}})
    homely, few = make_item(rules={"home": "owner"}), make_item(member_most=1, at_once=2)
    opens = now + timedelta(days=1)
    window = {"opens_at": opens, "closes_at": opens + timedelta(days=1)}
    factories.add(OpenWindow(item_id=closed.id, **window))
    db.session.commit()
    stranger = factories.make_member()
    give_points(stranger, 500)
    from portal.plugin_host.refs import member_ref

    ref = member_ref(stranger)
    codes = {
        "WITHDRAWN": (gone, 1, place.owner),
        "SOLD_OUT": (sold_out, 1, place.owner),
        "WINDOW_CLOSED": (closed, 1, place.owner),
        "NOT_ENOUGH_POINTS": (dear, 1, place.owner),
        "NOT_YOUR_TIER": (tiered, 1, place.owner),
        "NOT_AN_OWNER": (homely, 1, ref),
        "MEMBER_LIMIT": (few, 2, place.owner),
        "TOO_MANY": (homely, 2, place.owner),
    }
    for code, (item, quantity, who) in codes.items():
        assert refused(reserve, place, item, quantity, member=who).code == code
    assert points_balance(place.owner).held == 0
    assert db.session.scalar(sa.select(sa.func.count(Order.id))) == 0


def test_another_price_is_shown_before_it_is_taken(app, place, make_item):
    item = make_item(price=100_000)
    error = refused(reserve, place, item, price=90_000)
    assert (error.code, error.price) == ("PRICE_CHANGED", 100_000)
    assert reserve(place, item).price == 100_000


def test_a_tier_has_a_price_of_its_own(app, place, make_item):
    from plugins.rewards.rules import price_for

    item = make_item()
    factories.add(TierPrice(item_id=item.id, tier="gold", price=80_000))
    db.session.refresh(item, ["prices"])
    assert (price_for(item, "gold"), price_for(item, "blue")) == (80_000, 100_000)


def test_limits_count_by_their_period(app, place, make_item):
    item = make_item(member_most=1, member_period=Period.MONTH)
    confirm(place, reserve(place, item))
    assert refused(reserve, place, item).code == "MEMBER_LIMIT"


@pytest.mark.parametrize(
    ("period", "key"),
    [("ever", ""), ("year", "2026"), ("half", "2026H2"), ("quarter", "2026Q3"),
     ("month", "2026-07")],
)  # fmt: skip
def test_a_period_has_a_key(period, key):
    assert period_of(period, date(2026, 7, 1)) == key


def test_what_is_brought_needs_an_address_and_is_sent(app, place, make_item):
    item = make_item(way=Way.DELIVER)
    order = reserve(place, item)
    db.session.commit()
    assert refused(confirm, place, order).code == "NO_ADDRESS"
    confirm(place, order, note="2 栋 1502")
    db.session.commit()
    act = {"actor": place.clerk, "order": order, "at": clock.now()}
    assert refused(handling.hand_out, **act).code == "NOT_READY"
    handling.send(**act, project=place.ref)
    db.session.commit()
    assert (order.state, order.captured, counts(item)) == (State.DELIVERED, 100_000, (9, 0, 1))


def test_a_late_confirmation_is_too_late(app, place, make_item):
    order = reserve(place, make_item())
    db.session.commit()
    error = refused(confirm, place, order, at=clock.now() + timedelta(hours=1))
    assert error.code == "RESERVATION_OVER"


def test_stock_is_moved_with_reasons_and_never_below_what_is_set_aside(app, place, make_item):
    item = make_item(stock=2)
    reserve(place, item)
    db.session.commit()
    act = {"actor": place.clerk, "item": item, "note": ""}
    assert refused(service.change_stock, **act, kind="lost", pieces=2).code == "BELOW_RESERVED"
    service.change_stock(**act, kind="received", pieces=3)
    service.change_stock(**act, kind="counted", pieces=4)
    db.session.commit()
    assert counts(item) == (4, 1, 0)
    with pytest.raises(sa.exc.DBAPIError):
        db.session.execute(sa.update(Movement).values(pieces=9))
