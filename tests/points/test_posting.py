"""Earning and spending: amounts, keys, lots, refusals that leave nothing behind."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.extensions import db
from portal.points import lots as lots_module
from portal.points import service
from portal.points.errors import PointsError
from portal.points.models import Entry, Lot, Transaction
from portal.points.terms import Terms, Why
from tests.factories import make_member
from tests.points.helpers import WHY, damage, earn, figures, holder, key, noon, spend

TODAY = clock.business_date("Asia/Shanghai")

pytestmark = pytest.mark.usefixtures("app")


def test_earned_points_are_available_at_once() -> None:
    member = make_member()
    earn(member, 60_500)
    assert figures(member) == (60_500, 0, 0, 0)


def test_spending_takes_what_is_there() -> None:
    member = make_member()
    earn(member, 100_000)
    spend(member, 30_000)
    assert figures(member) == (70_000, 0, 0, 0)
    assert db.session.scalars(sa.select(Lot.remaining)).all() == [70_000]


def test_the_same_key_and_body_is_the_same_posting() -> None:
    member = make_member()
    first = earn(member, 100_000, key="earn:contract:7:base")
    again = earn(member, 100_000, key="earn:contract:7:base")
    assert (again.id, again.is_new, first.is_new) == (first.id, False, True)
    assert figures(member) == (100_000, 0, 0, 0)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Entry)) == 1


@pytest.mark.parametrize(
    ("amount", "why"), [(100_001, WHY), (100_000, Why("other")), (100_000, Why("test", note="x"))]
)
def test_the_same_key_with_another_body_is_refused(amount: int, why: Why) -> None:
    member = make_member()
    earn(member, 100_000, key="k")
    with pytest.raises(PointsError, match="key_used"):
        earn(member, amount, key="k", why=why)


@pytest.mark.parametrize("amount", [0, -1, 10**12 + 1, 1.5, "1", True, None])
def test_bad_amounts_are_refused(amount: object) -> None:
    member = make_member()
    with pytest.raises(PointsError, match="amount_invalid"):
        earn(member, amount)  # type: ignore[arg-type]
    with pytest.raises(PointsError, match="amount_invalid"):
        spend(member, amount)  # type: ignore[arg-type]


def test_a_refusal_leaves_nothing_and_the_caller_may_go_on() -> None:
    member = make_member()
    earn(member, 10_000)
    with pytest.raises(PointsError, match="not_enough"):
        service.spend(actor=None, holder=holder(member), amount=10_001, key=key(), why=WHY)
    db.session.commit()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Transaction)) == 1
    spend(member, 10_000)
    assert figures(member) == (0, 0, 0, 0)


def test_the_soonest_to_expire_is_used_first() -> None:
    member = make_member()
    late = earn(member, 50_000, expires_on=TODAY + timedelta(days=90))
    soon = earn(member, 50_000, expires_on=TODAY + timedelta(days=30))
    posting = spend(member, 70_000)
    used = db.session.execute(
        sa.select(Lot.remaining, Entry.transaction_id)
        .join(Entry, Entry.id == Lot.id)
        .order_by(Lot.expires_on)
    ).all()
    assert [tuple(row) for row in used] == [(0, soon.id), (30_000, late.id)]
    parts = db.session.scalars(
        sa.select(Entry.amount).where(Entry.transaction_id == posting.id).order_by(Entry.amount)
    )
    assert list(parts) == [20_000, 50_000]


def test_dead_points_are_never_spent_and_booked_by_the_next_debit() -> None:
    member = make_member()
    day = TODAY - timedelta(days=40)
    earn(member, 50_000, expires_on=day + timedelta(days=9), at=noon(day))
    earn(member, 20_000)
    assert figures(member) == (20_000, 0, 0, 0)
    with pytest.raises(PointsError, match="not_enough"):
        spend(member, 20_001)
    assert figures(member) == (20_000, 0, 0, 0)
    spend(member, 5_000)
    assert figures(member) == (15_000, 0, 0, 0)
    kinds = db.session.scalars(sa.select(Transaction.kind).order_by(Transaction.id)).all()
    assert sorted(kinds) == ["earn", "earn", "expire", "spend"]
    assert damage() == []


def test_points_are_good_on_their_last_day() -> None:
    member = make_member()
    earn(member, 50_000, expires_on=TODAY)
    spend(member, 50_000)
    assert figures(member) == (0, 0, 0, 0)


def test_pending_points_begin_on_their_day() -> None:
    member = make_member()
    day = TODAY - timedelta(days=3)
    earn(member, 80_000, terms=Terms(matures_on=day + timedelta(days=7)), at=noon(day))
    assert figures(member) == (0, 80_000, 0, 0)
    earn(member, 70_000, terms=Terms(matures_on=day + timedelta(days=1)), at=noon(day))
    assert figures(member) == (70_000, 80_000, 0, 0)
    spend(member, 60_000)
    assert figures(member) == (10_000, 80_000, 0, 0)
    assert damage() == []


def test_pending_points_may_wait_for_an_event() -> None:
    member = make_member()
    earned = earn(member, 80_000, terms=Terms(waits=True))
    assert figures(member) == (0, 80_000, 0, 0)
    first = service.mature(actor=None, posting_id=earned.id)
    again = service.mature(actor=None, posting_id=earned.id)
    db.session.commit()
    assert (first.id, again.is_new) == (again.id, False)
    assert figures(member) == (80_000, 0, 0, 0)
    assert db.session.scalars(sa.select(Lot.expires_on)).one() > TODAY
    assert damage() == []


def test_qualifying_points_are_never_spent() -> None:
    member = make_member()
    earn(member, 50_000, currency="qualifying")
    with pytest.raises(PointsError, match="never_spent"):
        spend(member, 1_000, currency="qualifying")
    with pytest.raises(PointsError, match="never_spent"):
        service.hold(
            actor=None,
            holder=holder(member),
            amount=1,
            key=key(),
            why=WHY,
            currency="qualifying",
        )


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(PointsError, match="unknown_currency"):
        earn(make_member(), 1, currency="gold")


def test_what_is_over_at_its_beginning_is_refused() -> None:
    with pytest.raises(PointsError, match="expired_before"):
        earn(make_member(), 1, expires_on=date(2020, 1, 1))


@pytest.mark.parametrize("order", ["expiry_first", "oldest_first"])
def test_the_lots_to_use_are_found_by_an_index(app: Flask, order: str) -> None:
    """However many lots a member has: the partial indexes hold the free ones, sorted."""
    member = make_member()
    earn(member, 1_000)
    statement = lots_module._soonest if order == "expiry_first" else lots_module._ranked
    text = str(
        statement.params(account_id=1, today=TODAY, size=8).compile(
            db.engine, compile_kwargs={"literal_binds": True}
        )
    )
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        db.session.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
        db.session.execute(sa.text("SET LOCAL enable_sort = off"))
        plan = db.session.scalars(sa.text(f"EXPLAIN {text}")).all()
    else:
        plan = [row[3] for row in db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {text}"))]
    index = "ix_points_lot_free" if order == "expiry_first" else "ix_points_lot_ordered"
    assert index in " ".join(plan)
    assert "B-TREE" not in " ".join(plan)
