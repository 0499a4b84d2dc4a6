"""What is done to one account, lot or posting leaves all others as they are: each condition of the
ledger's statements is tried against a neighbour who has something of every sort.
"""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal.extensions import db
from portal.members.models import Household, Member
from portal.points import expiring, queries, service
from portal.points.accounts import place_of
from portal.points.closing import close_accounts
from portal.points.due import book_due
from portal.points.errors import PointsError
from portal.points.kinds import NEVER, SpendOrder, System
from portal.points.ledger import LedgerDamagedError, lock
from portal.points.models import Balance, Budget, Hold, Lot, PointsAccount, Policy
from portal.points.models.currencies import RULE_FIELDS
from portal.points.terms import Posting, Terms
from tests.factories import add, make_member
from tests.points.helpers import WHY, damage, earn, figures, hold, holder, key, noon, reverse, spend
from tests.points.test_guards import change
from tests.points.test_policies import TODAY, club_says, sound

pytestmark = pytest.mark.usefixtures("app")
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
LONG_AGO = TODAY - timedelta(days=40)
SOON = TODAY + timedelta(days=5)


def full(member: Member, currency: str = "redeemable") -> None:
    """Give a member points that live, have died, are held, have ripened, wait, and wait too late;
    nothing of what is due is booked.
    """
    at = noon(LONG_AGO)
    earn(member, 700, currency=currency, expires_on=YESTERDAY, at=at)
    earn(member, 900, currency=currency, expires_on=LONG_AGO + timedelta(days=3), at=at)
    hold(member, 900, currency=currency, at=at)
    earn(member, 600, currency=currency, expires_on=SOON, at=at)
    for terms in (
        Terms(matures_on=YESTERDAY, expires_on=SOON),
        Terms(matures_on=SOON, expires_on=NEVER),
        Terms(waits=True, expires_on=YESTERDAY),
    ):
        earn(member, 300, currency=currency, terms=terms, at=at)


@pytest.fixture
def neighbour(app: Any) -> Member:
    """A member with something of every sort, in two currencies."""
    member = make_member()
    full(member)
    full(member, "bonus")
    return member


def rows_of(member: Member) -> list[Any]:
    """Return every balance, lot, hold and account of a member as it stands in the database."""
    accounts = PointsAccount.__table__
    found = []
    for table, column in (
        (accounts, accounts.c.id),
        (Balance.__table__, Balance.__table__.c.account_id),
        (Lot.__table__, Lot.__table__.c.account_id),
        (Hold.__table__, Hold.__table__.c.account_id),
    ):
        mine = sa.select(accounts.c.id).where(accounts.c.member_id == member.id)
        statement = sa.select(table).where(column.in_(mine)).order_by(*table.primary_key)
        found += [tuple(row) for row in db.session.execute(statement)]
    return found


def due_on(member: Member, currency: str = "redeemable") -> date:
    """Return the day before which nothing of a member's account is due."""
    account_id = queries.account_of(holder(member), currency)
    return db.session.scalars(
        sa.select(Balance.due_on).where(Balance.account_id == account_id)
    ).one()


def left() -> list[tuple[int, int]]:
    """Return what every lot began with and has, as they were opened."""
    return [
        (lot.original, lot.remaining)
        for lot in db.session.scalars(sa.select(Lot).order_by(Lot.original, Lot.remaining))
    ]


def waiting(member: Member, amount: int, *, at: Any = None, **terms: Any) -> Posting:
    """Give points that are pending."""
    return earn(member, amount, terms=Terms(**{"expires_on": NEVER, **terms}), at=at)


def test_what_is_due_is_booked_for_one(neighbour: Member) -> None:
    before = rows_of(neighbour)
    member = make_member()
    full(member)
    spend(member, 900)
    assert figures(member) == (0, 600, 900, 0)
    assert due_on(member) == SOON
    assert rows_of(neighbour) == before
    spend_all = make_member()
    earn(spend_all, 5, expires_on=YESTERDAY, at=noon(YESTERDAY))
    earn(spend_all, 7)
    spend(spend_all, 7)
    assert due_on(spend_all) == NEVER
    sound()


def test_what_waits_too_long_for_its_event_is_neither_dead_nor_due() -> None:
    member = make_member()
    earn(member, 40, expires_on=YESTERDAY, at=noon(YESTERDAY))
    earn(member, 30, terms=Terms(waits=True, expires_on=YESTERDAY), at=noon(YESTERDAY))
    earn(member, 10)
    spend(member, 10)
    assert (figures(member), due_on(member)) == ((0, 30, 0, 0), NEVER)
    sound()


def test_what_was_taken_back_while_it_waited_does_not_ripen() -> None:
    member = make_member()
    at = noon(YESTERDAY)
    gone = earn(member, 300, terms=Terms(matures_on=TODAY, expires_on=NEVER), at=at)
    reverse(gone, at=at)
    later = earn(member, 200, terms=Terms(matures_on=TOMORROW, expires_on=NEVER), at=at)
    earn(member, 100)
    spend(member, 100)
    reverse(later)
    account_id = queries.balance(holder(member)).account_id or 0
    lock(account_id)
    book_due(place_of(account_id=account_id, opposite=System.EXPIRED), cause="test")
    db.session.commit()
    assert (figures(member), due_on(member)) == ((0, 0, 0, 0), NEVER)
    sound()


def test_of_two_that_wait_alike_one_ripens() -> None:
    member = make_member()
    first, _second = (waiting(member, 500, waits=True) for _ in range(2))
    service.mature(actor=None, posting_id=first.id)
    db.session.commit()
    assert figures(member) == (500, 500, 0, 0)
    sound()


def test_what_is_unknown_neither_ripens_nor_is_taken_back() -> None:
    earn(make_member(), 1)
    with pytest.raises(PointsError, match="unknown_transaction"):
        service.mature(actor=None, posting_id=10**9)
    with pytest.raises(PointsError, match="unknown_transaction"):
        service.reverse(actor=None, posting_id=10**9, key=key(), why=WHY)


def test_what_opened_no_lot_does_not_ripen_and_no_unknown_budget_gives() -> None:
    member = make_member()
    earn(member, 100)
    spent = spend(member, 100)
    with pytest.raises(PointsError, match="not_pending"):
        service.mature(actor=None, posting_id=spent.id)
    db.session.rollback()
    with pytest.raises(PointsError, match="unknown_budget"):
        earn(member, 100, terms=Terms(budget="nobody's", expires_on=NEVER))


def test_more_than_a_line_moved_is_not_taken_back() -> None:
    earned = earn(make_member(), 100)
    with pytest.raises(PointsError, match="reversed_already"):
        service.reverse(actor=None, posting_id=earned.id, key=key(), why=WHY, amount=101)


def test_a_spending_gives_its_own_lots_back() -> None:
    member = make_member()
    earn(member, 1_000, expires_on=SOON)
    earn(member, 1_001)
    first = spend(member, 1_000)
    spend(member, 500)
    reverse(first)
    assert left() == [(1_000, 1_000), (1_001, 501)]
    sound()


def test_a_capture_gives_back_what_it_used_and_not_what_was_given_back() -> None:
    member = make_member()
    earn(member, 1_000, expires_on=SOON)
    earn(member, 1_001)
    held = hold(member, 1_500)
    captured = service.capture(actor=None, hold_id=held.id, why=WHY, amount=900)
    db.session.commit()
    reverse(captured)
    assert left() == [(1_000, 1_000), (1_001, 1_001)]
    sound()


def test_what_another_spending_got_back_does_not_count() -> None:
    member = make_member()
    earn(member, 1_000)
    first, second = spend(member, 400), spend(member, 600)
    reverse(second)
    reverse(first)
    assert figures(member) == (1_000, 0, 0, 0)
    sound()


def test_what_expired_elsewhere_pays_no_clawback() -> None:
    neighbour, member = make_member(), make_member()
    for each in (neighbour, member):
        earn(each, 900, expires_on=YESTERDAY, at=noon(YESTERDAY))
    expiring.expire_batch()
    earned = earn(member, 500)
    spend(member, 500)
    reverse(earned)
    assert figures(member) == (0, 0, 0, 500)
    sound()


def make_budget(code: str) -> Budget:
    """Add a campaign's budget."""
    return add(Budget(code=code, total=1_000))


def used() -> dict[str, int]:
    """Return what each campaign has given."""
    return {row.code: row.used for row in db.session.execute(sa.select(Budget.code, Budget.used))}


def test_a_campaign_gets_back_what_it_gave() -> None:
    make_budget("spring")
    make_budget("autumn")
    member = make_member()
    spring, _autumn = (
        earn(member, 400, terms=Terms(budget=code, expires_on=NEVER))
        for code in ("spring", "autumn")
    )
    reverse(spring, amount=300)
    assert used() == {"spring": 100, "autumn": 400}
    sound()


def test_a_campaign_gets_back_no_more_than_it_gave() -> None:
    make_budget("spring")
    earned = earn(make_member(), 400, terms=Terms(budget="spring", expires_on=NEVER))
    change(Budget, used=100)
    with pytest.raises(LedgerDamagedError):
        reverse(earned)


def test_the_job_books_what_is_due_and_nothing_else(neighbour: Member) -> None:
    member = make_member()
    earn(member, 50, expires_on=YESTERDAY, at=noon(LONG_AGO))
    earn(member, 60, expires_on=SOON, at=noon(LONG_AGO))
    quiet = make_member()
    full(quiet)
    # All of the neighbours' died: nothing ripens, so that the batch books it by itself.
    for each in (member, quiet):
        earn(each, 20, currency="bonus", expires_on=YESTERDAY, at=noon(LONG_AGO))
    report = expiring.due_report()
    assert (report.accounts, report.lots, report.points) == (6, 6, 3 * 700 + 50 + 2 * 20)
    first = expiring.expire_batch(size=2)
    db.session.commit()
    assert (first.accounts, first.after is not None) == (2, True)
    after: int | None = first.after
    seen = first.accounts
    while after is not None:
        batch = expiring.expire_batch(after=after, size=2)
        db.session.commit()
        after, seen = batch.after, seen + batch.accounts
    assert seen == 6
    assert figures(neighbour) == figures(quiet) == (900, 600, 900, 0)
    assert figures(member) == (60, 0, 0, 0)
    assert due_on(neighbour) == due_on(neighbour, "bonus") == SOON
    assert due_on(member) == SOON + timedelta(days=1)
    assert due_on(member, "bonus") == NEVER
    assert expiring.expire_batch().accounts == 0
    sound()


def test_a_batch_leaves_accounts_beyond_it() -> None:
    members = [make_member() for _ in range(2)]
    for member in members:
        earn(
            member, 100, at=noon(LONG_AGO), terms=Terms(matures_on=YESTERDAY, expires_on=NEVER)
        )  # fmt: skip
    expiring.expire_batch(size=1)
    db.session.commit()
    assert db.session.scalar(sa.select(sa.func.count()).where(Lot.pending)) == 1


def test_the_batch_spares_what_lives_is_held_or_waits() -> None:
    """Without ripe points the batch books by itself, all accounts at once."""
    members = [make_member() for _ in range(2)]
    at = noon(LONG_AGO)
    for member in members:
        earn(member, 900, expires_on=YESTERDAY, at=at)
        hold(member, 500, at=at)
        earn(member, 70, expires_on=LONG_AGO, at=at)
        hold(member, 70, at=at)
        earn(member, 80, expires_on=SOON, at=at)
        earn(member, 30, terms=Terms(waits=True, expires_on=YESTERDAY), at=at)
        earn(member, 40, terms=Terms(matures_on=TOMORROW, expires_on=NEVER), at=at)
        gone = earn(member, 9, terms=Terms(matures_on=TODAY, expires_on=NEVER), at=at)
        reverse(gone, at=at)
    done = expiring.expire_batch()
    db.session.commit()
    assert (done.accounts, done.lots, done.points) == (2, 2, 800)
    for member in members:
        assert (figures(member), due_on(member)) == ((80, 70, 570, 0), TOMORROW)
    sound()


def test_a_hold_that_has_ended_does_not_time_out() -> None:
    member = make_member()
    at = noon(YESTERDAY)
    earn(member, 1_000, at=at)
    ended, _open = (hold(member, 100, ends_at=noon(TODAY), at=at) for _ in range(2))
    service.void(actor=None, hold_id=ended.id, why=WHY, at=at)
    db.session.commit()
    hold(member, 100, ends_at=noon(SOON))
    assert expiring.time_out_batch(at=noon(TOMORROW)) == 1
    db.session.commit()
    assert figures(member) == (900, 0, 100, 0)


def extends(**rules: Any) -> None:
    """Let activity make points last longer, in both currencies alike."""
    club_says("bonus", activity_extends=True, expiry_months=12, **rules)
    club_says(activity_extends=True, expiry_months=12, **rules)


def test_activity_extends_ones_own_living_points(neighbour: Member) -> None:
    extends()
    before = rows_of(neighbour)
    member = make_member()
    earn(member, 100, expires_on=SOON)
    earn(member, 40, expires_on=SOON)
    spend(member, 40)
    waits = waiting(member, 70, waits=True, expires_on=SOON)
    assert figures(member) == (100, 70, 0, 0)
    assert rows_of(neighbour) == before
    service.mature(actor=None, posting_id=waits.id)
    db.session.commit()
    last = db.session.scalars(sa.select(Lot.expires_on).where(Lot.original == 70)).all()
    assert last == [SOON]
    sound()


def test_activity_of_yesterday_extends_nothing_that_begins_today() -> None:
    extends()
    member = make_member()
    earn(member, 100, expires_on=SOON, by_hand=True)
    earn(member, 10, at=noon(YESTERDAY), expires_on=SOON)
    begun = db.session.scalars(sa.select(Lot.remaining).where(Lot.original == 100)).one()
    assert begun == 100


def test_activity_extends_nothing_that_waits_to_be_booked() -> None:
    extends()
    member = make_member()
    waiting(member, 70, matures_on=YESTERDAY, expires_on=SOON, at=noon(LONG_AGO))
    # The wall before it is taken out: nothing seems due, so that nothing is booked first.
    change(Balance, due_on=NEVER)
    earn(member, 10)
    assert left()[2:] == [(10, 10), (70, 70)]


def test_only_what_comes_back_lives_again() -> None:
    club_says(reinstate_days=10)
    member = make_member()
    at = noon(LONG_AGO)
    earn(member, 500, expires_on=YESTERDAY - timedelta(days=1), at=at)
    spent = spend(member, 500, at=at)
    earn(member, 300, expires_on=YESTERDAY, at=at)
    # The wall before it is taken out: nothing seems due, so that nothing is booked first.
    change(Balance, due_on=NEVER)
    reverse(spent)
    assert left()[1:] == [(300, 0), (500, 0), (500, 500)]


def test_what_comes_back_alive_keeps_its_days() -> None:
    club_says(reinstate_days=10)
    member = make_member()
    earn(member, 500, expires_on=SOON)
    reverse(spend(member, 500))
    assert left()[1:] == [(500, 500)]


def test_bonus_points_are_brought_from_ones_own_open_account(neighbour: Member) -> None:
    club_says(spend_order=SpendOrder.BONUS_ACROSS)
    before = rows_of(neighbour)
    member = make_member()
    earn(member, 500)
    earn(member, 50, currency="qualifying")
    spend(member, 100)
    assert (figures(member)[0], rows_of(neighbour)) == (400, before)
    earn(member, 60, currency="bonus")
    account_id = queries.account_of(holder(member), "bonus")
    db.session.execute(
        sa.update(PointsAccount)
        .where(PointsAccount.id == account_id)
        .values(closed_at=noon(TODAY))
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    spend(member, 100)
    assert figures(member)[0] == 300


def test_an_erasure_closes_ones_own_accounts(neighbour: Member) -> None:
    before = rows_of(neighbour)
    member = make_member()
    earn(member, 100)
    waiting(member, 30, waits=True)
    reverse(waiting(member, 20, waits=True))
    for _ in range(2):
        close_accounts(member_id=member.id)
        db.session.commit()
    assert (figures(member), rows_of(neighbour)) == ((0, 0, 0, 0), before)
    sound()


def test_points_of_one_currency_and_holder_stay_there(neighbour: Member) -> None:
    before = rows_of(neighbour)
    household = add(Household())
    member, other = (make_member(household=household) for _ in range(2))
    earn(member, 100)
    earn(member, 40, currency="bonus")
    service.transfer(
        actor=None, giver_id=member.id, receiver_id=other.id, amount=30, key=key(), why=WHY
    )
    db.session.commit()
    assert (figures(member)[0], figures(other)[0]) == (70, 30)
    assert queries.balance(holder(member), "bonus").available == 40
    assert rows_of(neighbour) == before
    assert damage() == []


@pytest.mark.parametrize("amount", [0, -1, 501])
def test_nothing_is_given_that_is_not_in_lots(amount: int) -> None:
    household = add(Household())
    giver, receiver = (make_member(household=household) for _ in range(2))
    earn(giver, 1_000)
    # The balance says more than the lots hold: the wall before it is taken out.
    change(Lot, remaining=500)
    with pytest.raises(PointsError, match="not_enough" if amount > 0 else "amount_invalid"):
        service.transfer(
            actor=None, giver_id=giver.id, receiver_id=receiver.id, amount=amount, key=key(),
            why=WHY,
        )  # fmt: skip


def test_a_versions_days_are_its_own_currencys() -> None:
    redeemable = club_says(expiry_months=12)
    bonus = club_says("bonus", expiry_months=6)
    for currency, months in ((redeemable, 1), (bonus, 2)):
        rules = {name: getattr(currency, name) for name in RULE_FIELDS} | {"expiry_months": months}
        db.session.add(Policy(currency_id=currency.id, valid_from=LONG_AGO, **rules))
        currency.since = TOMORROW
    db.session.commit()
    member = make_member()
    for currency in ("redeemable", "bonus"):
        earn(member, 10, currency=currency, terms=Terms())
    days = sorted(db.session.scalars(sa.select(Lot.expires_on).where(Lot.original == 10)))
    assert [(day - TODAY).days // 27 for day in days] == [1, 2]
