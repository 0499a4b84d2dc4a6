"""Nobody has seats in two activities at the same time, where the project says so."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events import overlaps, registering
from plugins.events.errors import EventError
from plugins.events.models import Registration
from plugins.events.policy import Terms
from plugins.events.states import QueueRule, Seat
from portal import clock
from portal.extensions import db
from tests.api.conftest import call
from tests.plugins.events.test_races import at_once, joining
from tests.plugins.events.test_registering import join, refused
from tests.plugins.events.test_waiting import filled, people, states, take, wait

__all__ = ["call", "people"]


@pytest.fixture(autouse=True)
def _policy(monkeypatch):
    """Let the project have the policy."""
    monkeypatch.setattr(overlaps, "plugin_settings", lambda *_: {"no_overlap": True})


def test_one_person_one_place_and_the_refusal_names_both(call, place, make_activity):
    first = make_activity(title="电影夜")
    later = make_activity(starts_at=first.starts_at, title="品酒会")
    after = make_activity(starts_at=first.ends_at, ends_at=first.ends_at + timedelta(hours=1))
    made = join(place, first)
    assert refused(place, later) == "OVERLAP"
    at = f"/p/binjiang/events/{later.public_id}/register"
    answer = call(place.member)("POST", at, {"terms": Terms.of(later).mark()})
    assert (answer.status_code, answer.json["code"]) == (409, "OVERLAP")
    assert "Sports day" in answer.json["detail"]
    # One ends when the other begins.
    assert join(place, after).state == Seat.CONFIRMED
    registering.cancel(
        registration_id=made.id, occurrence_id=first.id, project=place.ref, at=clock.now()
    )
    db.session.commit()
    assert join(place, later).state == Seat.CONFIRMED


def test_waiting_is_no_seat_but_taking_one_is(place, people, make_activity):
    occurrence, seated = filled(place, make_activity, 1, queue_rule=QueueRule.SKIP)
    who = people()
    waits = wait(place, occurrence, who)
    other = make_activity()
    join(place, other, who[0])
    registering.cancel(
        registration_id=seated[0].id, occurrence_id=occurrence.id, project=place.ref,
        at=clock.now(),
    )  # fmt: skip
    db.session.commit()
    assert states(waits) == [Seat.HELD]
    with pytest.raises(EventError, match="OVERLAP"):
        take(place, waits)
    db.session.rollback()
    assert states(waits) == [Seat.HELD]


def test_two_phones_at_two_activities_get_one_seat(app, place, make_activity):
    activities = [make_activity() for _ in range(4)]
    acts = [joining(each, place.member, place.project) for each in activities]
    assert at_once(app, acts) == {"done": 1, "OVERLAP": 3}
    assert db.session.scalar(sa.select(sa.func.count(Registration.id))) == 1
