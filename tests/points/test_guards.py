"""Guards of the ledger's statements that stand behind another wall: the wall is taken out, and the
guard alone must hold. Those with nothing before them are tried by every other test.
"""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal.extensions import db
from portal.members.models import Household, Member
from portal.points import expiring, queries, service
from portal.points.accounts import find_place, place_of
from portal.points.due import mature_lot
from portal.points.errors import PointsError
from portal.points.kinds import NEVER, SpendOrder, System
from portal.points.ledger import LedgerDamagedError, Take
from portal.points.lots import hold_lots, use_lots
from portal.points.models import Balance, Lot
from portal.points.terms import Terms
from tests.factories import make_member
from tests.points.helpers import WHY, earn, figures, hold, holder, key, noon, reverse, spend
from tests.points.test_policies import TODAY, club_says

pytestmark = pytest.mark.usefixtures("app")
ORDERS = [SpendOrder.EXPIRY_FIRST, SpendOrder.OLDEST_FIRST]
YESTERDAY = TODAY - timedelta(days=1)


def change(model: type, **values: object) -> None:
    """Write past the ledger what it would never write."""
    db.session.execute(sa.update(model).values(values).execution_options(synchronize_session=False))
    db.session.commit()


@pytest.mark.parametrize("order", ORDERS)
def test_dead_lots_are_not_picked_even_when_the_balance_says_nothing_is_due(order: str) -> None:
    club_says(spend_order=order)
    member = make_member()
    earn(member, 1_000, expires_on=YESTERDAY, at=noon(YESTERDAY))
    change(Balance, due_on=NEVER)
    with pytest.raises(PointsError, match="not_enough"):
        spend(member, 1_000)


@pytest.mark.parametrize("order", ORDERS)
def test_what_begins_later_is_not_picked(order: str) -> None:
    club_says(spend_order=order)
    member = make_member()
    earn(member, 1_000)
    with pytest.raises(PointsError, match="not_enough"):
        spend(member, 1_000, at=noon(YESTERDAY))
    db.session.rollback()
    assert figures(member)[0] == 1_000


def test_a_hold_takes_no_more_out_of_a_lot_than_is_held_there() -> None:
    member = make_member()
    earn(member, 1_000)
    held = hold(member, 600)
    change(Lot, held=0)
    with pytest.raises(LedgerDamagedError):
        service.void(actor=None, hold_id=held.id, why=WHY)


@pytest.mark.parametrize("act", [use_lots, hold_lots])
@pytest.mark.parametrize("whole", [False, True])
def test_what_a_lot_has_no_longer_is_not_taken_out_of_it(act: Any, whole: bool) -> None:
    member = make_member()
    earn(member, 1_000)
    place = find_place(holder=holder(member), currency="redeemable", opposite=System.SPENT)
    lot = db.session.scalars(sa.select(Lot)).one()
    take = Take(lot.id, 1_000, lot.effective_on, lot.expires_on, whole=whole)
    act(place, [take])
    with pytest.raises(LedgerDamagedError):
        act(place, [take])
    db.session.rollback()
    assert figures(member) == (1_000, 0, 0, 0)


def test_no_more_comes_back_to_a_lot_than_was_in_it() -> None:
    member = make_member()
    earn(member, 1_000)
    spent = spend(member, 600)
    change(Lot, remaining=1_000)
    with pytest.raises(LedgerDamagedError):
        reverse(spent)


@pytest.mark.parametrize("values", [{"remaining": 500}, {"pending": False}])
def test_a_lot_that_is_not_as_it_was_read_does_not_mature(values: dict[str, Any]) -> None:
    member = make_member()
    earn(member, 1_000, terms=Terms(matures_on=TODAY + timedelta(days=9), expires_on=NEVER))
    place = find_place(holder=holder(member), currency="redeemable", opposite=System.ISSUED)
    read = db.session.execute(sa.select(Lot.__table__)).one()
    account_id = place.account_id
    change(Lot, **values)
    place = place_of(account_id=account_id, opposite=System.ISSUED)
    with pytest.raises(LedgerDamagedError):
        mature_lot(place, read, effective_on=TODAY)


def test_the_job_expires_no_more_than_the_balance_holds() -> None:
    members = [make_member() for _ in range(3)]
    for member in members:
        earn(member, 1_000, expires_on=YESTERDAY, at=noon(YESTERDAY))
    account_id = queries.balance(holder(members[1])).account_id
    damaged = sa.update(Balance).where(Balance.account_id == account_id).values(available=999)
    db.session.execute(damaged.execution_options(synchronize_session=False))
    db.session.commit()
    with pytest.raises(LedgerDamagedError):
        expiring.expire_batch()


def test_a_months_limit_counts_what_this_member_gave_away_in_it() -> None:
    club_says(transfer_limit=1_000)
    first = make_member()
    second = make_member(household=db.session.get(Household, first.household_id))
    last_month = noon(TODAY.replace(day=1) - timedelta(days=1))
    for member in (first, second):
        earn(member, 5_000, at=last_month)

    def give(giver: Member, receiver: Member, amount: int, at: Any = None) -> None:
        service.transfer(
            actor=None, giver_id=giver.id, receiver_id=receiver.id, amount=amount, key=key(),
            why=WHY, at=at,
        )  # fmt: skip
        db.session.commit()

    give(first, second, 1_000, last_month)
    give(second, first, 900)
    spend(first, 500)
    give(first, second, 1_000)
    with pytest.raises(PointsError, match="over_limit"):
        give(first, second, 1)
