"""Activities by program: the pages' rules, a code for every refusal, once for each key."""

from datetime import timedelta

import pytest

from plugins.events.models import Registration
from plugins.events.policy import Terms
from plugins.events.states import QueueRule, Seat, State
from portal import clock
from portal.extensions import db
from tests import factories
from tests.api.conftest import call
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_door import soon
from tests.plugins.events.test_households import family
from tests.plugins.events.test_registering import join

__all__ = ["call", "family"]
HERE = "/p/binjiang/events"


@pytest.fixture
def owner(call, place):
    return call(place.member)


def code_of(answer):
    return answer.status_code, answer.json["code"]


def test_a_member_finds_joins_and_leaves_an_activity(owner, place, family, make_activity):
    give_points(place.member, 100)
    activity = make_activity(capacity=3, price=10_000)
    listed = owner("GET", f"{HERE}/").json["items"]
    assert [(each["title"], each["price"], each["mine"]) for each in listed] == [
        ("Sports day", 10, None)
    ]
    at = f"{HERE}/{activity.public_id}"
    shown = owner("GET", at).json
    assert (shown["refusal"], shown["free_seats"], shown["registration"]) == (None, 3, None)
    assert len(shown["household"]) == 4
    party = [each["key"] for each in shown["household"][:2]]
    wish = {"terms": shown["terms"], "party": party}
    key = {"headers": {"Idempotency-Key": "a-key-for-one-act-1"}}
    made = owner("POST", f"{at}/register", wish, **key)
    assert (made.status_code, made.json["state"], made.json["charged"]) == (200, "confirmed", 20)
    replayed = owner("POST", f"{at}/register", wish, **key)
    assert (replayed.headers["Idempotency-Replayed"], replayed.json) == ("true", made.json)
    # Another phone, without the key: the same registration.
    again = owner("POST", f"{at}/register", wish)
    assert (again.status_code, again.json["id"]) == (200, made.json["id"])
    assert owner("GET", at).json["registration"] == made.json["id"]
    mine = f"{HERE}/tickets/{made.json['id']}"
    assert [each["id"] for each in owner("GET", f"{HERE}/mine").json["items"]] == [made.json["id"]]
    assert len(owner("GET", mine).json["persons"]) == 2
    gone = owner("POST", f"{mine}/cancel").json
    assert (gone["state"], gone["refunded"]) == ("cancelled_free", 20)
    assert owner("POST", f"{mine}/cancel").json["state"] == "cancelled_free"
    assert owner("GET", f"{HERE}/", query_string={"past": "yes"}).json["items"] == []


def test_every_refusal_has_a_status_and_a_code(call, owner, place, family, make_activity):
    activity = make_activity(capacity=2, queue_rule=QueueRule.SKIP)
    at, terms = f"{HERE}/{activity.public_id}", Terms.of(activity).mark()
    household = [each["key"] for each in owner("GET", at).json["household"]]
    whole = {"terms": terms, "party": household[:3]}
    full = owner("POST", f"{at}/register", whole)
    assert (*code_of(full), full.json["available"]) == (409, "NOT_ENOUGH_SEATS", 2)
    assert owner("GET", at).json["may_wait"] is False
    for party in ([], 0, -1, 1.5, 10**9, "all", [1], ["nobody"], list("abcdefghijklmnopqrstu")):
        answer = owner("POST", f"{at}/register", {"terms": terms, "party": party})
        assert answer.status_code == 422, party
    assert owner("POST", f"{at}/register", {}).status_code == 422
    late = owner("POST", f"{at}/register", {"terms": "0.0.then"})
    assert code_of(late) == (409, "TERMS_CHANGED")
    large = owner("POST", f"{at}/queue", {"party": household[:3]})
    assert (*code_of(large), large.json["available"]) == (409, "PARTY_TOO_LARGE", 2)
    opens = clock.now() + timedelta(hours=1)
    later = make_activity(State.SCHEDULED, opens_at=opens)
    early = owner("POST", f"{HERE}/{later.public_id}/register", {"terms": "x"})
    assert code_of(early) == (403, "NOT_OPEN_FOR_YOU")
    assert early.json["opens_at"] == later.opens_at.isoformat()
    costs = make_activity(price=5_000)
    poor = {"terms": Terms.of(costs).mark()}
    assert code_of(owner("POST", f"{HERE}/{costs.public_id}/register", poor)) == (
        409, "NOT_ENOUGH_POINTS",
    )  # fmt: skip
    draft = make_activity(State.DRAFT)
    assert owner("GET", f"{HERE}/{draft.public_id}").status_code == 404
    other = join(place, activity, factories.make_owner(place.project))
    for path in ("", "/cancel"):
        method = "POST" if path else "GET"
        assert owner(method, f"{HERE}/tickets/{other.public_id}{path}").status_code == 404
    assert call()("GET", f"{HERE}/").status_code == 401


def test_an_offer_is_taken_or_is_over(owner, place, make_activity):
    activity = make_activity(capacity=1, queue_rule=QueueRule.SKIP)
    first = join(place, activity, factories.make_owner(place.project))
    at, terms = f"{HERE}/{activity.public_id}", Terms.of(activity).mark()
    waits = owner("POST", f"{at}/queue", {}).json
    assert (waits["state"], waits["before"]) == ("waitlisted", 0)
    mine = f"{HERE}/tickets/{waits['id']}"
    assert code_of(owner("POST", f"{mine}/accept", {"terms": terms})) == (410, "OFFER_OVER")
    found = db.session.get_one(Registration, first.id)
    seated = {"state": Seat.HELD, "offer_until": clock.now() + timedelta(hours=1)}
    db.session.query(Registration).filter_by(public_id=waits["id"]).update(seated)
    found.state = Seat.CANCELLED_FREE
    activity.state = State.OPEN
    db.session.execute(db.text("UPDATE events_quota SET confirmed = 0, held = 1"))
    db.session.execute(db.text("UPDATE events_seat SET state = 'held' WHERE state = 'waitlisted'"))
    db.session.commit()
    taken = owner("POST", f"{mine}/accept", {"terms": terms})
    assert (taken.status_code, taken.json["state"]) == (200, "confirmed")


def test_staff_read_registrations_and_keep_the_door(call, owner, place, make_activity):
    activity = soon(make_activity)
    found = join(place, activity)
    staff, at = call(place.writer), f"{HERE}/staff/{activity.public_id}"
    listed = staff("GET", f"{at}/registrations").json["items"]
    assert [(each["name"], each["ticket"]) for each in listed] == [
        (place.member.name, found.ticket)
    ]
    ticket = {"ticket": found.ticket}
    came = staff("POST", f"{at}/check-in", ticket)
    assert (came.json["changed"], came.json["persons"][0]["state"]) == (1, "attended")
    assert code_of(staff("POST", f"{at}/check-in", ticket)) == (409, "ALREADY_IN")
    assert staff("POST", f"{at}/check-out", ticket).json["changed"] == 1
    assert code_of(staff("POST", f"{at}/check-out", ticket)) == (409, "NOT_IN")
    none = staff("POST", f"{at}/check-in", {"ticket": "AAAABBBBCCCC"})
    assert code_of(none) == (404, "UNKNOWN_TICKET")
    assert staff("POST", f"{at}/check-in", {**ticket, "seats": []}).status_code == 422
    for path in ("registrations", "check-in"):
        method = "GET" if path == "registrations" else "POST"
        body = None if method == "GET" else ticket
        assert owner(method, f"{at}/{path}", body).status_code == 403
