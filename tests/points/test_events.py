"""What the ledger tells others: once for each posting, in its transaction."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal import clock
from portal.extensions import db
from portal.outbox.models import DomainEventRow
from portal.points import expiring, service
from portal.points.errors import PointsError
from tests.factories import make_member
from tests.points.helpers import WHY, earn, hold, holder, key, noon, reverse, spend

TODAY = clock.business_date("Asia/Shanghai")


def told(kind: str = "points.posted") -> list[DomainEventRow]:
    """Return the events of a kind, the oldest first."""
    rows = db.session.scalars(
        sa.select(DomainEventRow)
        .where(DomainEventRow.kind == kind)
        .order_by(DomainEventRow.created_at, DomainEventRow.id)
    )
    return list(rows)


def test_a_posting_is_told_with_its_facts_and_no_name(app: Any) -> None:
    make_member(name="方女士")
    member = make_member(name="林晓芸")
    make_member(name="赵先生")
    posting = earn(member, 5_000)
    (event,) = told()
    assert (event.subject_kind, event.subject_key) == ("points_posting", posting.public_id)
    assert event.data == {
        "kind": "earn",
        "member": member.public_id,
        "currency": "redeemable",
        "amount": 5_000,
        "source": "test",
        "booked_on": TODAY.isoformat(),
    }


def test_every_act_is_told_once(app: Any) -> None:
    member = make_member()
    earn(member, 10_000)
    spent = spend(member, 1_000)
    reverse(spent)
    held = hold(member, 2_000)
    service.capture(actor=None, hold_id=held.id, why=WHY)
    db.session.commit()
    assert sorted(event.data["kind"] for event in told()) == [
        "capture", "earn", "hold", "reverse", "spend",
    ]  # fmt: skip


def test_a_repeated_key_is_not_told_again(app: Any) -> None:
    member, same = make_member(), key()
    for _ in range(3):
        earn(member, 1_000, key=same)
    assert len(told()) == 1


def test_what_is_refused_is_not_told_and_nor_is_what_it_had_booked(app: Any) -> None:
    member, day = make_member(), TODAY - timedelta(days=9)
    earn(member, 5_000, expires_on=day, at=noon(day))
    with pytest.raises(PointsError):
        service.spend(actor=None, holder=holder(member), amount=1, key=key(), why=WHY)
    db.session.commit()
    assert len(told()) == 1
    assert not told("points.expired")


def test_expiry_in_a_posting_is_one_event(app: Any) -> None:
    member, day = make_member(), TODAY - timedelta(days=9)
    for _ in range(4):
        earn(member, 1_000, expires_on=day, at=noon(day))
    earn(member, 1_000)
    spend(member, 500)
    (event,) = told("points.expired")
    assert event.data == {"accounts": 1, "lots": 4, "amount": 4_000}
    assert "expire" not in {each.data["kind"] for each in told()}


def test_expiry_in_bulk_is_one_event_a_batch(app: Any, query_count: Any) -> None:
    day = TODAY - timedelta(days=9)
    for _ in range(5):
        member = make_member()
        for _ in range(3):
            earn(member, 1_000, expires_on=day, at=noon(day))
    before = len(told())
    with query_count() as sent:
        expiring.expire_batch()
    db.session.commit()
    (event,) = told("points.expired")
    assert event.data == {"accounts": 5, "lots": 15, "amount": 15_000}
    assert (event.subject_kind, event.subject_key) == ("day", TODAY.isoformat())
    assert len(told()) == before
    assert len(sent) <= 12, "\n".join(sent.texts)


def test_an_earning_and_its_event_are_few_statements(app: Any, query_count: Any) -> None:
    member = make_member()
    earn(member, 1_000)
    extra = db.engine.dialect.name == "sqlite"
    with query_count() as sent:
        service.post(actor=None, holder=holder(member), amount=1_000, key=key(), why=WHY)
    # Finding the account, the transaction with its event, entry, balance, lot.
    assert len(sent) <= 5 + extra, "\n".join(sent.texts)
