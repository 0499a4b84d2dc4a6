"""Calendar files: whole for a parser, short lines with Chinese, links that end."""

from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
import vobject
from icalendar import Calendar

from plugins.events.models import Occurrence
from plugins.events.states import QueueRule, State
from portal.extensions import db
from tests import factories
from tests.plugins.events.test_registering import join, leave
from tests.plugins.events.test_waiting import people, wait

__all__ = ["people"]
MINE = "/p/binjiang/events/"


@pytest.fixture
def owner(client, place):
    return factories.sign_in(client, place.member)


def entries(answer):
    """Return the entries of a calendar by title, having looked at its lines."""
    assert answer.mimetype == "text/calendar"
    lines = answer.data.split(b"\r\n")
    assert not any(b"\n" in line for line in lines)
    assert max(len(line) for line in lines) <= 75
    for line in lines:
        line.decode()  # no character is cut in two
    calendar = Calendar.from_ical(answer.data)
    assert [str(each["tzid"]) for each in calendar.walk("VTIMEZONE")] == ["Asia/Shanghai"]
    found = {str(each["summary"]): each for each in calendar.walk("VEVENT")}
    _read_a_second_way(answer.data.decode(), found)
    return found


def _read_a_second_way(text, found):
    """Assert that another parser reads the same: titles, ids, times with their zone, states."""
    other = vobject.readOne(text)
    other.validate(raiseException=True)
    assert {each.summary.value for each in other.vevent_list} == found.keys()
    for each in other.vevent_list:
        same = found[each.summary.value]
        assert each.uid.value == same["uid"]
        assert each.status.value == same["status"]
        assert int(each.sequence.value) == same["sequence"]
        assert each.dtstart.value == same.decoded("dtstart")
        assert each.dtend.value.utcoffset() == same.decoded("dtend").utcoffset()
        assert each.location.value == same["location"]
        assert each.description.value == same["description"]


def test_a_fold_never_cuts_a_character(owner, place, make_activity):
    for width in range(3):
        title = "a" * width + r"滨江府的邻居们，一起来；包饺子\放灯" * 3
        found = join(place, make_activity(title=title))
        file = owner.get(f"{MINE}tickets/{found.public_id}/calendar.ics")
        assert entries(file).keys() == {title}


def test_a_ticket_goes_into_ones_calendar(app, owner, place, make_activity):
    title = "亲子运动会，一家人一起来；" * 4
    found = join(place, make_activity(title=title))
    address = f"{MINE}tickets/{found.public_id}/calendar.ics"
    assert address in owner.get(f"{MINE}tickets/{found.public_id}").text
    entry = entries(owner.get(address))[title]
    assert entry["status"] == "CONFIRMED"
    starts = db.session.scalar(sa.select(Occurrence.starts_at))
    assert entry.decoded("dtstart") == starts.replace(microsecond=0)
    assert "tickets" in str(entry["url"])
    stranger = factories.sign_in(app.test_client(), factories.make_owner(place.project))
    assert stranger.get(address).status_code == 404


def test_a_feed_follows_what_changes_and_its_link_ends(app, owner, place, people, make_activity):
    going, left, off = (make_activity(title=title) for title in ("晨跑", "讲座", "灯会"))
    full = make_activity(title="品酒", capacity=1, queue_rule=QueueRule.SKIP)
    join(place, full, factories.make_owner(place.project))
    again = join(place, going)
    leave(place, join(place, left))
    join(place, off)
    wait(place, full, (place.member, [place.member.public_id]))
    join(place, make_activity(title="邻居的"), factories.make_owner(place.project))
    off.state = State.CANCELLED
    db.session.commit()
    page = owner.post(f"{MINE}calendar").text
    link = urlsplit(page.split('id="link" value="')[1].split('"')[0]).path
    visitor = app.test_client()
    answer = visitor.get(link)
    found = {title: str(each["status"]) for title, each in entries(answer).items()}
    assert found == {
        "晨跑": "CONFIRMED", "讲座": "CANCELLED", "灯会": "CANCELLED", "品酒": "TENTATIVE",
    }  # fmt: skip
    same = {"If-None-Match": answer.headers["ETag"]}
    assert visitor.get(link, headers=same).status_code == 304
    before = entries(answer)["晨跑"]
    leave(place, again)
    join(place, left)
    changed = entries(visitor.get(link, headers=same))
    assert changed["讲座"]["status"] == "CONFIRMED"
    after = changed["晨跑"]
    assert (after["uid"], after["status"]) == (before["uid"], "CANCELLED")
    assert after["sequence"] > before["sequence"]
    assert visitor.get(f"{link}x").status_code == 404
    renewed = owner.post(f"{MINE}calendar").text
    assert visitor.get(link).status_code == 404
    link = urlsplit(renewed.split('id="link" value="')[1].split('"')[0]).path
    assert visitor.get(link).status_code == 200
    assert owner.post(f"{MINE}calendar/withdraw").status_code == 303
    assert visitor.get(link).status_code == 404
