"""Bonus points: what an owner may spend with them, and that they stay bonus when given away."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.extensions import db
from portal.members.models import Household
from portal.points import queries, service
from portal.points.errors import PointsError
from portal.points.kinds import SpendOrder
from portal.points.models import Lot
from portal.points.queries import Figures
from portal.points.terms import Terms
from tests.api.conftest import call
from tests.factories import make_member, sign_in
from tests.points.helpers import WHY, earn, figures, holder, key, noon, spend
from tests.points.test_pages import page
from tests.points.test_policies import TODAY, club_says, sound

__all__ = ["call"]


def of(member: Any) -> Figures:
    """Return a member's figures."""
    return queries.balance(holder(member))


def test_what_may_be_spent_counts_the_bonus_points_that_go_first(client: FlaskClient) -> None:
    club_says("bonus")
    club_says(spend_order=SpendOrder.BONUS_ACROSS)
    member = make_member()
    earn(member, 10_000)
    earn(member, 3_000, currency="bonus")
    yesterday = TODAY - timedelta(days=1)
    earn(member, 500, currency="bonus", expires_on=yesterday, at=noon(yesterday))
    assert (of(member).available, of(member).bonus, of(member).spendable) == (10_000, 3_000, 13_000)
    assert queries.balance(holder(member), "bonus").bonus == 0
    sign_in(client, member)
    assert "3 bonus points are used first: 13 to spend" in page(client)
    spend(member, 13_000)
    assert (of(member).available, of(member).spendable) == (0, 0)
    assert "bonus points are used first:" not in page(client)
    sound()


def test_bonus_points_pay_what_is_owed_before_anything_is_spent(app: Any) -> None:
    club_says("bonus")
    club_says(spend_order=SpendOrder.BONUS_ACROSS)
    member = make_member()
    earned = earn(member, 2_000)
    spend(member, 2_000)
    service.reverse(actor=None, posting_id=earned.id, key=key(), why=WHY)
    earn(member, 3_000, currency="bonus")
    assert (of(member).owed, of(member).spendable) == (2_000, 1_000)
    with pytest.raises(PointsError, match="not_enough"):
        spend(member, 1_001)
    spend(member, 1_000)
    assert (of(member).owed, of(member).spendable) == (0, 0)
    sound()


def test_figures_are_whole_numbers_that_a_posting_takes(app: Any) -> None:
    member = make_member()
    earn(member, 1_500)
    found = of(member)
    numbers = [value for value in vars(found).values() if value is not None]
    assert {type(value) for value in numbers if not isinstance(value, date)} == {int}
    spend(member, found.spendable)


@pytest.mark.parametrize("order", [SpendOrder.EXPIRY_FIRST, SpendOrder.BONUS_FIRST])
def test_elsewhere_bonus_points_are_a_currency_of_their_own(app: Any, order: SpendOrder) -> None:
    club_says("bonus")
    club_says(spend_order=order)
    member, other = make_member(), make_member()
    earn(member, 1_000)
    earn(member, 3_000, currency="bonus")
    earn(other, 7_000, currency="bonus")
    assert (of(member).bonus, of(member).spendable) == (0, 1_000)


def test_a_program_is_told_what_may_be_spent(call: Any) -> None:
    club_says("bonus")
    club_says(spend_order=SpendOrder.BONUS_ACROSS)
    member, other = make_member(), make_member()
    earn(member, 1_000)
    earn(member, 3_000, currency="bonus")
    earn(other, 7_000, currency="bonus")
    found = call(member)("GET", "/me/points").json["items"]
    assert [(each["currency"], each["available"], each["spendable"]) for each in found] == [
        ("redeemable", 1_000, 4_000),
        ("bonus", 3_000, 3_000),
    ]


def test_bonus_points_that_are_given_away_stay_bonus_points(app: Any) -> None:
    club_says(spend_order=SpendOrder.BONUS_FIRST)
    giver = make_member()
    receiver = make_member(household=db.session.get(Household, giver.household_id))
    earn(receiver, 500)
    earn(giver, 2_000, terms=Terms(expires_on=TODAY + timedelta(days=9)))
    earn(giver, 1_000, terms=Terms(expires_on=TODAY + timedelta(days=90), bonus=True))
    service.transfer(
        actor=None, giver_id=giver.id, receiver_id=receiver.id, amount=1_500, key=key(), why=WHY
    )
    db.session.commit()
    account_id = of(receiver).account_id
    lots = sa.select(Lot.remaining, Lot.bonus).where(Lot.account_id == account_id)
    assert sorted(db.session.execute(lots).tuples()) == [(500, False), (500, False), (1_000, True)]
    spend(receiver, 1_000)
    assert sorted(db.session.execute(lots).tuples())[0] == (0, True)
    assert figures(receiver)[0] == 1_000
    sound()
