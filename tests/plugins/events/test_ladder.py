"""Marks for who does not come: by the version that was shown, once each, with appeal and waiver."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.events import on_behalf, registering, service
from plugins.events.errors import EventError
from plugins.events.ladder import appealing, marking, policies, queries
from plugins.events.ladder.models import (
    Appeal,
    Cause,
    Mark,
    Pause,
    Penalty,
    Policy,
    Version,
    Voided,
)
from plugins.events.ladder.pledging import pledge
from plugins.events.ladder.rules import CLEAN, Standing, Step, last_day
from plugins.events.models import LogEntry, Registration
from plugins.events.policy import Terms
from plugins.events.seats import lock_quotas
from plugins.events.states import QueueRule, Seat, State
from portal import clock
from portal.extensions import db
from portal.notifications.models import Notification
from portal.plugin_host.refs import member_ref
from tests import factories
from tests.plugins.events.test_registering import run_jobs

VALUES = {
    "no_show_weight": 1, "late_weight": 1, "warn_from": 1, "later_from": 2, "queue_from": 3,
    "later_hours": 24, "days": 90, "notice_hours": 24,
}  # fmt: skip


@pytest.fixture
def policy(place):
    return rules(place)


def rules(place, **changed):
    """Put a version in force since yesterday."""
    found = policies.newest(place.project.id)
    made = Policy(
        project_id=place.project.id,
        version=found.version + 1 if found else 1,
        state=Version.PUBLISHED,
        starts_at=clock.now() - timedelta(days=1, seconds=-(found.version if found else 0)),
        written_by=place.writer.id,
        published_by=place.reviewer.id,
        **VALUES | changed,
    )
    return factories.add(made)


def come(place, occurrence, member=None, at=None):
    who = member_ref(member) if member else place.owner
    version = queries.standing_of(place.project.id, who.id, at or clock.now()).version
    made = registering.register(
        occurrence_id=occurrence.id,
        member=who,
        project=place.ref,
        terms_seen=Terms.of(occurrence, None, version).mark(),
        at=at or clock.now(),
    )
    db.session.commit()
    return made


def leave_late(place, made, occurrence):
    left = registering.cancel(
        registration_id=made.id,
        occurrence_id=occurrence.id,
        project=place.ref,
        at=occurrence.cancel_until + timedelta(seconds=1),
    )
    db.session.commit()
    return left


def mark(place, make_activity, number=1):
    """Let the owner cancel so many activities late."""
    going = [(come(place, each), each) for each in [make_activity() for _ in range(number)]]
    for made, occurrence in going:
        leave_late(place, made, occurrence)
    return db.session.scalars(sa.select(Penalty).order_by(Penalty.created_at)).all()


def standing(place, at=None):
    return queries.standing_of(place.project.id, place.owner.id, at or clock.now())


def refused(act, *args, **values):
    with pytest.raises(EventError) as found:
        act(*args, **values)
    db.session.rollback()
    return found.value


def test_days_of_a_pause_do_not_count():
    day = date(2026, 9, 29)
    assert last_day(day, 5, []) == date(2026, 10, 4)
    week = (date(2026, 10, 1), date(2026, 10, 7))
    assert last_day(day, 5, [week]) == date(2026, 10, 11)
    assert last_day(day, 1, [(date(2020, 1, 1), date(2040, 1, 1))]) < date(2030, 1, 1)


def test_steps_and_a_later_opening_that_is_never_more_than_half():
    policy, opens = Policy(**VALUES, version=1), clock.now()
    steps = [
        Standing(policy, tuple(Penalty(weight=1) for _ in range(many))).step for many in range(5)
    ]
    assert steps == [Step.NONE, Step.WARNING, Step.LATER, Step.QUEUE, Step.QUEUE]
    found = Standing(policy, (Penalty(weight=2),))
    assert found.opens(opens, opens + timedelta(days=9)) == opens + timedelta(hours=24)
    assert found.opens(opens, opens + timedelta(hours=10)) == opens + timedelta(hours=5)
    assert CLEAN.opens(opens, opens) == opens


def test_settling_marks_who_did_not_come_once_and_an_excuse_makes_none(
    app, place, policy, make_activity
):
    occurrence = make_activity()
    members = [place.member, *(factories.make_owner(place.project) for _ in range(2))]
    absent, excused, came = (come(place, occurrence, member) for member in members)
    occurrence.state = State.ENDED
    db.session.commit()
    for each, state in ((excused, Seat.EXCUSED), (came, Seat.ATTENDED)):
        service.mark(
            actor=place.writer, registration=each, occurrence=occurrence, state=state,
            at=clock.now(),
        )  # fmt: skip
    step = {"project": place.ref, "occurrence": occurrence, "at": clock.now()}
    service.take_step(actor=place.writer, step="settle", **step)
    db.session.commit()
    run_jobs(app)
    made = db.session.scalars(sa.select(Penalty)).all()
    assert [(each.registration_id, each.cause) for each in made] == [(absent.id, Cause.NO_SHOW)]
    assert (made[0].settled_by, made[0].marked_by) == (place.writer.id, None)
    told = sa.select(sa.func.count(Notification.id)).where(Notification.kind == "events.penalty")
    assert db.session.scalar(told) == 1
    lock_quotas(occurrence.id)
    assert marking.penalize(absent, occurrence, place.ref, Cause.NO_SHOW, clock.now()) is None
    copied = {column.key: getattr(made[0], column.key) for column in Penalty.__table__.columns}
    del copied["id"], copied["public_id"]
    with pytest.raises(IntegrityError, match="penalty"), db.session.begin_nested():
        db.session.add(Penalty(**copied))


def test_a_late_cancellation_counts_by_the_version_that_was_shown(place, policy, make_activity):
    first, second = make_activity(), make_activity()
    early = clock.now() - timedelta(hours=20)
    kept = come(place, first, at=early)
    rules(place, late_weight=0)
    later = come(place, second)
    assert leave_late(place, later, second).state == Seat.CANCELLED_LATE
    assert standing(place).marks == 0
    leave_late(place, kept, first)
    assert [each.policy_id for each in standing(place).penalties] == [policy.id]
    assert standing(place, clock.now() + timedelta(days=99)).step == Step.NONE


def test_the_next_registration_opens_later_then_only_the_list(place, policy, make_activity):
    third = make_activity()
    going = come(place, third)
    mark(place, make_activity, 2)
    now = clock.now()
    opening = make_activity(
        opens_at=now - timedelta(hours=1), queue_rule=QueueRule.SKIP, starts_at=now + timedelta(9)
    )
    error = refused(come, place, opening)
    assert error.code == "NOT_OPEN_FOR_YOU"
    assert error.opens_at == opening.opens_at + timedelta(hours=24)
    wait = {"member": place.owner, "project": place.ref, "occurrence_id": opening.id}
    assert refused(registering.join_queue, **wait, at=now).code == "NOT_OPEN_FOR_YOU"
    come(place, opening, factories.make_owner(place.project))
    leave_late(place, going, third)
    after = error.opens_at + timedelta(seconds=1)
    assert refused(come, place, opening, at=after).code == "WAITING_LIST_ONLY"
    # The list itself knows nothing of marks: what is free is offered in its order.
    assert registering.join_queue(**wait, at=after).state == Seat.HELD
    db.session.rollback()
    speaks = {
        **wait, "actor": place.writer, "party": [place.owner.public_id], "reason": "来电",
        "terms_seen": Terms.of(opening, None, 1).mark(), "at": after,
    }  # fmt: skip
    error = refused(on_behalf.register_for, **speaks, force=False)
    assert error.code == "WAITING_LIST_ONLY"
    assert on_behalf.register_for(**speaks, force=True).state == Seat.CONFIRMED


def test_the_waiting_list_makes_no_marks_and_who_was_promoted_late_is_free(
    place, policy, make_activity
):
    now = clock.now()
    codes = {}
    for name, hours in (("late", 20), ("early", 60)):
        other = factories.make_owner(place.project)
        occurrence = make_activity(
            capacity=1, queue_rule=QueueRule.SKIP, starts_at=now + timedelta(hours=hours),
            cancel_until=now + timedelta(hours=1), closes_at=now + timedelta(hours=18),
        )  # fmt: skip
        first = come(place, occurrence, other)
        args = {"occurrence_id": occurrence.id, "project": place.ref}
        waits = registering.join_queue(**args, member=place.owner, at=now)
        registering.cancel(registration_id=first.id, **args, at=now)
        db.session.commit()
        terms = Terms.of(occurrence).mark()
        me = {"registration_id": waits.id, **args}
        registering.accept(**me, member=place.owner, terms_seen=terms, at=now)
        db.session.commit()
        assert leave_late(place, waits, occurrence).state == Seat.CANCELLED_LATE
        codes[name] = standing(place).marks
    assert codes == {"late": 0, "early": 1}
    # Giving up a place or an offer is no cause.
    free = make_activity(capacity=1, queue_rule=QueueRule.SKIP)
    offered = registering.join_queue(
        occurrence_id=free.id, member=place.owner, project=place.ref, at=now
    )
    assert offered.state == Seat.HELD
    assert leave_late(place, offered, free).state == Seat.DECLINED
    assert standing(place).marks == 1


def test_a_waiver_voids_and_lets_none_be_made(place, policy, make_activity):
    occurrence = make_activity()
    members = [place.member, factories.make_owner(place.project)]
    first, second = (come(place, occurrence, each) for each in members)
    leave_late(place, first, occurrence)
    waive = {"actor": place.writer, "occurrence": occurrence, "at": clock.now()}
    assert refused(marking.waive, **waive, reason="").code == "NO_REASON"
    assert marking.waive(**waive, reason="大雨") == 1
    db.session.commit()
    leave_late(place, second, occurrence)
    found = db.session.scalars(sa.select(Penalty)).all()
    assert [(each.state, each.voided_for) for each in found] == [(Mark.VOID, Voided.WEATHER)]
    assert refused(marking.waive, **waive, reason="大雨").code == "ALREADY_WAIVED"
    assert "waive" in db.session.scalars(sa.select(LogEntry.step)).all()


def test_calling_off_voids_the_marks(app, place, policy, make_activity):
    occurrence = make_activity()
    leave_late(place, come(place, occurrence), occurrence)
    step = {"project": place.ref, "occurrence": occurrence, "at": clock.now()}
    service.take_step(actor=place.writer, step="cancel", reason="台风", **step)
    db.session.commit()
    run_jobs(app)
    db.session.expire_all()
    found = db.session.scalars(sa.select(Penalty)).one()
    assert (found.state, found.voided_for) == (Mark.VOID, Voided.CALLED_OFF)


def test_an_appeal_is_decided_by_somebody_else(place, policy, make_activity):
    (found,) = mark(place, make_activity)
    found.settled_by, found.marked_by = place.writer.id, None
    db.session.commit()
    assert refused(appealing.appeal, mark=found, text="", at=clock.now()).code == "NO_TEXT"
    first = appealing.appeal(mark=found, text="公交车晚点", at=clock.now())
    db.session.commit()
    assert appealing.appeal(mark=found, text="再说一次", at=clock.now()).id == first.id
    answer = {"project": place.ref, "mark": found, "granted": True, "at": clock.now()}
    own = refused(appealing.decide, actor=place.writer, answer="好", **answer)
    assert own.code == "OWN_MARK"
    values = {"state": "granted", "decided_by": place.writer.id}
    with pytest.raises(IntegrityError, match="somebody_else"), db.session.begin_nested():
        db.session.execute(sa.update(Appeal).values(**values))
    assert refused(appealing.decide, actor=place.reviewer, answer="", **answer).code == "NO_REASON"
    appealing.decide(actor=place.reviewer, answer="情况属实", **answer)
    db.session.commit()
    assert standing(place).marks == 0
    again = refused(appealing.decide, actor=place.reviewer, answer="情况属实", **answer)
    assert again.code == "DECIDED"
    excuse = {"actor": place.writer, "mark": found, "reason": "病", "at": clock.now()}
    late = refused(marking.excuse, **excuse, occurrence=make_activity())
    assert late.code == "NOT_LIVE"


def test_an_excuse_afterwards_voids_and_says_so(place, policy, make_activity):
    occurrence = make_activity(State.ENDED)
    made = factories.add(
        Registration(
            occurrence_id=occurrence.id, project_id=place.project.id, member_id=place.member.id,
            household_id=place.member.household_id, state=Seat.NO_SHOW, seats=1, ticket="T",
            cancel_until=clock.now(),
        )
    )  # fmt: skip
    pledge(made, clock.now())
    found = marking.penalize(made, occurrence, place.ref, Cause.NO_SHOW, clock.now())
    marking.excuse(
        actor=place.writer, mark=found, occurrence=occurrence, reason="生病", at=clock.now()
    )
    db.session.commit()
    db.session.expire_all()
    assert (made.state, found.voided_for) == (Seat.EXCUSED, Voided.EXCUSED)


def test_pauses_that_change_move_the_end(place, policy, make_activity):
    (found,) = mark(place, make_activity)
    before = found.expires_at
    first = found.since + timedelta(days=10)
    week = {"first": first, "last": first + timedelta(days=6)}
    acts = {"actor": place.writer, "project": place.ref, "at": clock.now()}
    pause = policies.add_pause(**acts, title="国庆节", **week)
    db.session.commit()
    assert found.expires_at - before == timedelta(days=7)
    assert refused(policies.add_pause, **acts, title="国庆", **week).code == "CHANGED"
    policies.remove_pause(**acts, pause=db.session.get_one(Pause, pause.id))
    db.session.commit()
    assert found.expires_at == before


def test_a_version_is_written_by_one_and_published_by_another(place):
    write = {"actor": place.writer, "project": place.ref, "values": VALUES}
    soon = clock.now() + timedelta(days=1)
    draft = policies.write_draft(**write, starts_at=soon, seen=0)
    db.session.commit()
    stale = refused(policies.write_draft, **write, starts_at=soon, seen=0)
    assert stale.code == "CHANGED"
    same = policies.write_draft(**write, starts_at=clock.now(), seen=1)
    assert same.id == draft.id
    db.session.commit()
    publish = {"policy": draft, "at": clock.now()}
    own = refused(policies.publish, actor=place.writer, seen=draft.starts_at, **publish)
    assert own.code == "OWN_POLICY"
    moved = refused(policies.publish, actor=place.reviewer, seen=soon, **publish)
    assert moved.code == "CHANGED"
    policies.publish(actor=place.reviewer, seen=draft.starts_at, **publish)
    db.session.commit()
    assert queries.policy_now(place.project.id, clock.now()).id == draft.id
    again = policies.write_draft(**write, starts_at=soon, seen=1)
    assert (again.version, again.state) == (2, Version.DRAFT)
