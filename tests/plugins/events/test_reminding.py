"""Reminders: once a person and date, before the beginning, and none after cancelling."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.events.after.models import Care, Reminded
from plugins.events.after.plan import Plan, own_path
from plugins.events.models import Occurrence, Registration, SeatRow
from plugins.events.reminding import forget_reminders, remind
from plugins.events.states import Seat, State
from portal import clock
from portal.extensions import db
from portal.notifications.models import Notification
from tests import factories
from tests.plugins.events.test_households import come, family
from tests.plugins.events.test_registering import join, leave, run_jobs

__all__ = ["family"]


def reminded():
    told = sa.select(sa.func.count(Notification.id)).where(Notification.kind == "events.reminder")
    return db.session.scalar(told)


def test_who_has_a_seat_is_reminded_once(app, place, family, make_activity):
    starts = clock.now() + timedelta(hours=20)
    soon, later, off = (
        make_activity(state, starts_at=at)
        for state, at in (
            (State.OPEN, starts),
            (State.OPEN, starts + timedelta(days=2)),
            (State.OPEN, starts),
        )
    )
    # The child has no account: two are told.
    come(place, soon, place.member, family[0], family[1])
    leave(place, join(place, soon, factories.make_owner(place.project)))
    join(place, later)
    join(place, off)
    off.state = State.CANCELLED
    run_jobs(app)
    assert reminded() == 2
    db.session.execute(sa.delete(Reminded))
    run_jobs(app)
    assert reminded() == 2


HOURS = {"remind_hours": 24, "remind_again_hours": 2, "thank_hours": 3}


@pytest.mark.parametrize(
    ("hours", "kind"),
    [(-30, None), (-24, "before:1"), (-3, "before:1"), (-2, "before:2"), (1, None), (4, None),
     (5, "after"), (2 + 7 * 24, None)],
)  # fmt: skip
def test_the_last_reminder_that_is_due_is_told(hours, kind):
    starts = datetime(2026, 3, 1, 9, tzinfo=UTC)
    occurrence = Occurrence(starts_at=starts, ends_at=starts + timedelta(hours=2))
    plan = Plan.of(None, HOURS)
    assert plan.due(occurrence, starts + timedelta(hours=hours)) == kind
    assert Plan.of(Care(before=[], thanks=None), HOURS) == Plan((), None)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/p/binjiang/surveys/one", "/p/binjiang/surveys/one"),
        ("https://club.example/p/b?x=1", "/p/b?x=1"),
        ("https://club.example.evil.test/p", None),
        ("//evil.test", None),
        ("/\\evil.test", None),
        ("https://club.example//evil.test", None),
        ("javascript:alert(1)", None),
        ("/a\nb", None),
        ("/" + "a" * 300, None),
        ("", None),
    ],
)
def test_a_survey_is_on_this_site(text, path):
    assert own_path(text, "https://club.example") == path


def again():
    """Do what the job does, without waiting for its time."""
    remind(SimpleNamespace(done=0, checkpoint=lambda **_: db.session.commit()))


def told(kind):
    found = sa.select(sa.func.count(Notification.id)).where(Notification.kind == kind)
    return db.session.scalar(found)


def test_who_was_there_is_thanked_once_and_a_new_date_reminds_anew(app, place, make_activity):
    now = clock.now()
    over = make_activity(starts_at=now - timedelta(hours=9), ends_at=now - timedelta(hours=5))
    factories.add(Care(occurrence_id=over.id, project_id=place.project.id, before=[], thanks=4))
    came, away = (factories.make_owner(place.project) for _ in range(2))
    for member, state in ((came, Seat.ATTENDED), (away, Seat.NO_SHOW)):
        party = factories.add(
            Registration(
                occurrence_id=over.id, project_id=place.project.id, member_id=member.id,
                household_id=member.household_id, state=state, seats=1, ticket=f"T{member.id}",
                cancel_until=now,
            )
        )  # fmt: skip
        where = {"occurrence_id": over.id, "project_id": place.project.id}
        factories.add(
            SeatRow(**where, registration_id=party.id, member_id=member.id, name="", state=state)
        )
    over.state = State.ENDED
    soon = make_activity(starts_at=now + timedelta(hours=20))
    join(place, soon)
    run_jobs(app)
    again()
    assert (told("events.thanks"), told("events.reminder")) == (1, 1)
    key = db.session.execute(sa.select(Reminded.seat_id, Reminded.kind)).first()
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(
            sa.insert(Reminded).values(
                seat_id=key[0], kind=key[1], project_id=place.project.id, at=now
            )
        )
    soon.starts_at += timedelta(hours=1)
    forget_reminders(soon)
    db.session.commit()
    again()
    assert (told("events.thanks"), told("events.reminder")) == (1, 2)
