"""Holds, reversals, what is owed, transfers, and what a day brings."""

from datetime import timedelta
from fractions import Fraction

import pytest
import sqlalchemy as sa

from portal import clock
from portal.extensions import db
from portal.members.models import Household
from portal.points import expiring, holds, service
from portal.points.accounts import find_place
from portal.points.errors import PointsError
from portal.points.kinds import Kind, NegativePolicy, SpendOrder, System
from portal.points.models import Budget, Currency, Entry, Hold, Lot, Transaction
from portal.points.policies import rank_lots
from portal.points.terms import Terms
from tests.factories import add, make_member
from tests.points.helpers import (
    WHY,
    damage,
    earn,
    figures,
    hold,
    holder,
    key,
    noon,
    reverse,
    spend,
)

TODAY = clock.business_date("Asia/Shanghai")
SOON, LATER = TODAY + timedelta(days=5), TODAY + timedelta(days=50)

pytestmark = pytest.mark.usefixtures("app")


def test_a_hold_sets_points_aside_and_a_capture_spends_them() -> None:
    member = make_member()
    earn(member, 100_000)
    held = hold(member, 60_000)
    assert figures(member) == (40_000, 0, 60_000, 0)
    with pytest.raises(PointsError, match="not_enough"):
        spend(member, 40_001)
    service.capture(actor=None, hold_id=held.id, why=WHY)
    assert figures(member) == (40_000, 0, 0, 0)
    assert damage() == []


def test_part_of_a_hold_is_captured_and_the_rest_given_back() -> None:
    member = make_member()
    earn(member, 30_000, expires_on=SOON)
    earn(member, 70_000, expires_on=LATER)
    held = hold(member, 60_000)
    service.capture(actor=None, hold_id=held.id, why=WHY, amount=40_000)
    assert figures(member) == (60_000, 0, 0, 0)
    left = db.session.scalars(sa.select(Lot.remaining).order_by(Lot.expires_on)).all()
    assert left == [0, 60_000]
    assert damage() == []


def test_a_hold_ends_once() -> None:
    member = make_member()
    earn(member, 10_000)
    held = hold(member, 10_000)
    first = service.void(actor=None, hold_id=held.id, why=WHY)
    again = service.void(actor=None, hold_id=held.id, why=WHY)
    assert (again.id, again.is_new) == (first.id, False)
    with pytest.raises(PointsError, match="hold_ended") as refused:
        service.capture(actor=None, hold_id=held.id, why=WHY)
    assert refused.value.state == "voided"
    assert figures(member) == (10_000, 0, 0, 0)
    assert damage() == []


def test_a_hold_that_has_ended_is_not_closed_again() -> None:
    member = make_member()
    earn(member, 10_000)
    held = hold(member, 10_000)
    service.void(actor=None, hold_id=held.id, why=WHY)
    found = db.session.get(Hold, held.id)
    place = find_place(holder=holder(member), currency="redeemable", opposite=System.SPENT)
    with pytest.raises(PointsError, match="hold_ended"):
        holds._close(place, found, Kind.VOID, 0)


def test_more_than_is_held_is_not_captured() -> None:
    member = make_member()
    earn(member, 10_000)
    held = hold(member, 5_000)
    with pytest.raises(PointsError, match="over_held"):
        service.capture(actor=None, hold_id=held.id, why=WHY, amount=5_001)
    with pytest.raises(PointsError, match="unknown_hold"):
        service.void(actor=None, hold_id=0, why=WHY)


def test_a_hold_protects_its_lot_and_what_comes_back_late_expires_at_once() -> None:
    member, day = make_member(), TODAY - timedelta(days=10)
    earn(member, 10_000, expires_on=day + timedelta(days=2), at=noon(day))
    held = hold(member, 6_000, at=noon(day))
    assert figures(member) == (0, 0, 6_000, 0)
    service.capture(actor=None, hold_id=held.id, why=WHY, amount=2_000)
    assert figures(member) == (0, 0, 0, 0)
    amounts = dict(
        db.session.execute(
            sa.select(Transaction.kind, sa.func.sum(Transaction.amount)).group_by(Transaction.kind)
        ).all()
    )
    assert amounts == {"earn": 10_000, "hold": 6_000, "capture": 2_000, "expire": 8_000}
    assert damage() == []


def test_a_hold_whose_time_is_over_is_not_captured_and_given_back() -> None:
    member = make_member()
    earn(member, 10_000)
    held = hold(member, 6_000, ends_at=clock.now() - timedelta(seconds=1))
    with pytest.raises(PointsError, match="hold_ended"):
        service.capture(actor=None, hold_id=held.id, why=WHY)
    assert expiring.time_out_batch() == 1
    assert expiring.time_out_batch() == 0
    assert figures(member) == (10_000, 0, 0, 0)
    assert damage() == []


def test_a_reversed_spend_gives_the_same_lots_back() -> None:
    member = make_member()
    earn(member, 30_000, expires_on=SOON)
    earn(member, 70_000, expires_on=LATER)
    spent = spend(member, 50_000)
    reverse(spent)
    rows = db.session.execute(sa.select(Lot.expires_on, Lot.remaining).order_by(Lot.expires_on))
    assert [tuple(row) for row in rows] == [(SOON, 30_000), (LATER, 70_000)]
    with pytest.raises(PointsError, match="reversed_already"):
        reverse(spent)
    assert damage() == []


def test_a_spend_is_reversed_in_parts_and_never_beyond_it() -> None:
    member = make_member()
    earn(member, 100_000)
    spent = spend(member, 10_000)
    third = reverse(spent, ratio=Fraction(1, 3))
    assert third.amount == 3_333
    reverse(spent, amount=3_000)
    with pytest.raises(PointsError, match="reversed_already"):
        reverse(spent, amount=3_668)
    rest = reverse(spent)
    assert rest.amount == 3_667
    assert figures(member) == (100_000, 0, 0, 0)
    assert damage() == []


def test_restored_points_past_their_last_day_expire_at_once() -> None:
    member, day = make_member(), TODAY - timedelta(days=10)
    earn(member, 10_000, expires_on=day + timedelta(days=2), at=noon(day))
    spent = spend(member, 6_000, at=noon(day))
    reverse(spent)
    assert figures(member) == (0, 0, 0, 0)
    expired = db.session.scalars(
        sa.select(Transaction.amount).where(Transaction.kind == "expire")
    ).all()
    assert sum(expired) == 10_000
    assert damage() == []


def test_a_clawback_beyond_the_balance_is_owed_and_paid_by_later_earnings() -> None:
    member = make_member()
    earned = earn(member, 50_000)
    spend(member, 40_000)
    reverse(earned)
    assert figures(member) == (0, 0, 0, 40_000)
    earn(member, 15_000)
    assert figures(member) == (0, 0, 0, 25_000)
    earn(member, 30_000)
    assert figures(member) == (5_000, 0, 0, 0)
    assert damage() == []


def test_what_matured_meanwhile_pays_before_what_is_earned_now() -> None:
    member, day = make_member(), TODAY - timedelta(days=9)
    earned = earn(member, 40_000, at=noon(day))
    spend(member, 40_000, at=noon(day))
    terms = Terms(matures_on=day + timedelta(days=2), expires_on=LATER)
    earn(member, 50_000, terms=terms, at=noon(day))
    reverse(earned, at=noon(day))
    earn(member, 30_000, expires_on=SOON)
    rows = db.session.execute(
        sa.select(Lot.expires_on, Lot.remaining).where(Lot.remaining > 0).order_by(Lot.expires_on)
    )
    assert [tuple(row) for row in rows] == [(SOON, 30_000), (LATER, 10_000)]
    assert figures(member) == (40_000, 0, 0, 0)
    assert damage() == []


def test_a_clawback_spares_what_is_held_and_takes_it_when_given_back() -> None:
    member = make_member()
    earned = earn(member, 50_000)
    held = hold(member, 20_000)
    reverse(earned)
    assert figures(member) == (0, 0, 20_000, 20_000)
    service.void(actor=None, hold_id=held.id, why=WHY)
    assert figures(member) == (0, 0, 0, 0)
    assert damage() == []


def test_what_expired_is_not_clawed_back_again() -> None:
    member, day = make_member(), TODAY - timedelta(days=10)
    earned = earn(member, 10_000, expires_on=day + timedelta(days=2), at=noon(day))
    earn(member, 5_000)
    spend(member, 1_000)
    reverse(earned)
    assert figures(member) == (4_000, 0, 0, 0)
    assert damage() == []


def test_pending_points_are_reversed_where_they_are() -> None:
    member = make_member()
    earned = earn(member, 10_000, terms=Terms(waits=True))
    reverse(earned, amount=4_000)
    assert figures(member) == (0, 6_000, 0, 0)
    reverse(earned)
    with pytest.raises(PointsError, match="not_pending"):
        service.mature(actor=None, posting_id=earned.id)
    assert figures(member) == (0, 0, 0, 0)
    assert damage() == []


def test_a_reversal_is_not_reversed() -> None:
    member = make_member()
    earn(member, 10_000)
    back = reverse(spend(member, 1_000))
    with pytest.raises(PointsError, match="not_reversible"):
        reverse(back)


@pytest.mark.parametrize(
    ("policy", "limit", "allowed"),
    [
        (NegativePolicy.FORBID, 0, False),
        (NegativePolicy.LIMIT, 9_999, False),
        (NegativePolicy.LIMIT, 10_000, True),
        (NegativePolicy.REVERSAL, 0, True),
    ],
)
def test_the_policy_says_how_much_may_be_owed(policy: str, limit: int, *, allowed: bool) -> None:
    member = make_member()
    earned = earn(member, 10_000)
    spend(member, 10_000)
    db.session.execute(sa.update(Currency).values(negative_policy=policy, negative_limit=limit))
    db.session.commit()
    if allowed:
        reverse(earned)
    else:
        with pytest.raises(PointsError, match="not_enough"):
            reverse(earned)
        db.session.rollback()
    assert figures(member) == (0, 0, 0, 10_000 if allowed else 0)
    assert damage() == []


def test_points_move_within_a_household_with_their_last_day() -> None:
    giver = make_member()
    receiver = make_member(household=db.session.get(Household, giver.household_id))
    earn(giver, 30_000, expires_on=SOON)
    earn(giver, 70_000, expires_on=LATER)
    done = service.transfer(
        actor=None, giver_id=giver.id, receiver_id=receiver.id, amount=50_000, key="t", why=WHY
    )
    again = service.transfer(
        actor=None, giver_id=giver.id, receiver_id=receiver.id, amount=50_000, key="t", why=WHY
    )
    assert (again.id, again.is_new) == (done.id, False)
    assert (figures(giver)[0], figures(receiver)[0]) == (50_000, 50_000)
    days = db.session.execute(
        sa.select(Lot.expires_on, Lot.remaining)
        .where(Lot.remaining > 0)
        .order_by(Lot.expires_on, Lot.remaining)
    ).all()
    assert [tuple(row) for row in days] == [(SOON, 30_000), (LATER, 20_000), (LATER, 50_000)]
    assert damage() == []


def test_transfers_have_limits() -> None:
    giver = make_member()
    receiver = make_member(household=db.session.get(Household, giver.household_id))
    earn(giver, 20_000_000)

    def give(amount: int, to: int) -> None:
        service.transfer(
            actor=None, giver_id=giver.id, receiver_id=to, amount=amount, key=key(), why=WHY
        )

    give(6_000_000, receiver.id)
    with pytest.raises(PointsError, match="over_limit"):
        give(4_000_001, receiver.id)
    give(4_000_000, receiver.id)
    with pytest.raises(PointsError, match="other_household"):
        give(1, make_member().id)
    with pytest.raises(PointsError, match="same_member"):
        give(1, giver.id)
    assert figures(giver)[0] == 10_000_000


def test_a_campaign_stops_at_its_budget() -> None:
    add(Budget(code="spring", total=25_000))
    terms = Terms(budget="spring")
    earn(make_member(), 10_000, terms=terms)
    earn(make_member(), 10_000, terms=terms)
    last = make_member()
    with pytest.raises(PointsError, match="budget_spent"):
        earn(last, 10_000, terms=terms)
    db.session.rollback()
    earn(last, 5_000, terms=terms)
    assert db.session.scalar(sa.select(Budget.used)) == 25_000
    assert damage() == []


@pytest.mark.parametrize(
    ("order", "left"),
    [
        (SpendOrder.EXPIRY_FIRST, ["bonus", "old"]),
        (SpendOrder.OLDEST_FIRST, ["bonus", "soon"]),
        (SpendOrder.BONUS_FIRST, ["old", "soon"]),
    ],
)
def test_the_club_says_which_points_go_first(order: str, left: list[str]) -> None:
    member = make_member()
    day = TODAY - timedelta(days=20)
    lots = {
        "old": earn(member, 1_000, expires_on=LATER, at=noon(day)),
        "soon": earn(member, 1_000, expires_on=SOON),
        "bonus": earn(member, 1_000, terms=Terms(expires_on=LATER, bonus=True)),
    }
    currency = db.session.scalars(sa.select(Currency).where(Currency.key == "redeemable")).one()
    currency.spend_order = order
    rank_lots(currency.id, order)
    db.session.commit()
    spend(member, 1_000)
    rest = set(
        db.session.scalars(
            sa.select(Entry.transaction_id).join(Lot, Lot.id == Entry.id).where(Lot.remaining > 0)
        )
    )
    assert sorted(name for name, posting in lots.items() if posting.id in rest) == left
    assert damage() == []


def test_the_job_books_what_nobody_asked_about() -> None:
    day = TODAY - timedelta(days=40)
    members = [make_member() for _ in range(5)]
    for member in members:
        earn(member, 10_000, expires_on=day + timedelta(days=3), at=noon(day))
        earn(member, 20_000, expires_on=day + timedelta(days=9), at=noon(day))
        earn(member, 5_000, expires_on=LATER, at=noon(day))
    earn(members[0], 7_000, terms=Terms(matures_on=TODAY - timedelta(days=1)), at=noon(day))
    before = [figures(member) for member in members]
    assert before[:2] == [(12_000, 0, 0, 0), (5_000, 0, 0, 0)]
    report = expiring.due_report()
    assert (report.accounts, report.lots, report.points) == (5, 10, 150_000)
    after, lots = 0, 0
    while (batch := expiring.expire_batch(after=after, size=2)).after is not None:
        after, lots = batch.after, lots + batch.lots
        db.session.commit()
    assert lots == 8  # the account with pending points is booked by hand
    assert [figures(member) for member in members] == before
    assert expiring.due_report().lots == 0
    assert expiring.expire_batch().accounts == 0
    db.session.commit()
    assert damage() == []
