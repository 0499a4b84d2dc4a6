"""Reminders: once a person and date, before the beginning, and none after cancelling."""

from datetime import timedelta

import sqlalchemy as sa

from plugins.events.states import State
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
    db.session.execute(sa.text("UPDATE events_seat SET reminded_at = NULL"))
    run_jobs(app)
    assert reminded() == 2
