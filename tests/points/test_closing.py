"""An erased member's points: forfeited, nothing outstanding, the ledger whole, accounts closed."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.extensions import db
from portal.members.models import Member
from portal.points import service
from portal.points.closing import close_accounts
from portal.points.errors import PointsError
from portal.points.kinds import Kind, NegativePolicy
from portal.points.models import Balance, Currency, Lot, PointsAccount, Transaction
from portal.points.privacy import check_member_removal
from portal.points.terms import Terms
from portal.points.titles import ERASED, SOURCES
from portal.points.verify import verify
from tests import factories
from tests.points.helpers import WHY, earn, hold, key, spend


@pytest.fixture
def member(app: Flask) -> Member:
    return factories.make_member()


def standing() -> list[tuple[int, ...]]:
    rows = db.session.execute(
        sa.select(Balance.available, Balance.pending, Balance.held, Balance.owed)
    )
    return [tuple(row) for row in rows]


def closing_lines() -> dict[str, int]:
    rows = db.session.execute(
        sa.select(Transaction.kind, sa.func.sum(Transaction.amount))
        .where(Transaction.source == ERASED)
        .group_by(Transaction.kind)
    )
    return {kind: int(amount) for kind, amount in rows}


def close(member: Member) -> None:
    close_accounts(member_id=member.id)
    db.session.commit()


def test_what_is_left_is_forfeited_and_nothing_is_outstanding(member: Member) -> None:
    today = clock.business_date("Asia/Shanghai")
    earn(member, 5000)
    earn(member, 700, currency="qualifying")
    earn(member, 3000, expires_on=today + timedelta(days=3))
    earn(member, 2000, terms=Terms(waits=True))
    earn(member, 1000, terms=Terms(matures_on=today + timedelta(days=9)))
    spend(member, 1500)
    close(member)
    assert standing() == [(0, 0, 0, 0)] * 2
    assert closing_lines() == {Kind.FORFEIT: 6500 + 3000 + 700}
    assert set(db.session.scalars(sa.select(Lot.remaining))) == {0}
    assert verify() == []
    assert ERASED in SOURCES


def test_what_is_owed_is_let_go(member: Member) -> None:
    first = earn(member, 5000)
    db.session.execute(sa.update(Currency).values(negative_policy=NegativePolicy.REVERSAL))
    spend(member, 4000)
    service.reverse(actor=None, posting_id=first.id, key=key(), why=WHY)
    db.session.commit()
    assert standing() == [(0, 0, 0, 4000)]
    close(member)
    assert standing() == [(0, 0, 0, 0)]
    assert closing_lines() == {Kind.AWARD: 4000}
    assert verify() == []


def test_a_closed_account_takes_nothing_more_and_is_closed_once(member: Member) -> None:
    earn(member, 5000)
    other = factories.make_member()
    earn(other, 300)
    close(member)
    close(member)
    assert closing_lines() == {Kind.FORFEIT: 5000}
    with pytest.raises(PointsError, match="account_closed"):
        earn(member, 1)
    db.session.rollback()
    open_ones = sa.select(PointsAccount.member_id).where(
        PointsAccount.member_id.is_not(None), PointsAccount.closed_at.is_(None)
    )
    assert list(db.session.scalars(open_ones)) == [other.id]
    assert (300, 0, 0, 0) in standing()


def test_an_empty_account_is_closed_without_a_line(member: Member) -> None:
    earn(member, 500)
    spend(member, 500)
    close(member)
    assert closing_lines() == {}
    assert verify() == []


def test_a_hold_stands_in_the_way(member: Member) -> None:
    earn(member, 500)
    posting = hold(member, 500)
    assert check_member_removal(member)
    service.void(actor=None, hold_id=posting.id, why=WHY)
    assert check_member_removal(member) == []


def test_what_has_expired_is_booked_as_expired(member: Member, monkeypatch: Any) -> None:
    today = clock.business_date("Asia/Shanghai")
    earn(member, 3000, expires_on=today + timedelta(days=3))
    earn(member, 400)
    later = clock.now() + timedelta(days=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    close(member)
    assert closing_lines() == {Kind.FORFEIT: 400}
    assert standing() == [(0, 0, 0, 0)]
    assert verify() == []
