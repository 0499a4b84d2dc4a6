"""Guards of the ledger's statements that stand behind another wall: the wall is taken out, and the
guard alone must hold. Those with nothing before them are tried by every other test.
"""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.extensions import db
from portal.points import service
from portal.points.errors import PointsError
from portal.points.kinds import NEVER, SpendOrder
from portal.points.ledger import LedgerDamagedError
from portal.points.models import Balance, Lot
from tests.factories import make_member
from tests.points.helpers import WHY, earn, figures, hold, noon, spend
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
