"""Care cadence: a year of what tiers promise, budgets, steps, and two planners at once."""

import random
import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image

from plugins.rewards.care import acting, budgeting, dates, declining, promising
from plugins.rewards.care.dates import Days
from plugins.rewards.care.demo import fill_care
from plugins.rewards.care.escalating import escalate
from plugins.rewards.care.planning import close_strays, plan_batch
from plugins.rewards.care.promising import Promise
from plugins.rewards.care.states import Rhythm
from plugins.rewards.errors import RewardError
from plugins.rewards.models import CareBudget, CareTask, CareTerms
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.files.pictures import Picture
from portal.notifications.models import Notification
from portal.projects.models import Ownership
from portal.sdk import Demo, StaffRef, contact_of, dates_of_each
from portal.tiers.models import Membership, Scheme
from tests import factories
from tests.tiers import helpers

NEW_YEAR = date(2028, 1, 1)
CARE = "/p/binjiang/staff/rewards/care"
PHOTO = Picture(b"", 1, 1, "gift.png")


@pytest.fixture
def graded(app):
    """Give members a tier."""
    scheme = factories.add(Scheme(key="club", name={"en": "Club"}, is_club=True))

    def grade(member, tier):
        return factories.add(Membership(member_id=member.id, scheme_id=scheme.id, tier=tier))

    return grade


def at(day):
    """Return half past midnight in Shanghai, the evening before in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=7, minutes=30)


def promise(place, tier, kind, rhythm, most=None, least=None, amount=0, since=NEW_YEAR):
    terms = Promise(since, least or most, most, amount)
    return promising.promise(
        actor=place.clerk, project=place.ref, tier=tier, kind=kind, rhythm=rhythm, title="",
        terms=terms, at=at(since),
    )  # fmt: skip


def plan(place, day):
    for step in (close_strays, plan_batch):
        after = 0
        while after is not None:
            after = step(project=place.ref, after=after, at=at(day))


def tasks(**key):
    return db.session.scalars(sa.select(CareTask).filter_by(**key).order_by(CareTask.id)).all()


def do(place, task, day, **values):
    values = {"outcome": "reached", "spent": 0, "note": "", "pictures": []} | values
    acting.do(actor=place.clerk, project=place.ref, task=task, at=at(day), **values)


def refused(act, **values):
    with pytest.raises(RewardError) as error:
        act(**values)
    return error.value.code


def test_a_year_makes_exactly_what_the_tiers_promise(place, graded):
    gold, leaves = place.member, factories.make_owner(place.project)
    top, falls = factories.make_owner(place.project), factories.make_owner(place.project)
    later = factories.make_member()
    gold.birth_month, top.joined_on = 2, date(2024, 2, 29)
    for member in (gold, leaves, later):
        graded(member, "gold")
    graded(top, "diamond")
    falling = graded(falls, "gold")
    promise(place, "gold", "call", "days", 3)
    promise(place, "gold", "gift", "birthday")
    promise(place, "diamond", "visit", "days", 10)
    promise(place, "diamond", "dinner", "months", 6, least=3)
    promise(place, "diamond", "gift", "joined")
    busy = True
    for number in range(366):
        day = NEW_YEAR + timedelta(days=number)
        if day == date(2028, 4, 2):
            home = db.session.scalars(sa.select(Ownership).filter_by(member_id=leaves.id)).one()
            home.until, home.end_reason = day, "sale"
        if day == date(2028, 7, 1):
            falling.tier = "blue"
        if day == date(2028, 10, 1):
            factories.make_ownership(later, factories.make_unit(place.project, number="2201"))
        # Where nothing happened the day before, a planner that is down for days changes nothing.
        if busy or day.day in (1, 2) or number % 50 == 0:
            plan(place, day)
        if number % 50 == 0:
            plan(place, day)
        due = tasks(due_on=day, state="open")
        for task in due:
            do(place, task, day)
        busy = bool(due)
        db.session.flush()
    done = Counter((task.member_id, task.kind) for task in tasks(state="done"))
    assert done == {
        (gold.id, "call"): 365 // 3, (gold.id, "gift"): 1,
        (top.id, "visit"): 365 // 10, (top.id, "dinner"): 1, (top.id, "gift"): 1,
        (falls.id, "call"): 181 // 3, (leaves.id, "call"): 91 // 3, (later.id, "call"): 91 // 3,
    }  # fmt: skip
    (gift,) = tasks(member_id=gold.id, kind="gift")
    assert (gift.opens_on, gift.due_on) == (date(2028, 2, 1), date(2028, 2, 29))
    (kept,) = tasks(member_id=top.id, kind="gift")
    assert kept.due_on == date(2028, 2, 29)
    (dinner,) = tasks(member_id=top.id, kind="dinner", state="open")
    assert (dinner.opens_on, dinner.due_on) == (date(2028, 10, 1), date(2029, 1, 1))
    assert {t.reason for t in tasks(member_id=leaves.id, state="closed")} == {"moved_out"}
    assert {t.reason for t in tasks(member_id=falls.id, state="closed")} == {"tier_changed"}
    assert Counter(t.member_id for t in tasks(state="open")) == {gold.id: 1, top.id: 2, later.id: 1}


def test_a_day_of_the_year_that_some_years_lack(app):
    days = Days(date(2024, 2, 29), 12, date(2025, 8, 31))
    kept = dates.yearly_turn(Rhythm.JOINED, days, date(2027, 2, 21))
    assert (kept.number, kept.due_on) == (2027, date(2027, 2, 28))
    assert dates.yearly_turn(Rhythm.JOINED, days, date(2024, 2, 29)) is None
    birthday = dates.yearly_turn(Rhythm.BIRTHDAY, days, date(2027, 1, 10))
    assert (birthday.number, birthday.due_on) == (2026, date(2026, 12, 31))
    assert dates.yearly_turn(Rhythm.BIRTHDAY, Days(NEW_YEAR, None, None), NEW_YEAR) is None
    assert dates.add_months(date(2027, 11, 30), 3) == date(2028, 2, 29)


def test_what_was_missed_does_not_pile_up_and_goes_to_the_managers_once(place, graded):
    graded(place.member, "gold")
    manager = factories.make_staff("manager", place.project)
    promise(place, "gold", "call", "days", 3)
    promise(place, "gold", "gift", "joined")
    place.member.joined_on = date(2020, 3, 1)
    plan(place, NEW_YEAR)
    for days in (30, 55, 80):
        plan(place, NEW_YEAR + timedelta(days=days))
    assert [(t.kind, t.due_on) for t in tasks()] == [
        ("call", date(2028, 1, 4)), ("gift", date(2028, 3, 1)),
    ]  # fmt: skip
    late = at(date(2028, 3, 21))
    assert escalate(project=place.ref, at=late) == 2
    assert escalate(project=place.ref, at=late) == 0
    told = db.session.scalars(sa.select(Notification.account_id)).all()
    assert told == [manager.id]


def test_a_tier_that_was_got_after_the_day_makes_nothing_up(place, graded):
    promise(place, "gold", "gift", "joined")
    place.member.joined_on = date(2020, 3, 1)
    plan(place, date(2028, 3, 5))
    graded(place.member, "gold")
    plan(place, date(2028, 3, 8))
    assert tasks() == []


def test_new_terms_leave_tasks_that_were_made(place, graded):
    graded(place.member, "gold")
    rule = promise(place, "gold", "call", "days", 3)
    plan(place, NEW_YEAR)
    someone = StaffRef(place.clerk.id, place.clerk.public_id, "小周")
    weekly = Promise(NEW_YEAR, 7, 7, 0, someone)
    who = {"actor": place.clerk, "rule": rule, "terms": weekly, "at": at(NEW_YEAR)}
    promising.change_promise(**who, version=1)
    assert refused(promising.change_promise, **who, version=1) == "CHANGED"
    plan(place, NEW_YEAR)
    (task,) = tasks()
    assert (task.version, task.due_on) == (1, date(2028, 1, 4))
    do(place, task, date(2028, 1, 4))
    plan(place, date(2028, 1, 5))
    assert [(t.version, t.due_on, t.assigned) for t in tasks(state="open")] == [
        (2, date(2028, 1, 11), "小周")
    ]
    db.session.commit()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        db.session.execute(sa.update(CareTerms).values(amount=1))
    db.session.rollback()
    twin = {"tier": "gold", "kind": "call", "rhythm": "days", "most": 5}
    assert refused(promise, place=place, **twin) == "SAME_PROMISE"


def test_a_wish_is_respected_at_once_and_can_be_taken_back(place, graded):
    graded(place.member, "gold")
    promise(place, "gold", "call", "days", 3)
    promise(place, "gold", "gift", "birthday")
    place.member.birth_month = 1
    plan(place, NEW_YEAR)
    who = {"member": place.owner, "project": place.ref, "at": at(NEW_YEAR)}
    declining.decline(**who, kinds=["call", "gift", "nonsense"])
    assert {(t.state, t.reason) for t in tasks()} == {("closed", "no_longer_wanted")}
    plan(place, NEW_YEAR)
    assert tasks(state="open") == []
    declining.decline(**who, kinds=[])
    plan(place, date(2028, 1, 2))
    # The gift of the year stands open again; calls begin anew.
    assert [(t.kind, t.turn) for t in tasks(state="open")] == [("gift", 2028), ("call", 2)]


@pytest.fixture
def gifts(place, graded, monkeypatch):
    """Promise three members a gift of 100 yuan, with a budget for two; return the tasks."""
    monkeypatch.setattr(acting, "store_picture", lambda **values: None)
    promise(place, "gold", "gift", "birthday", amount=10_000)
    others = [factories.make_owner(place.project) for _ in range(2)]
    for member in (place.member, *others):
        member.birth_month = 1
        graded(member, "gold")
    plan(place, NEW_YEAR)
    budgeting.set_budget(
        actor=place.clerk, project=place.ref, month="2028-01", kind="gift", planned=20_000
    )
    return tasks()


def money():
    db.session.flush()
    row = db.session.scalars(sa.select(CareBudget).execution_options(populate_existing=True)).one()
    return row.planned, row.committed, row.spent


def test_a_budget_is_never_overrun(place, gifts):
    first, second, third = gifts
    who = {"actor": place.clerk, "project": place.ref, "at": at(NEW_YEAR)}
    acting.take(**who, task=first)
    acting.take(**who, task=second)
    assert money() == (20_000, 20_000, 0)
    assert refused(acting.take, **who, task=third) == "NO_BUDGET"
    assert refused(do, place=place, task=first, day=NEW_YEAR, spent=9000) == "NO_PROOF"
    assert refused(do, place=place, task=first, day=NEW_YEAR, spent=10_001) == "OVER_AMOUNT"
    do(place, first, NEW_YEAR, spent=9000, pictures=[PHOTO])
    assert money() == (20_000, 10_000, 9000)
    set_to = {"actor": place.clerk, "project": place.ref, "month": "2028-01", "kind": "gift"}
    assert refused(budgeting.set_budget, **set_to, planned=18_999) == "BELOW_SPENT"
    acting.assign(actor=place.clerk, task=second, colleague=None, at=at(NEW_YEAR))
    acting.take(**who, task=third)
    assert money() == (20_000, 10_000, 9000)
    acting.undo(**who, task=first)
    assert money() == (20_000, 10_000, 0)
    assert (first.state, first.outcome) == ("open", None)
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.update(CareBudget).values(spent=10_001))
    db.session.rollback()


def test_a_task_is_put_off_within_limits_and_undone_in_time(place, gifts):
    task = gifts[0]
    who = {"actor": place.clerk, "project": place.ref, "task": task}
    off = {**who, "at": at(NEW_YEAR)}
    last = date(2028, 3, 1)
    assert refused(acting.postpone, **off, to=last, reason="") == "NO_REASON"
    assert refused(acting.postpone, **off, to=date(2028, 1, 31), reason="出差") == "BAD_DAY"
    assert refused(acting.postpone, **off, to=date(2028, 3, 2), reason="出差") == "BAD_DAY"
    acting.postpone(**off, to=last, reason="出差")
    assert (task.due_on, task.promised_on, task.moved) == (last, date(2028, 1, 31), 1)
    acting.skip(**off, reason="不在家")
    assert refused(acting.skip, **off, reason="不在家") == "TASK_ENDED"
    assert refused(acting.undo, **who, at=at(date(2028, 1, 9))) == "NOT_TO_UNDO"
    acting.undo(**who, at=at(date(2028, 1, 8)))
    assert task.state == "open"
    colleague = factories.make_staff("staff", place.project)
    acting.take(**off)
    assert refused(acting.take, **{**off, "actor": colleague}) == "TASK_TAKEN"


def test_two_planners_at_once_make_everything_once(app, place, graded):
    for member in (place.member, *(factories.make_owner(place.project) for _ in range(4))):
        graded(member, "gold")
    promise(place, "gold", "call", "days", 3)
    promise(place, "gold", "visit", "days", 10)
    db.session.commit()
    ref, start = place.ref, threading.Barrier(2)

    def run():
        with app.app_context():
            start.wait(20)
            plan_batch(project=ref, after=0, at=at(NEW_YEAR))
            db.session.commit()
            db.session.remove()

    both = [threading.Thread(target=run) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(60)
    db.session.rollback()
    assert Counter(task.kind for task in tasks()) == {"call": 5, "visit": 5}


def test_the_portal_tells_the_days_of_members_and_masked_numbers(place):
    place.member.birth_month = 2
    found = dates_of_each([place.owner])[place.member.id]
    assert (found.joined_on, found.birth_month) == (place.member.joined_on, 2)
    contact = contact_of(place.member.id)
    assert contact is not None
    assert (contact.member, "****" in contact.phone) == (place.owner, True)
    assert contact_of(0) is None


@pytest.fixture
def today(place, graded):
    """Plan for today; return it."""
    graded(place.member, "gold")
    day = clock.business_date("Asia/Shanghai")
    place.member.birth_month = day.month
    promise(place, "gold", "gift", "birthday", amount=10_000, since=day)
    plan(place, day)
    db.session.commit()
    return day


def test_the_staff_do_today_s_care_with_proof(app, place, today):
    manager = factories.sign_in(app.test_client(), factories.make_staff("manager", place.project))
    clerk = factories.sign_in(app.test_client(), place.clerk)
    assert place.member.name in clerk.get(CARE).text
    assert "没有符合" in clerk.get(f"{CARE}?kind=call").text
    (task,) = tasks()
    page = f"{CARE}/{task.public_id}"
    assert "****" in clerk.get(page).text
    assert clerk.post(page, data={"act": "take"}).status_code == 409
    budget = {"month": f"{today:%Y-%m}", "kind": "gift", "planned": "100"}
    assert clerk.post(f"{CARE}/budget", data=budget).status_code == 403
    assert manager.post(f"{CARE}/budget", data={**budget, "planned": "1e9"}).status_code == 422
    assert manager.post(f"{CARE}/budget", data=budget).status_code == 303
    assert clerk.post(page, data={"act": "take"}).status_code == 303
    picture = BytesIO()
    Image.new("RGB", (40, 40)).save(picture, "PNG")
    done = {"act": "do", "outcome": "reached", "spent": "88.50", "note": "送了花"}
    told = clerk.post(page, data=done)
    assert (told.status_code, "送了花" in told.text) == (422, True)
    picture.seek(0)
    assert clerk.post(page, data={**done, "photos": (picture, "a.png")}).status_code == 303
    db.session.rollback()
    assert tasks()[0].spent == 8850
    assert "88.50" in manager.get(f"{CARE}/budget").text
    with clerk.post(f"{CARE}.csv", data={"view": "ended"}) as file:
        assert "送了花" in file.text


def test_a_manager_writes_a_promise(app, place, graded):
    manager = factories.sign_in(app.test_client(), factories.make_staff("manager", place.project))
    typed = {"tier": "gold", "kind": "call", "rhythm": "days", "most": "3", "since": "2028-01-01"}
    assert manager.post(f"{CARE}/rules/new", data={**typed, "most": ""}).status_code == 422
    assert manager.get(f"{CARE}/rules").status_code == 200


def test_pages_cost_the_same_however_many(app, place, graded, query_count):
    promise(place, "gold", "call", "days", 3)
    graded(place.member, "gold")
    plan(place, NEW_YEAR)
    db.session.commit()
    manager = factories.sign_in(app.test_client(), factories.make_staff("manager", place.project))
    task = tasks()[0].public_id
    ends = ("?view=coming", f"/{task}", f"/{task}?tab=history", "/rules", "/budget")

    def cost():
        found = []
        for end in ends:
            with query_count() as sent:
                assert manager.get(f"{CARE}{end}").status_code == 200
            found.append(len(sent))
        return found

    few = cost()
    for _ in range(5):
        graded(factories.make_owner(place.project), "gold")
    promise(place, "gold", "visit", "days", 3)
    plan(place, NEW_YEAR)
    db.session.commit()
    assert cost() == few
    assert max(few) <= 8, few


def test_the_demo_has_care_done_today_and_coming_within_its_budget(place, graded):
    today, others = clock.business_date("Asia/Shanghai"), {}
    for tier in ("silver", "blue"):
        others[tier] = factories.make_owner(place.project)
        graded(others[tier], tier)
    graded(place.member, "gold")
    others["silver"].joined_on = dates.add_months(today, -36) + timedelta(days=2)
    staff = {"staff": place.clerk, "manager": factories.make_staff("manager", place.project)}
    fill_care(place.ref, Demo(random.Random(1), today, "Asia/Shanghai", {}, staff, []))
    calls = {"member_id": place.member.id, "kind": "call"}
    assert len(tasks(**calls, state="done")) == 9
    assert [t.due_on for t in tasks(**calls, state="open")] == [today]
    assert [t.due_on for t in tasks(member_id=others["blue"].id)] == [today]
    (gift,) = tasks(kind="gift")
    assert (gift.held, gift.assigned_to) == (10_000, place.clerk.id)


def test_an_owner_says_on_the_page_which_care_is_welcome(app, place):
    scheme = helpers.install()
    factories.add(Membership(member_id=place.member.id, scheme_id=scheme.id, tier="gold"))
    day = clock.business_date("Asia/Shanghai")
    for kind, days in (("call", 3), ("visit", 10)):
        promise(place, "gold", kind, "days", days, since=day)
    promise(place, "blue", "dinner", "months", 3, since=day)
    plan(place, day)
    db.session.commit()
    account = db.session.get_one(Account, place.owner.account_id)
    owner = factories.sign_in(app.test_client(), account)
    page = "/p/binjiang/rewards/benefits"
    assert "管家每 3 天给您打一次电话" in owner.get(page).text
    # What was not offered is not declined, whatever is sent.
    assert owner.post(f"{page}/care", data={"welcome": ["visit", "x"]}).status_code == 303
    db.session.rollback()
    assert declining.declined_by(place.owner, place.ref.id) == {"call"}
    assert [(t.kind, t.state) for t in tasks()] == [("call", "closed"), ("visit", "open")]
    assert owner.post(f"{page}/care", data={"welcome": ["visit", "call"]}).status_code == 303
    db.session.rollback()
    assert declining.declined_by(place.owner, place.ref.id) == set()
