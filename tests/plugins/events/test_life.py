"""The life of an activity: who may lead it where, what is refused, and what the clock does."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events import service
from plugins.events.errors import EventError
from plugins.events.models import LogEntry, Occurrence
from plugins.events.states import STEPS, State
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from tests import factories

PATH = [
    ("submit", State.IN_REVIEW, "writer"),
    ("approve", State.SCHEDULED, "reviewer"),
    ("open", State.OPEN, "writer"),
    ("close", State.CLOSED, "writer"),
    ("start", State.RUNNING, "writer"),
    ("end", State.ENDED, "writer"),
    ("settle", State.SETTLED, "writer"),
    ("archive", State.ARCHIVED, "writer"),
]


def take(place, occurrence, step, actor=None, reason="大雨"):
    service.take_step(
        actor=actor or place.writer,
        project=place.ref,
        occurrence=occurrence,
        step=step,
        at=clock.now(),
        reason=reason,
    )
    db.session.commit()


def test_an_activity_goes_its_way_and_every_step_is_logged(place, make_activity):
    occurrence = make_activity(State.DRAFT, opens_at=clock.now() + timedelta(hours=1))
    for step, state, who in PATH:
        take(place, occurrence, step, getattr(place, who))
        assert occurrence.state == state
    assert occurrence.opens_at <= clock.now()
    logged = db.session.scalars(sa.select(LogEntry.step).order_by(LogEntry.id)).all()
    assert sorted(logged) == sorted(step for step, _, _ in PATH)
    audited = db.session.scalars(
        sa.select(AuditEntry.action).where(AuditEntry.action.startswith("events."))
    ).all()
    assert sorted(audited) == sorted(f"events.{step}" for step, _, _ in PATH)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", State)
def test_only_declared_steps_are_taken(place, make_activity, state, step):
    occurrence = make_activity(state)
    if state in STEPS[step].sources:
        take(place, occurrence, step, place.reviewer)
        assert occurrence.state == STEPS[step].target
        return
    with pytest.raises(EventError) as refused:
        take(place, occurrence, step, place.reviewer)
    assert (refused.value.code, refused.value.state) == ("ILLEGAL_STEP", state)
    db.session.rollback()
    assert db.session.get_one(Occurrence, occurrence.id).state == state


def test_nobody_approves_what_they_handed_in(place, make_activity):
    occurrence = make_activity(State.DRAFT)
    take(place, occurrence, "submit", place.reviewer)
    with pytest.raises(EventError, match="OWN_WORK"):
        take(place, occurrence, "approve", place.reviewer)
    db.session.rollback()
    other = factories.make_staff("manager", place.project)
    take(place, occurrence, "approve", other)
    assert occurrence.state == State.SCHEDULED


def test_calling_off_asks_for_a_reason_and_a_past_window_is_not_published(place, make_activity):
    with pytest.raises(EventError, match="NO_REASON"):
        take(place, make_activity(), "cancel", reason="")
    db.session.rollback()
    past = make_activity(State.IN_REVIEW, closes_at=clock.now() - timedelta(minutes=1))
    with pytest.raises(EventError, match="PAST"):
        take(place, past, "approve", place.reviewer)


def test_the_clock_opens_closes_starts_and_ends(place, make_activity):
    start = clock.now() + timedelta(days=3)
    occurrence = make_activity(State.SCHEDULED, starts_at=start, opens_at=start - timedelta(days=2))
    moments = [
        (start - timedelta(days=2, seconds=1), State.SCHEDULED, 0),
        (start - timedelta(days=2), State.OPEN, 1),
        (start - timedelta(hours=1), State.CLOSED, 1),
        (start, State.RUNNING, 1),
        (start + timedelta(hours=2), State.ENDED, 1),
    ]
    for at, state, steps in moments:
        assert service.keep_time(project=place.ref, occurrence=occurrence, at=at) == steps
        assert occurrence.state == state


def test_the_clock_catches_up_after_a_long_silence(place, make_activity):
    past = clock.now() - timedelta(days=9)
    occurrence = make_activity(State.SCHEDULED, starts_at=past)
    service.keep_time(project=place.ref, occurrence=occurrence, at=clock.now())
    db.session.commit()
    assert occurrence.state == State.ENDED
    assert db.session.scalar(sa.select(sa.func.count(LogEntry.id))) == 3
