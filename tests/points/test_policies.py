"""What a club may say about a currency: expiry, decay, activity, second life, bonus first."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.points import expiring, policies, queries, service
from portal.points.errors import PointsError
from portal.points.kinds import NEVER, Kind, Rounding, SpendOrder
from portal.points.models import Currency, Entry, Lot, Policy, Transaction
from portal.points.models.currencies import RULE_FIELDS
from portal.points.policy import Rules, last_day, last_days
from portal.points.rebuild import rebuild
from portal.points.terms import NO_TERMS, Terms
from tests.factories import make_account, make_member
from tests.points.helpers import WHY, damage, earn, figures, hold, holder, noon, reverse, spend

TODAY = clock.business_date("Asia/Shanghai")
pytestmark = pytest.mark.usefixtures("app")


def club_says(kind: str = "redeemable", **rules) -> Currency:
    """Give a currency rules, at once and for all days."""
    earn(make_member(), 1, currency=kind)
    currency = db.session.scalars(sa.select(Currency).where(Currency.key == kind)).one()
    for name, value in ({"expiry_rounding": Rounding.DAY} | rules).items():
        setattr(currency, name, value)
    db.session.flush()
    policies.rank_lots(currency.id, currency.spend_order)
    db.session.commit()
    return currency


def sound() -> None:
    """Every rule holds, and the entries alone say the same."""
    assert damage() == []
    done = rebuild()
    db.session.commit()
    assert (done.lots, done.balances) == (0, 0)


@pytest.mark.parametrize(
    ("rules", "begins", "ends"),
    [
        (Rules(expiry_months=None), date(2026, 3, 5), NEVER),
        (Rules(expiry_months=12), date(2026, 3, 5), date(2027, 3, 4)),
        (Rules(12, Rounding.MONTH), date(2026, 3, 5), date(2027, 3, 31)),
        (Rules(12, Rounding.QUARTER), date(2026, 2, 5), date(2027, 3, 31)),
        (Rules(12, Rounding.YEAR), date(2026, 3, 5), date(2027, 12, 31)),
        (Rules(1), date(2026, 1, 31), date(2026, 2, 27)),
        (Rules(1, expiry_day=331), date(2026, 3, 1), date(2026, 3, 31)),
        (Rules(1, expiry_day=331), date(2026, 3, 2), date(2027, 3, 31)),
        (Rules(1, expiry_day=229), date(2026, 12, 1), date(2027, 2, 28)),
        (Rules(12, Rounding.YEAR, december_carry=True), date(2026, 12, 1), date(2027, 12, 31)),
        (Rules(1, Rounding.YEAR, december_carry=True), date(2026, 12, 1), date(2027, 12, 31)),
        (Rules(1, Rounding.YEAR, december_carry=True), date(2026, 11, 30), date(2026, 12, 31)),
        (Rules(1200), date(9950, 1, 1), NEVER),
    ],
)
def test_the_last_day(rules: Rules, begins: date, ends: date) -> None:
    assert last_day(rules, begins) == ends


def test_parts_end_evenly_and_the_last_with_the_whole() -> None:
    days = last_days(Rules(12, decay_parts=4), date(2026, 1, 1))
    assert days == [date(2026, 4, 1), date(2026, 7, 1), date(2026, 9, 30), date(2026, 12, 31)]
    assert last_days(Rules(None, decay_parts=4), date(2026, 1, 1)) == [NEVER]


def test_decaying_points_go_part_by_part() -> None:
    club_says(expiry_months=12, decay_parts=4)
    member, begin = make_member(), TODAY - timedelta(days=100)
    earned = earn(member, 100_001, terms=NO_TERMS, at=noon(begin))
    living = db.session.scalars(sa.select(Lot).where(Lot.remaining > 0, Lot.original > 1)).all()
    assert [lot.original for lot in sorted(living, key=lambda lot: lot.expires_on)] == [
        25_000, 25_000, 25_000, 25_001,
    ]  # fmt: skip
    assert figures(member)[0] == 75_001
    spend(member, 30_000)
    assert figures(member)[0] == 45_001
    sound()
    # What has decayed is not owed when the earning is taken back.
    reverse(earned)
    assert figures(member) == (0, 0, 0, 30_000)
    sound()


def test_pending_points_decay_once_they_have_begun() -> None:
    club_says(expiry_months=12, decay_parts=2)
    member, begin = make_member(), TODAY - timedelta(days=10)
    waiting = earn(member, 1_000, terms=Terms(waits=True), at=noon(begin))
    service.mature(actor=None, posting_id=waiting.id)
    earn(member, 1_000, terms=Terms(matures_on=TODAY - timedelta(days=1)), at=noon(begin))
    expiring.expire_batch()
    db.session.commit()
    assert figures(member)[0] == 2_000
    lots = db.session.scalars(sa.select(Lot.remaining).where(Lot.remaining > 1)).all()
    assert lots == [500] * 4
    sound()


def test_activity_makes_points_last_longer() -> None:
    club_says(expiry_months=1, activity_extends=True)
    member = make_member()
    first = earn(member, 10_000, terms=NO_TERMS, at=noon(TODAY - timedelta(days=20)))
    spend(member, 1_000)
    found = queries.balance(holder(member))
    assert (found.available, found.expires_on) == (9_000, last_day(Rules(1), TODAY))
    renewed = db.session.scalars(sa.select(Entry).where(Entry.root_id.is_not(None))).one()
    assert renewed.amount == 9_000
    sound()
    later = TODAY + timedelta(days=25)
    spend(member, 2_000, at=noon(later))
    assert queries.balance(holder(member), at=noon(later)).expires_on == last_day(Rules(1), later)
    # The earning is taken back from what it has become.
    reverse(first, at=noon(later))
    assert figures(member) == (0, 0, 0, 3_000)
    sound()


def test_points_of_who_is_not_active_expire() -> None:
    club_says(expiry_months=1, activity_extends=True)
    member = make_member()
    earn(member, 10_000, terms=NO_TERMS, at=noon(TODAY - timedelta(days=40)))
    assert figures(member)[0] == 0
    earn(member, 5_000, terms=NO_TERMS)
    assert figures(member)[0] == 5_000
    sound()


@pytest.mark.parametrize(("days", "left"), [(0, 0), (10, 4_000)])
def test_what_comes_back_late_lives_again(days: int, left: int) -> None:
    club_says(expiry_months=1, reinstate_days=days)
    member, begin = make_member(), TODAY - timedelta(days=40)
    earned = earn(member, 10_000, terms=NO_TERMS, at=noon(begin))
    spent = spend(member, 6_000, at=noon(begin))
    kept = hold(member, 4_000, at=noon(begin))
    service.void(actor=None, hold_id=kept.id, why=WHY)
    db.session.commit()
    assert figures(member)[0] == left
    reverse(spent, amount=1_000)
    assert figures(member)[0] == left + (1_000 if days else 0)
    sound()
    later = noon(TODAY + timedelta(days=days))
    assert queries.balance(holder(member), at=later).available == 0
    assert queries.balance(holder(member), at=later - timedelta(days=1)).available == (
        5_000 if days else 0
    )
    # Taken back: from what lives again, then from what has died, and 5,000 were used.
    reverse(earned)
    assert figures(member) == (0, 0, 0, 5_000)
    sound()


def test_bonus_points_go_first_across_currencies() -> None:
    club_says("bonus")
    club_says(spend_order=SpendOrder.BONUS_ACROSS)
    member = make_member()
    earn(member, 10_000)
    bonus = earn(member, 3_000, currency="bonus", expires_on=TODAY + timedelta(days=90))
    spent = spend(member, 4_000)
    assert figures(member)[0] == 9_000
    assert queries.balance(holder(member), "bonus").available == 0
    assert bonus.account_id != spent.account_id
    lots = db.session.scalars(
        sa.select(Lot.remaining).where(Lot.account_id == spent.account_id).order_by(Lot.id)
    ).all()
    assert sorted(lots) == [0, 9_000]
    sound()
    reverse(spent)
    assert figures(member)[0] == 13_000
    sound()


def test_bonus_points_alone_can_be_spent_and_are_shown_so() -> None:
    club_says("bonus")
    club_says(spend_order=SpendOrder.BONUS_ACROSS)
    member = make_member()
    earn(member, 3_000, currency="bonus", expires_on=TODAY + timedelta(days=90))
    assert queries.balance(holder(member)).spendable == 3_000
    spend(member, 3_000)
    assert queries.balance(holder(member)).spendable == 0
    sound()


def test_bonus_points_that_are_not_enough_are_left_alone() -> None:
    club_says("bonus")
    club_says(spend_order=SpendOrder.BONUS_ACROSS)
    member = make_member()
    earn(member, 1_000)
    earn(member, 3_000, currency="bonus")
    with pytest.raises(PointsError, match="not_enough"):
        spend(member, 4_001)
    db.session.commit()
    assert figures(member)[0] == 1_000
    assert queries.balance(holder(member), "bonus").available == 3_000
    hold(member, 4_000)
    assert figures(member) == (0, 0, 4_000, 0)
    sound()


def test_dead_bonus_points_are_not_brought() -> None:
    club_says("bonus")
    club_says(spend_order=SpendOrder.BONUS_ACROSS)
    member = make_member()
    earn(member, 1_000)
    yesterday = TODAY - timedelta(days=1)
    earn(member, 3_000, currency="bonus", expires_on=yesterday, at=noon(yesterday))
    with pytest.raises(PointsError, match="not_enough"):
        spend(member, 1_001)
    db.session.commit()
    spend(member, 1_000)
    sound()


def planned(currency: Currency, day: date, **changes) -> Policy:
    """Plan a version that differs from what is in force, and commit."""
    rules = {name: getattr(currency, name) for name in RULE_FIELDS} | changes
    made = policies.plan(
        actor=make_account(), currency=currency, rules=rules, valid_from=day,
        reason="as decided", today=TODAY,
    )  # fmt: skip
    db.session.commit()
    return made


def test_rules_apply_from_their_day_on_whether_or_not_the_job_has_run() -> None:
    currency = club_says(expiry_months=24, expiry_rounding=Rounding.DAY)
    day = TODAY + timedelta(days=10)
    planned(currency, day, expiry_months=1)
    member = make_member()
    for at, months in ((TODAY, 24), (day - timedelta(days=1), 24), (day, 1)):
        posting = earn(member, 1_000, terms=NO_TERMS, at=noon(at))
        ends = db.session.scalar(
            sa.select(Entry.expires_on).where(Entry.transaction_id == posting.id)
        )
        assert ends == last_day(Rules(months), at)
    assert policies.apply_due(day - timedelta(days=1)) == 0
    assert policies.apply_due(day) == 1
    db.session.commit()
    assert (currency.expiry_months, currency.since, currency.until) == (1, day, NEVER)
    # An import of an earlier day still follows the rules of that day.
    late = earn(member, 1_000, terms=NO_TERMS, at=noon(TODAY))
    ends = db.session.scalar(sa.select(Entry.expires_on).where(Entry.transaction_id == late.id))
    assert ends == last_day(Rules(24), TODAY)
    sound()


def test_a_planned_change_is_taken_back_by_another_of_the_same_day() -> None:
    currency = club_says(transfer_limit=5_000)
    day = TODAY + timedelta(days=3)
    planned(currency, day, transfer_limit=1)
    planned(currency, day, transfer_limit=5_000)
    policies.apply_due(day)
    db.session.commit()
    assert currency.transfer_limit == 5_000
    assert len(policies.versions(currency.id)) == 3


@pytest.mark.parametrize("order", ["oldest_first", "bonus_first", "expiry_first"])
def test_a_new_order_sorts_the_lots_that_are_there(order: str) -> None:
    currency = club_says(spend_order=SpendOrder.BONUS_FIRST)
    member = make_member()
    soon, later = TODAY + timedelta(days=5), TODAY + timedelta(days=50)
    old = earn(member, 1, expires_on=later, at=noon(TODAY - timedelta(days=9)))
    first = earn(member, 2, expires_on=soon)
    bonus = earn(member, 3, terms=Terms(expires_on=NEVER, bonus=True))
    planned(currency, TODAY, spend_order=SpendOrder(order))
    used = spend(member, 1)
    lot = db.session.scalar(sa.select(Entry.lot_id).where(Entry.transaction_id == used.id))
    opened = db.session.scalar(sa.select(Entry.transaction_id).where(Entry.id == lot))
    assert opened == {"oldest_first": old, "bonus_first": bonus, "expiry_first": first}[order].id
    sound()


def test_a_lot_that_slipped_past_the_sorting_is_still_found() -> None:
    club_says(spend_order=SpendOrder.OLDEST_FIRST)
    member = make_member()
    earn(member, 1_000)
    earn(member, 1_000)
    newest = sa.select(sa.func.max(Lot.id)).scalar_subquery()
    db.session.execute(sa.update(Lot).where(Lot.id == newest).values(spend_order=None))
    spend(member, 1_500)
    assert figures(member)[0] == 500


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        ("qualifying", {"decay_parts": 2}, "qualifying_is_plain"),
        ("qualifying", {"reinstate_days": 1}, "qualifying_is_plain"),
        ("qualifying", {"activity_extends": True}, "qualifying_is_plain"),
        ("redeemable", {"activity_extends": True, "decay_parts": 2}, "extends_or_decays"),
        ("bonus", {"spend_order": "bonus_across"}, "bonus_of_itself"),
    ],
)
def test_rules_that_contradict_each_other_are_refused(kind, changes, code) -> None:
    currency = club_says(kind)
    with pytest.raises(PointsError, match=code):
        planned(currency, TODAY, **changes)


def test_no_rule_reaches_back() -> None:
    with pytest.raises(PointsError, match="retroactive"):
        planned(club_says(), TODAY - timedelta(days=1))


def test_a_change_of_the_rules_has_a_reason() -> None:
    currency = club_says()
    rules = {name: getattr(currency, name) for name in RULE_FIELDS}
    with pytest.raises(PointsError, match="reason_needed"):
        policies.plan(
            actor=None, currency=currency, rules=rules, valid_from=TODAY, reason="", today=TODAY
        )


def test_each_currency_has_versions_of_its_own() -> None:
    points, bonus = club_says(), club_says("bonus")
    planned(points, TODAY + timedelta(days=3), transfer_limit=1)
    assert policies.versions(bonus.id) == []
    planned(bonus, TODAY + timedelta(days=5), expiry_months=3)
    policies.apply_due(TODAY + timedelta(days=9))
    db.session.commit()
    assert bonus.expiry_months == 3
    assert policies.versions(bonus.id)[0].valid_from == TODAY + timedelta(days=5)
    assert {each.currency_id for each in policies.versions(points.id)} == {points.id}


def test_that_a_currency_was_made_is_written_down_once() -> None:
    def made() -> list[str]:
        action = AuditEntry.action == "points.currency_made"
        return sorted(db.session.scalars(sa.select(AuditEntry.subject_key).where(action)))

    policies.begin(actor=make_account())
    db.session.commit()
    every = sorted(db.session.scalars(sa.select(Currency.public_id)))
    assert made() == every
    policies.begin(actor=make_account())
    db.session.commit()
    assert made() == every


def test_kinds_that_the_ledger_makes_itself_are_explained() -> None:
    from portal.points.titles import KINDS

    assert set(KINDS) == set(Kind)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Transaction)) == 0
