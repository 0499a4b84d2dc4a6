"""What each way into the ledger refuses by itself, before a wall further in would."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal.extensions import db
from portal.members.models import Household, Member
from portal.points import chain, service
from portal.points.errors import PointsError
from portal.points.ledger import MOST
from portal.points.models import Transaction
from portal.points.terms import Terms, Why
from tests.factories import add, make_member
from tests.points.helpers import WHY, damage, earn, figures, hold, holder, key, noon, spend
from tests.points.test_damage import forget_walls
from tests.points.test_policies import TODAY

pytestmark = pytest.mark.usefixtures("app")
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def two(app: Any) -> tuple[Member, Member]:
    """Two members of one household; the first has a point and one held."""
    household = add(Household())
    first, second = (make_member(household=household) for _ in range(2))
    earn(first, 2_000)
    hold(first, 1_000)
    return first, second


def ways(two: tuple[Member, Member], amount: Any) -> dict[str, Any]:
    """Return each way to move an amount of the first one's points."""
    first, second = two
    common: dict[str, Any] = {"actor": None, "amount": amount, "why": WHY}
    held = db.session.scalars(sa.select(Transaction.id).where(Transaction.kind == "hold")).one()
    mine = {"holder": holder(first), "key": key(), **common}
    return {
        "post": lambda: service.post(**mine, terms=Terms()),
        "spend": lambda: service.spend(**mine),
        "hold": lambda: service.hold(**mine),
        "capture": lambda: service.capture(hold_id=held, **common),
        "transfer": lambda: service.transfer(
            giver_id=first.id, receiver_id=second.id, key=key(), **common
        ),
    }


WAYS = ("post", "spend", "hold", "capture", "transfer")


@pytest.mark.parametrize("way", WAYS)
def test_an_amount_is_a_whole_positive_number_within_reason(two: Any, way: str) -> None:
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Transaction))
    for amount in (0, -1, 1.5, "1", True, MOST + 1):
        with pytest.raises(PointsError, match="amount_invalid"):
            ways(two, amount)[way]()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Transaction)) == before


@pytest.mark.parametrize("way", ["spend", "hold", "transfer"])
def test_points_of_a_lot_that_begins_later_are_not_used_sooner(two: Any, way: str) -> None:
    first, second = two
    acts = {
        "spend": lambda: service.spend(
            actor=None, holder=holder(first), amount=500, key=key(), why=WHY, at=noon(YESTERDAY)
        ),
        "hold": lambda: service.hold(
            actor=None, holder=holder(first), amount=500, key=key(), why=WHY, at=noon(YESTERDAY)
        ),
        "transfer": lambda: service.transfer(
            actor=None, giver_id=first.id, receiver_id=second.id, amount=500, key=key(), why=WHY,
            at=noon(YESTERDAY),
        ),
    }  # fmt: skip
    with pytest.raises(PointsError, match="not_enough"):
        acts[way]()
    db.session.rollback()
    assert figures(first)[:3] == (1_000, 0, 1_000)
    assert damage() == []


def test_a_capture_says_what_is_wrong_with_its_own_words(two: Any) -> None:
    held = db.session.scalars(sa.select(Transaction.id).where(Transaction.kind == "hold")).one()
    with pytest.raises(PointsError, match="too_long"):
        service.capture(actor=None, hold_id=held, why=Why("x" * 200))
    db.session.rollback()
    assert figures(two[0])[2] == 1_000


def test_a_changed_posting_is_told_with_its_own_account(two: Any) -> None:
    chain.seal_batch(everything=True)
    earn(two[1], 3_000)
    spent = spend(two[1], 1_000)
    chain.seal_batch(everything=True)
    db.session.commit()
    forget_walls()
    change = "UPDATE points_transaction SET source = 'x' WHERE id = :id RETURNING account_id"
    account = db.session.connection().scalar(sa.text(change), {"id": spent.id})
    found = [(fault.rule, fault.account_id) for fault in chain.faults()]
    db.session.rollback()
    assert found == [(chain.RULE, account)]
