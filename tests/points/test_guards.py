"""Guards of the ledger's statements that stand behind another wall: the wall is taken out, and the
guard alone must hold. Those with nothing before them are tried by every other test.
"""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal.extensions import db
from portal.points import service
from portal.points.accounts import find_place
from portal.points.errors import PointsError
from portal.points.kinds import NEVER, SpendOrder, System
from portal.points.ledger import LedgerDamagedError, Take
from portal.points.lots import hold_lots, use_lots
from portal.points.models import Balance, Lot
from tests.factories import make_member
from tests.points.helpers import WHY, earn, figures, hold, holder, noon, spend
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
