"""The case: who proposes, who decides, how it rises, and its clocks; the log folds to the state."""

from contextlib import ExitStack
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from plugins.complaints import casework, clocks, deciding, handling, settings, timing
from plugins.complaints.errors import CaseError
from plugins.complaints.jobs import recompute
from plugins.complaints.models import Case, Clock, LogEntry
from plugins.complaints.states import STEPS, By, Level, State
from portal.extensions import db
from tests import factories
from tests.plugins.complaints.conftest import sound

ZONE = ZoneInfo("Asia/Shanghai")
LIST = "/p/binjiang/complaints/"
DESK = "/p/binjiang/staff/complaints/"
MONDAY = datetime(2024, 3, 4, 9, tzinfo=ZONE)


@pytest.fixture
def time_is():
    """Set the database's clock."""
    with ExitStack() as moments:

        def set_to(moment):
            moments.close()
            moments.enter_context(casework.acting_at(moment))

        set_to(MONDAY)
        yield set_to


def hour(day, at, minute=0):
    return datetime(2024, 3, day, at, minute, tzinfo=ZONE)


def answer(place, case, step="reply", body="已安排检测", rank=Level.PROJECT, actor=None):
    handling.answer(
        actor=actor or place.clerk,
        rank=rank,
        case_id=case.id,
        project=place.ref,
        step=step,
        body=body,
        version=db.session.get_one(Case, case.id).version,
    )
    db.session.commit()


def clock(case, kind):
    return db.session.scalars(
        sa.select(Clock)
        .where(Clock.case_id == case.id, Clock.kind == kind)
        .order_by(Clock.turn.desc())
        .limit(1)
    ).one()


def decide(act, place, case, **values):
    values.setdefault("version", db.session.get_one(Case, case.id).version)
    act(case_id=case.id, member=place.owner, project=place.ref, **values)
    db.session.commit()


def test_answer_propose_refuse_rises_and_only_the_group_proposes_then(
    app, client, place, make_case
):
    case = make_case()
    owner = factories.sign_in(client, place.member)
    clerk = factories.sign_in(app.test_client(), place.clerk)
    centre = factories.sign_in(app.test_client(), place.centre)
    page, desk = f"{LIST}{case.public_id}", f"{DESK}{case.public_id}"
    said = {"step": "reply", "body": "已受理", "version": 1}
    assert clerk.post(f"{desk}/answer", data=said).status_code == 303
    assert sound(case).state == State.ACKED
    said = {"step": "propose", "body": "更换导靴", "version": 1}
    stale = clerk.post(f"{desk}/answer", data=said)
    assert stale.status_code == 409
    assert "更换导靴" in stale.text
    assert 'name="version" value="2"' in stale.text
    assert clerk.post(f"{desk}/answer", data={**said, "version": 2}).status_code == 303
    assert "更换导靴" in owner.get(page).text
    assert clerk.post(f"{desk}/close").status_code == 403
    for rating in ("0", "6", "4.5", "五", ""):
        bad = owner.post(f"{page}/accept", data={"rating": rating, "version": 3})
        assert bad.status_code == 422
    assert owner.post(f"{page}/refuse", data={"body": "", "version": 3}).status_code == 422
    assert owner.post(f"{page}/refuse", data={"body": "还在响", "version": 3}).status_code == 303
    found = sound(case)
    assert (found.state, found.level, found.round) == (State.IN_PROGRESS, Level.GROUP, 2)
    assert "已升级到集团中心" in owner.get(page).text
    again = {**said, "version": found.version}
    assert clerk.post(f"{desk}/answer", data=again).status_code == 409
    assert centre.post(f"{desk}/answer", data=again).status_code == 303
    version = sound(case).version
    assert owner.post(f"{page}/accept", data={"rating": "4", "version": version}).status_code == 303
    found = sound(case)
    assert (found.state, found.rating) == (State.CLOSED_SATISFIED, 4)
    assert "业主满意结案" in owner.get(page).text
    assert owner.post(f"{page}/reply", data={"body": "谢谢"}).status_code == 409


def test_a_low_rating_is_closed_but_not_satisfied(place, make_case):
    case = make_case()
    answer(place, case, "propose")
    decide(deciding.accept, place, case, rating=2)
    assert sound(case).state == State.CLOSED_UNSATISFIED


def test_neighbours_and_whoever_handles_it_do_not_decide(place, make_case):
    case = make_case()
    answer(place, case, "propose")
    from portal.plugin_host.refs import member_ref

    version = sound(case).version
    with pytest.raises(CaseError, match="NOT_YOURS"):
        deciding.accept(
            case_id=case.id,
            member=member_ref(place.neighbour),
            project=place.ref,
            rating=5,
            version=version,
        )
    db.session.rollback()
    case = db.session.get_one(Case, case.id)
    case.assignee_id = place.owner.account_id
    db.session.commit()
    with pytest.raises(CaseError, match="OWN_CASE"):
        decide(deciding.accept, place, case, rating=5)
    db.session.rollback()


def test_a_reply_at_the_deadline_is_in_time_though_the_timer_rings_later(time_is, place, make_case):
    case = make_case()
    first = clock(case, clocks.FIRST_REPLY)
    assert first.due_at == hour(4, 18)
    time_is(hour(4, 18))
    answer(place, case)
    time_is(hour(4, 19))
    assert timing.ring(case_id=case.id, clock_id=first.id, project=place.ref) is False
    found = clock(case, clocks.FIRST_REPLY)
    assert (found.met_at, found.breached_at) == (hour(4, 18), None)
    assert sound(case).level == Level.PROJECT


def test_a_breach_raises_once_however_often_the_timer_rings(time_is, place, make_case):
    case = make_case()
    first = clock(case, clocks.FIRST_REPLY)
    time_is(hour(4, 18, 1))
    assert timing.ringing([place.project.id], hour(4, 18, 1), 10) == [
        (case.id, first.id, place.project.id)
    ]
    assert timing.ringing([], hour(4, 18, 1), 10) == []
    for expected in (True, False, False):
        done = timing.ring(case_id=case.id, clock_id=first.id, project=place.ref)
        db.session.commit()
        assert done is expected
    answer(place, case)
    found = sound(case)
    assert found.level == Level.GROUP
    steps = db.session.scalars(sa.select(LogEntry.step).where(LogEntry.case_id == case.id)).all()
    assert steps.count("breach") == 1


def test_a_late_answer_is_a_breach_before_the_timer_rings(time_is, place, make_case):
    case = make_case()
    time_is(hour(5, 9))
    answer(place, case)
    assert clock(case, clocks.FIRST_REPLY).breached_at == hour(4, 18)
    assert sound(case).level == Level.GROUP
    assert timing.ringing([place.project.id], hour(5, 9), 10) == []


def test_a_question_pauses_and_the_answer_lets_the_clock_run_on(client, time_is, place, make_case):
    case = make_case(category="order")  # 40 hours: five working days
    assert clock(case, clocks.RESOLUTION).due_at == hour(8, 18)
    time_is(hour(5, 9))
    with pytest.raises(AssertionError):
        assert clock(case, clocks.FIRST_REPLY).met_at
    time_is(hour(4, 12))
    answer(place, case, "ask", "请问是几号电梯？")
    assert sound(case).due_at is None
    time_is(hour(11, 9))
    owner = factories.sign_in(client, place.member)
    assert owner.post(f"{LIST}{case.public_id}/reply", data={"body": "左边那部"}).status_code == 303
    found = sound(case)
    assert found.state == State.IN_PROGRESS
    # 3 of 40 hours were used on Monday the 4th; 37 remain from Monday the 11th, 09:00.
    assert clock(case, clocks.RESOLUTION).due_at == hour(15, 15)
    assert found.due_at == hour(13, 18)
    assert found.pause_seconds == 6 * 86400 + 21 * 3600
    assert any(line["why"] == "paused" for line in clock(case, clocks.RESOLUTION).lines)


def test_pauses_are_few_and_run_out_by_themselves(time_is, place, make_case):
    case = make_case()
    time_is(hour(4, 10))
    answer(place, case, "ask", "请补充照片")
    assert timing.running_out([place.project.id], hour(18, 10), 9) == []
    time_is(hour(19, 10))
    assert timing.run_out(case_id=case.id, project=place.ref)
    db.session.commit()
    assert sound(case).state == State.IN_PROGRESS
    with pytest.raises(CaseError, match="NO_MORE_PAUSES"):
        answer(place, case, "ask", "再补充")
    db.session.rollback()


def test_silence_lapses_and_can_be_opened_again_for_thirty_days(time_is, place, make_case):
    case = make_case()
    time_is(hour(4, 10))
    answer(place, case, "propose")
    time_is(hour(11, 10))
    assert timing.run_out(case_id=case.id, project=place.ref)
    db.session.commit()
    assert sound(case).state == State.CLOSED_LAPSED
    assert clock(case, clocks.RESOLUTION).met_at == hour(4, 10)
    time_is(hour(11, 10) + timedelta(days=31))
    with pytest.raises(CaseError, match="TOO_LATE"):
        decide(deciding.reopen, place, case, reason="还在响")
    db.session.rollback()
    time_is(hour(11, 10) + timedelta(days=10))
    decide(deciding.reopen, place, case, reason="还在响")
    found = sound(case)
    assert (found.state, found.round) == (State.IN_PROGRESS, 2)
    assert clock(case, clocks.RESOLUTION).turn == 2
    assert found.due_at is not None


def test_a_changed_calendar_moves_what_runs_and_no_verdict(time_is, app, place, make_case):
    judged, running = make_case(), make_case("另一件")
    time_is(hour(4, 11))
    answer(place, judged)
    before = clock(judged, clocks.FIRST_REPLY)
    verdict = (before.due_at, before.met_at, list(before.lines))
    settings.keep_day(
        actor=place.clerk,
        project=place.ref,
        day=MONDAY.date(),
        working=False,
        note="台风停工",
    )
    db.session.commit()

    class Run:
        project_id, payload, done = place.project.id, {}, 0

        def checkpoint(self, **_values):
            db.session.commit()

    recompute(Run())
    after = clock(judged, clocks.FIRST_REPLY)
    assert (after.due_at, after.met_at, list(after.lines)) == verdict
    moved = clock(running, clocks.FIRST_REPLY)
    assert moved.due_at == hour(5, 18)
    assert moved.lines[0]["note"] == "台风停工"
    assert sound(running).due_at == hour(5, 18)


def test_the_log_is_append_only_and_every_step_needs_its_state(place, make_case):
    case = make_case()
    for change in (
        sa.update(LogEntry).values(step="accept"),
        sa.delete(LogEntry),
    ):
        with pytest.raises(DatabaseError):
            db.session.execute(change)
        db.session.rollback()
    locked = casework.lock(case.id)
    for step, way in STEPS.items():
        if locked.state not in way.sources:
            with pytest.raises(CaseError, match="ILLEGAL_STEP"):
                casework.take(locked, step, by=By.OWNER, at=MONDAY)
    db.session.rollback()


def test_the_queue_is_sorted_by_time_left(app, time_is, place, make_case):
    make_case("后到期")
    time_is(hour(1, 10))
    make_case("先到期")
    clerk = factories.sign_in(app.test_client(), place.clerk)
    text = clerk.get(DESK).text
    assert text.index("先到期") < text.index("后到期")
    assert "没有符合条件" in clerk.get(f"{DESK}?q=不存在的词").text
    assert "先到期" in clerk.get(f"{DESK}?q=TS-0002").text


def test_the_group_takes_over_and_overrules_only_after_a_refusal(time_is, place, make_case):
    case = make_case()
    handling.take_over(
        actor=place.centre, case_id=case.id, project=place.ref, version=sound(case).version
    )
    db.session.commit()
    assert sound(case).level == Level.GROUP
    answer(place, case, "propose", rank=Level.GROUP, actor=place.centre)
    with pytest.raises(CaseError, match="NOT_REFUSED"):
        handling.overrule(
            actor=place.centre,
            case_id=case.id,
            project=place.ref,
            reason="已达标",
            version=sound(case).version,
        )
    db.session.rollback()
    decide(deciding.refuse, place, case, reason="不接受")
    handling.overrule(
        actor=place.centre,
        case_id=case.id,
        project=place.ref,
        reason="检测达标",
        version=sound(case).version,
    )
    assert sound(case).state == State.CLOSED_UNSATISFIED
