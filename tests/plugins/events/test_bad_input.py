"""What people and programs get wrong, over HTTP: each by form and by JSON, never a 500."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from plugins.events.models import Registration
from plugins.events.policy import Terms
from plugins.events.series.rules import MOST
from plugins.events.states import QueueRule, Seat, State
from portal import clock
from portal.extensions import db
from tests import factories
from tests.api.conftest import call
from tests.plugins.events.test_door import soon
from tests.plugins.events.test_households import family
from tests.plugins.events.test_pages import DESK, LIST, form
from tests.plugins.events.test_registering import join, leave, quota_of
from tests.plugins.events.test_series import rule_form

__all__ = ["call", "family"]
HERE, NUL = "/p/binjiang/events", "a\0b"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass
class Way:
    """An owner who comes by pages (`program` is None) or by program."""

    pages: Any
    program: Any = None

    def act(self, occurrence, act="register", **sent):
        """Try something of an activity; `party`: keys, `guests`: names, `terms`, `wishes`."""
        sent.setdefault("terms", Terms.of(occurrence).mark())
        if self.program:
            if act != "register":
                del sent["terms"]
            if "guests" in sent:
                sent["guests"] = [{"key": "guest-1", "name": name} for name in sent["guests"]]
            return self.program("POST", f"{HERE}/{occurrence.public_id}/{act}", sent)
        data = {"terms": sent["terms"]}
        if "party" in sent:
            data |= {"household": "1", "person": sent["party"]}
        data |= {f"guest-{n}-name": name for n, name in enumerate(sent.get("guests", ()), 1)}
        return self.pages.post(f"{LIST}{occurrence.public_id}/{act}", data=data)

    def ticket(self, public_id, act, **sent):
        """Try something of a registration."""
        if self.program:
            body = None if act == "cancel" else sent
            return self.program("POST", f"{HERE}/tickets/{public_id}/{act}", body)
        return self.pages.post(f"{LIST}tickets/{public_id}/{act}", data=sent)

    def of(self, answer):
        """Return the status, with the code where a program reads one."""
        return answer.status_code, answer.json["code"] if self.program else None

    def refused(self, answer, status, code, says):
        """Assert how something was refused: programs read the code, people the sentence."""
        assert answer.status_code == status
        if self.program:
            assert answer.json["code"] == code
        else:
            assert says in answer.text


@pytest.fixture(params=["form", "json"])
def way(request, call, client, place):
    if request.param == "json":
        return Way(None, call(place.member))
    return Way(factories.sign_in(client, place.member))


def registrations():
    return db.session.scalar(sa.select(sa.func.count(Registration.id)))


def test_members(way, place, family, make_activity):
    """Everything a member can get wrong, one after the other at activities of their own."""
    me, (spouse, child, father) = place.member, family
    keys = [each.public_id for each in (me, spouse, father)]
    # A double click, or two phones.
    twice = make_activity(capacity=1)
    answers = [way.act(twice) for _ in range(2)]
    assert [each.status_code for each in answers] == [200 if way.program else 303] * 2
    same = {each.json["id"] if way.program else each.location for each in answers}
    assert (len(same), registrations(), quota_of(twice).confirmed) == (1, 1, 1)
    # A party of three, two seats: how many there are, and to wait together.
    small = make_activity(capacity=3, queue_rule=QueueRule.SKIP)
    join(place, small, factories.make_owner(place.project))
    full = way.act(small, party=keys)
    way.refused(full, 409, "NOT_ENOUGH_SEATS", "只剩 2 席")
    if way.program:
        assert full.json["available"] == 2
    else:
        assert f"{small.public_id}/queue" in full.text
        assert full.text.count(" checked") == 3
    # A party that is none.
    nobodys = [[], ["0"], ["-1"], ["1.5"], [str(10**9)], ["x" * 64], list("abcdefghijklmnopqrstu")]
    for party in nobodys + ([0, -1, 1.5, 10**9, None, "all", {}] if way.program else []):
        assert way.act(small, party=party).status_code == 422, party
    assert way.act(small, party=[NUL]).status_code == (400 if way.program else 422)
    way.refused(way.act(small, party=[child.public_id]), 409, "CHILD_ALONE", "")
    # A guest with a name that is none.
    bring = make_activity(guests_most=1)
    assert way.act(bring, party=keys[:1], guests=["x" * 5_000]).status_code == 422
    assert way.act(bring, party=keys[:1], guests=[NUL]).status_code in (303, 400)
    # Before the window, with the time; closed, called off, over.
    later = make_activity(State.SCHEDULED, opens_at=clock.now() + HOUR)
    early = way.act(later)
    way.refused(early, 403, "NOT_OPEN_FOR_YOU", "起为您开放报名")
    if way.program:
        assert early.json["opens_at"] == later.opens_at.isoformat()
    for state in (State.CLOSED, State.CANCELLED, State.POSTPONED, State.ENDED):
        assert way.act(make_activity(state)).status_code == 409
    assert way.act(make_activity(State.DRAFT)).status_code == 404
    # Too few points: no seat kept, and other terms than were shown.
    dear = make_activity(price=5_000, capacity=1)
    way.refused(way.act(dear), 409, "NOT_ENOUGH_POINTS", "积分不足")
    for terms in ("", "0.0.then", "x" * 300, NUL, "9" * 99):
        assert way.act(dear, terms=terms).status_code in (400, 409, 422)
    assert quota_of(dear).free == 1


def test_offers_and_links(way, place, make_activity):
    occurrence = make_activity(capacity=1, queue_rule=QueueRule.SKIP)
    first = join(place, occurrence, factories.make_owner(place.project))
    waits = way.act(occurrence, "queue")
    mine = db.session.scalars(
        sa.select(Registration).where(Registration.member_id == place.member.id)
    ).one()
    assert (waits.status_code, mine.state) == (200 if way.program else 303, Seat.WAITING)
    terms = Terms.of(occurrence).mark()
    over = ("OFFER_OVER", "")
    way.refused(way.ticket(mine.public_id, "accept", terms=terms), 410, *over)
    leave(place, first)
    db.session.refresh(mine)
    assert mine.state == Seat.HELD
    for bad in ("", "0.0.then"):
        assert way.ticket(mine.public_id, "accept", terms=bad).status_code in (409, 422)
    db.session.execute(sa.update(Registration).values(offer_until=clock.now() - HOUR))
    db.session.commit()
    way.refused(way.ticket(mine.public_id, "accept", terms=terms), 410, *over)
    # Used, then given up.
    db.session.execute(sa.update(Registration).values(offer_until=clock.now() + HOUR))
    db.session.commit()
    for _phone in range(2):
        took = way.ticket(mine.public_id, "accept", terms=terms)
        assert took.status_code == (200 if way.program else 303)
    for _phone in range(2):
        left = way.ticket(mine.public_id, "cancel")
        assert left.status_code == (200 if way.program else 303)
    way.refused(way.ticket(mine.public_id, "accept", terms=terms), 410, *over)
    # Somebody else's link, and none at all.
    for link in (first.public_id, "x" * 22, "%00", "a" * 200):
        for act in ("accept", "cancel", "change"):
            sent = {"terms": terms} if act == "accept" or not way.program else {}
            assert way.ticket(link, act, **sent).status_code == 404, (link, act)


def test_tickets_at_the_door(app, call, place, make_activity):
    """A code for each, and the scanner stays usable."""
    tonight = soon(make_activity, queue_rule=QueueRule.SKIP)
    program, at = call(place.writer), f"{HERE}/staff/{tonight.public_id}"
    desk = factories.sign_in(app.test_client(), place.writer)

    def new(occurrence):
        return join(place, occurrence, factories.make_owner(place.project))

    gone = new(tonight)
    leave(place, gone)
    later, asked = make_activity(), make_activity(by_approval=True)
    inside, elsewhere, asks = new(tonight), new(later), new(asked)
    came = {"ticket": inside.ticket}
    assert program("POST", f"{at}/check-in", came).status_code == 200
    page = f"{DESK}{tonight.public_id}/door"
    for ticket, code, status, says in (
        ("AAAABBBBCCCC", "UNKNOWN_TICKET", 404, "没有这张票"),
        (elsewhere.ticket, "OTHER_ACTIVITY", 409, ""),
        (gone.ticket, "TICKET_CANCELLED", 409, ""),
        (inside.ticket, "ALREADY_IN", 409, ""),
        ("x" * 500, None, (404, 422), ""),
        ("' OR 1=1 --", None, (404, 422), ""),
    ):
        told = program("POST", f"{at}/check-in", {"ticket": ticket})
        assert told.status_code in (status if isinstance(status, tuple) else (status,)), ticket
        assert code in (None, told.json.get("code"))
        shown = desk.get(page, query_string={"q": ticket})
        # The next one can be scanned at once.
        assert (shown.status_code, 'name="q"' in shown.text) == (200, True)
        assert says in shown.text
    for found, activity, code in (
        (elsewhere, later, "TOO_EARLY"),
        (asks, asked, "NOT_CONFIRMED"),
    ):
        at = f"{HERE}/staff/{activity.public_id}"
        told = program("POST", f"{at}/check-in", {"ticket": found.ticket})
        assert (told.status_code, told.json["code"]) == (409, code)


def test_staff_forms(app, place, family, make_activity):
    """What is wrong is said in the form, and changes nothing."""
    desk = factories.sign_in(app.test_client(), place.writer)
    good = form(place.project)
    for wrong in (
        {"ends_at": good["starts_at"]},
        {"ends_at": good["opens_at"]},
        {"closes_at": good["opens_at"]},
        {"starts_at": "0001-01-01T00:00"},
        {"capacity": "-1"},
        {"capacity": "1.5"},
        {"capacity": "9" * 30},
        {"price": "-1"},
        {"price": "1e9"},
        {"household_most": "0"},
        {"title_zh_Hans_CN": ""},
        {"title_zh_Hans_CN": "长" * 61},
        {"queue_rule": "fastest"},
    ):
        assert desk.post(f"{DESK}new", data=good | wrong).status_code == 422, wrong
    pattern = make_activity(State.DRAFT)
    for wrong in (
        {"until": "2001-01-01", "count": ""},
        {"count": "0"},
        {"count": "-1"},
        {"count": str(MOST + 1)},
        {"count": "1.5"},
        {"first": NUL},
    ):
        data = rule_form(place, pattern, **wrong) | {"do": "make"}
        assert desk.post(f"{DESK}{pattern.public_id}/repeat", data=data).status_code == 422, wrong


def test_cells_of_exports_begin_no_formula(app, place, make_activity):
    occurrence = make_activity()
    for sign in "=+-@":
        join(place, occurrence, factories.make_owner(place.project, name=f"{sign}1+1"))
    desk = factories.sign_in(app.test_client(), place.writer)
    with desk.post(f"{DESK}{occurrence.public_id}/export.csv") as answer:
        cells = answer.text.replace("\n", ",").split(",")
    assert not [cell for cell in cells if cell.strip('"\r')[:1] in ("=", "+", "-", "@")]
    assert sum("1+1" in cell for cell in cells) == 4
