"""Registering and cancelling: the seat, the points and the deadline that was shown."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events import registering, service
from plugins.events.errors import EventError
from plugins.events.models import Quota, Registration, SeatRow
from plugins.events.policy import Terms
from plugins.events.seats import lock_quotas, set_capacity
from plugins.events.states import Seat, State
from portal import clock
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.notifications.models import Notification
from portal.outbox.models import DomainEventRow
from portal.plugin_host.refs import member_ref
from portal.points.verify import verify
from portal.sdk import points_balance
from tests import factories
from tests.plugins.events.conftest import give_points


def join(place, occurrence, member=None, at=None, terms=None):
    made = registering.register(
        occurrence_id=occurrence.id,
        member=member_ref(member) if member else place.owner,
        project=place.ref,
        terms_seen=terms or Terms.of(occurrence).mark(),
        at=at or clock.now(),
    )
    db.session.commit()
    return made


def leave(place, registration, at=None):
    left = registering.cancel(
        registration_id=registration.id,
        occurrence_id=registration.occurrence_id,
        project=place.ref,
        at=at or clock.now(),
    )
    db.session.commit()
    return left


def refused(place, occurrence, **values):
    with pytest.raises(EventError) as found:
        join(place, occurrence, **values)
    db.session.rollback()
    return found.value.code


def figures(place):
    found = points_balance(place.owner)
    return found.available // 1000, found.held // 1000


def quota_of(occurrence):
    return db.session.scalar(
        sa.select(Quota)
        .where(Quota.occurrence_id == occurrence.id)
        .execution_options(populate_existing=True)
    )


def test_price_and_deposit_are_taken_and_come_back_in_time(place, make_activity):
    give_points(place.member, 100)
    occurrence = make_activity(price=30_000, deposit=20_000, capacity=2)
    made = join(place, occurrence)
    assert figures(place) == (50, 20)
    assert quota_of(occurrence).free == 1
    assert leave(place, made).state == Seat.CANCELLED_FREE
    assert leave(place, made).state == Seat.CANCELLED_FREE
    assert figures(place) == (100, 0)
    assert (made.charged, made.refunded) == (30_000, 30_000)
    assert quota_of(occurrence).free == 2
    assert verify() == []


def test_cancelling_late_keeps_the_price_and_the_deposit(place, make_activity):
    give_points(place.member, 100)
    occurrence = make_activity(price=30_000, deposit=20_000)
    made = join(place, occurrence)
    left = leave(place, made, at=occurrence.cancel_until + timedelta(seconds=1))
    assert left.state == Seat.CANCELLED_LATE
    assert figures(place) == (50, 0)
    assert verify() == []


def test_late_is_judged_by_the_deadline_shown_at_registering(place, make_activity):
    occurrence = make_activity()
    made = join(place, occurrence)
    shown = occurrence.cancel_until
    occurrence.cancel_until = clock.now() - timedelta(days=1)
    db.session.commit()
    assert leave(place, made, at=shown).state == Seat.CANCELLED_FREE


def test_twice_is_once(place, make_activity):
    give_points(place.member, 100)
    occurrence = make_activity(price=30_000, capacity=5)
    assert join(place, occurrence).id == join(place, occurrence).id
    assert figures(place) == (70, 0)
    assert quota_of(occurrence).confirmed == 1


def test_who_cancelled_may_register_again(place, make_activity):
    occurrence = make_activity(capacity=1)
    first = join(place, occurrence)
    leave(place, first)
    assert join(place, occurrence).id != first.id


@pytest.mark.parametrize(
    ("state", "values", "code"),
    [
        (State.SCHEDULED, {"opens_at": clock.now() + timedelta(days=1)}, "NOT_OPEN_FOR_YOU"),
        (State.CLOSED, {}, "CLOSED"),
        (State.OPEN, {"closes_at": clock.now() - timedelta(seconds=1)}, "CLOSED"),
        (State.RUNNING, {}, "OVER"),
        (State.SETTLED, {}, "OVER"),
        (State.DRAFT, {}, "OVER"),
        (State.POSTPONED, {}, "POSTPONED"),
        (State.CANCELLED, {}, "CANCELLED"),
        (State.OPEN, {"capacity": 0}, "NO_SEATS"),
        (State.OPEN, {"price": 1_000}, "NOT_ENOUGH_POINTS"),
    ],
)
def test_every_no_has_its_reason_and_keeps_no_seat(place, make_activity, state, values, code):
    occurrence = make_activity(state, **values)
    assert refused(place, occurrence) == code
    assert quota_of(occurrence).confirmed == 0
    assert db.session.scalar(sa.select(sa.func.count(Registration.id))) == 0


def test_open_by_the_clock_needs_no_job(place, make_activity):
    assert join(place, make_activity(State.SCHEDULED)).state == Seat.CONFIRMED


def test_full_is_full_and_empty_is_without_a_limit(place, make_activity):
    small, large = make_activity(capacity=1), make_activity()
    others = [factories.make_owner(place.project) for _ in range(3)]
    join(place, small, others[0])
    assert refused(place, small) == "NOT_ENOUGH_SEATS"
    for other in others:
        join(place, large, other)
    assert quota_of(large).free is None


def test_terms_that_changed_meanwhile_are_shown_again(place, make_activity):
    occurrence = make_activity()
    seen = Terms.of(occurrence).mark()
    occurrence.price = 5_000
    db.session.commit()
    assert refused(place, occurrence, terms=seen) == "TERMS_CHANGED"


def test_cutting_the_capacity_cancels_nobody_and_fills_no_gap(place, make_activity):
    occurrence = make_activity(capacity=3)
    made = [join(place, occurrence, factories.make_owner(place.project)) for _ in range(3)]
    set_capacity(lock_quotas(occurrence.id)[0], 1)
    db.session.commit()
    quota = quota_of(occurrence)
    assert (quota.confirmed, quota.forced, quota.free) == (3, 2, -2)
    leave(place, made[0])
    assert quota_of(occurrence).forced == 1
    assert refused(place, occurrence) == "NOT_ENOUGH_SEATS"


def test_the_database_itself_refuses_more_than_the_capacity(place, make_activity):
    occurrence = make_activity(capacity=1)
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(
            sa.update(Quota).where(Quota.occurrence_id == occurrence.id).values(confirmed=2)
        )
    db.session.rollback()


def test_the_member_and_the_others_hear_of_it(place, make_activity):
    made = join(place, make_activity())
    told = db.session.scalars(sa.select(Notification.kind)).all()
    assert told == ["events.confirmed"]
    kinds = db.session.scalars(sa.select(DomainEventRow.kind)).all()
    assert kinds.count("events.registered") == 1
    assert "亲子运动会" in db.session.scalar(sa.select(Notification.subject))["zh_Hans_CN"]
    leave(place, made)
    assert "events.cancelled" in db.session.scalars(sa.select(DomainEventRow.kind)).all()


def run_jobs(app):
    db.session.commit()
    made = Runner(app).run_once()
    db.session.expire_all()
    return made


def test_calling_off_returns_everything_once(app, place, make_activity):
    occurrence = make_activity(price=30_000, deposit=20_000)
    members = [factories.make_owner(place.project) for _ in range(25)]
    for member in members:
        give_points(member, 50)
        join(place, occurrence, member)
    service.take_step(
        actor=place.writer,
        project=place.ref,
        occurrence=occurrence,
        step="cancel",
        at=clock.now(),
        reason="台风",
    )
    run_jobs(app)
    run_jobs(app)
    states = set(db.session.scalars(sa.select(Registration.state)))
    assert states == {Seat.CANCELLED_BY_CLUB}
    assert set(db.session.scalars(sa.select(SeatRow.state))) == states
    for member in members:
        found = points_balance(member_ref(member))
        assert (found.available, found.held) == (50_000, 0)
    told = db.session.scalars(sa.select(Notification.kind)).all()
    assert told.count("events.called_off") == 25
    assert quota_of(occurrence).confirmed == 0
    assert verify() == []


def test_settling_returns_the_deposit_to_who_came(app, place, make_activity):
    occurrence = make_activity(deposit=20_000)
    came, absent, excused = [factories.make_owner(place.project) for _ in range(3)]
    made = {}
    for member in (came, absent, excused):
        give_points(member, 20)
        made[member.id] = join(place, occurrence, member)
    occurrence.state = State.ENDED
    db.session.commit()
    for member, state in ((came, Seat.ATTENDED), (excused, Seat.EXCUSED)):
        service.mark(
            actor=place.writer,
            registration=made[member.id],
            occurrence=occurrence,
            state=state,
            at=clock.now(),
        )
    service.take_step(
        actor=place.writer,
        project=place.ref,
        occurrence=occurrence,
        step="settle",
        at=clock.now(),
    )
    run_jobs(app)
    left = [points_balance(member_ref(m)).available for m in (came, absent, excused)]
    assert left == [20_000, 0, 20_000]
    assert made[absent.id].state == Seat.NO_SHOW
    assert verify() == []
