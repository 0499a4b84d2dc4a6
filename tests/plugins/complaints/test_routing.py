"""Whose hands a complaint goes into: nobody's yet, a category's, a stand-in's, a colleague's."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.complaints import bursts, handling, promising, timing
from plugins.complaints.casework import acting_at, database_now
from plugins.complaints.models import Burst, Case, Category, Clock, LogEntry, Post
from plugins.complaints.routing import service
from plugins.complaints.states import STEPS, By, Kind, Level, State, after
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.permissions.models import RoleGrant
from portal.sdk import StaffRef
from tests import factories
from tests.plugins.complaints.conftest import sound

LIST = "/p/binjiang/complaints/"
DESK = "/p/binjiang/staff/complaints/"
HANDS = f"{DESK}hands"


def ref(account):
    return StaffRef(account.id, account.public_id, account.display_name)


@pytest.fixture
def helper(place):
    """A second colleague of the project."""
    return factories.make_staff("staff", place.project, display_name="钱工")


@pytest.fixture
def lift(place, helper):
    """The category of lifts, which comes to the helper."""
    found = db.session.scalars(sa.select(Category).where(Category.key == "lift")).one()
    found.handler_id, found.handler = helper.id, helper.display_name
    db.session.commit()
    return found


def test_whatever_the_staff_do_first_opens_what_was_queued():
    for step, way in STEPS.items():
        if State.QUEUED in way.sources:
            for by in way.by:
                staff = by in (By.STAFF, By.CENTRE)
                expected = way.target or (State.OPEN if staff else State.QUEUED)
                assert after(step, State.QUEUED, by) == expected, step


def test_a_queued_case_is_public_counted_and_on_the_clock(app, client, place, make_case):
    with acting_at(database_now() - timedelta(days=30)):
        case = make_case()
    assert case.state == State.QUEUED
    started = sa.select(Clock.started_at).where(Clock.case_id == case.id)
    assert set(db.session.scalars(started)) == {case.created_at}
    assert case.title in factories.sign_in(client, place.neighbour).get(LIST).text
    clerk = factories.sign_in(app.test_client(), place.clerk)
    assert case.title in clerk.get(f"{DESK}?who=none").text
    assert len(bursts.cases_of(_burst_of(case))) == 1
    clock = db.session.scalars(
        sa.select(Clock).where(Clock.case_id == case.id, Clock.kind == "first_reply")
    ).one()
    assert timing.ring(case_id=case.id, clock_id=clock.id, project=place.ref)
    assert (sound(case).state, case.level) == (State.QUEUED, Level.GROUP)
    handling.assign(actor=place.centre, case_id=case.id, version=case.version)
    assert (sound(case).state, case.assignee) == (State.OPEN, "高远")


def test_an_answer_takes_up_what_was_queued_and_nobody_opens_it_twice(place, make_case):
    case, moved = make_case(), make_case("换一类")
    said = {"actor": place.clerk, "rank": Level.PROJECT, "project": place.ref}
    handling.answer(**said, case_id=case.id, step="reply", body="已受理", version=1)
    assert sound(case).state == State.ACKED
    parking = db.session.scalars(sa.select(Category).where(Category.key == "parking")).one()
    where = {"project": place.ref, "category": parking, "reason": "属于车库"}
    promising.move(actor=place.clerk, case_id=moved.id, version=1, **where)
    assert (sound(moved).state, moved.assignee_id) == (State.OPEN, None)


def test_who_stands_in_gets_new_cases_and_who_left_gets_none(place, lift, helper, make_case):
    assert (make_case().assignee, make_case().state) == ("钱工", State.OPEN)
    today = service.today(place.ref)
    days = {"since": today, "until": today + timedelta(days=3)}
    away = {"actor": place.clerk, "project": place.ref, **days}
    service.keep_stand_in(**away, absent=ref(helper), taker=ref(place.clerk))
    assert make_case().assignee == "赵敏"
    service.keep_stand_in(**away, absent=ref(place.clerk), taker=ref(helper))
    assert make_case().state == State.QUEUED
    later = {**away, "since": today + timedelta(days=2)}
    service.keep_stand_in(**later, absent=ref(helper), taker=ref(place.clerk))
    assert make_case().assignee == "钱工"
    grant = db.session.scalars(sa.select(RoleGrant).where(RoleGrant.account_id == helper.id)).one()
    grant.revoked_at = database_now()
    db.session.commit()
    assert make_case().state == State.QUEUED


def test_all_cases_of_one_go_to_another_in_one_act(app, place, lift, helper, make_case):
    cases = [make_case(), make_case("另一件"), make_case("第三件")]
    other = make_case("别人的", category="parking")
    manager = factories.make_staff("manager", place.project, display_name="孙经理")
    boss = factories.sign_in(app.test_client(), manager)
    clerk = factories.sign_in(app.test_client(), place.clerk)
    data = {"holder": helper.public_id, "to": place.clerk.public_id, "body": "调去四季苑"}
    assert clerk.post(f"{HANDS}/over", data=data).status_code == 422
    assert boss.post(f"{HANDS}/over", data={**data, "body": " "}).status_code == 422
    assert boss.post(f"{HANDS}/over", data={**data, "to": helper.public_id}).status_code == 422
    assert "钱工 · 3" in boss.get(HANDS).text
    assert boss.post(f"{HANDS}/over", data=data).status_code == 303
    assert {sound(case).assignee for case in cases} == {"赵敏"}
    assert sound(other).assignee_id is None
    notes = sa.select(Post.body).where(Post.kind == Kind.NOTE)
    assert list(db.session.scalars(notes)) == ["调去四季苑"] * 3
    steps = sa.select(LogEntry.step).where(LogEntry.seq == 2)
    assert set(db.session.scalars(steps)) == {"transfer"}
    trail = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "complaints.hand_over")
    ).one()
    assert (trail.reason, trail.facts["cases"], trail.facts["left"]) == ("调去四季苑", 3, 0)
    assert boss.post(f"{HANDS}/over", data=data).status_code == 422
    owner = factories.sign_in(app.test_client(), place.member)
    assert "调去四季苑" not in owner.get(f"{LIST}{cases[0].public_id}").text


def test_cases_of_who_has_left_can_still_be_handed_over(app, place, lift, helper, make_case):
    case = make_case()
    grant = db.session.scalars(sa.select(RoleGrant).where(RoleGrant.account_id == helper.id)).one()
    grant.revoked_at = database_now()
    db.session.commit()
    boss = factories.sign_in(app.test_client(), factories.make_staff("manager", place.project))
    page = boss.get(HANDS).text
    key = page.split('<option value="left-')[1].split('"')[0]
    data = {"holder": f"left-{key}", "to": place.clerk.public_id, "body": "离职交接"}
    assert boss.post(f"{HANDS}/over", data=data).status_code == 303
    assert sound(case).assignee == "赵敏"


def test_one_notes_down_ones_own_absence_a_manager_everybodys(app, place, helper, query_count):
    clerk = factories.sign_in(app.test_client(), place.clerk)
    today = service.today(place.ref)
    data = {
        "absent": place.clerk.public_id,
        "taker": helper.public_id,
        "since": today.isoformat(),
        "until": today.isoformat(),
    }
    wrong = (
        {"absent": helper.public_id, "taker": place.clerk.public_id},
        {"taker": place.clerk.public_id},
        {"until": (today - timedelta(days=1)).isoformat()},
        {"since": "bald"},
        {"taker": "nobody"},
    )
    for changed in wrong:
        sent = clerk.post(f"{HANDS}/stand-in", data={**data, **changed})
        assert sent.status_code == 422, changed
    for _ in range(2):
        assert clerk.post(f"{HANDS}/stand-in", data=data).status_code == 303
    assert len(service.stand_ins(place.ref)) == 1
    with query_count() as sent:
        assert "钱工" in clerk.get(HANDS).text
    assert len(sent) <= 8
    end = f"{HANDS}/{service.stand_ins(place.ref)[0].public_id}/end"
    assert factories.sign_in(app.test_client(), helper).post(end).status_code == 403
    assert clerk.post(end).status_code == 303
    assert clerk.post(end).status_code == 404


def _burst_of(case: Case):
    return Burst(
        project_id=case.project_id,
        category_id=case.category_id,
        building="",
        contractor="",
        created_at=case.created_at,
    )
