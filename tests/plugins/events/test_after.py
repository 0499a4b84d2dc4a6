"""Around an activity: hours and survey that staff set, photos for residents once it is over."""

from datetime import timedelta

import pytest

from plugins.events.after.models import Care
from plugins.events.after.queries import PHOTO
from plugins.events.models import Registration, SeatRow
from plugins.events.states import Seat, State
from portal import clock
from portal.extensions import db
from portal.sdk import files_of
from tests import factories
from tests.plugins.events.test_pages import DESK, LIST, owner, writer

__all__ = ["owner", "writer"]


@pytest.fixture
def over(make_activity):
    now = clock.now()
    return make_activity(
        State.ENDED, starts_at=now - timedelta(hours=5), ends_at=now - timedelta(hours=3)
    )


def test_hours_and_survey_are_set_and_only_of_this_site(owner, writer, over):
    page = f"{DESK}{over.public_id}/care"
    hours = {"first": "48", "second": "3", "thanks": "2"}
    for wrong in ({"survey": "https://evil.test/x"}, {"first": "-1"}, {"thanks": "9999"}):
        assert writer.post(page, data={**hours, **wrong}).status_code == 422
    assert db.session.get(Care, over.id) is None
    survey = {"survey": "/p/binjiang/surveys/one"}
    assert writer.post(page, data={**hours, **survey}).status_code == 303
    care = db.session.get(Care, over.id)
    assert (care.before, care.thanks) == ([48, 3], 2)
    assert 'value="48"' in writer.get(page).text
    assert 'href="/p/binjiang/surveys/one"' in owner.get(f"{LIST}{over.public_id}/after").text


def test_photos_are_for_residents_once_it_is_over(app, owner, writer, place, over):
    add = f"{DESK}{over.public_id}/photos"
    assert writer.post(add, data={}).status_code == 422
    assert writer.post(add, data={"photos": factories.photo(b"no", "a.png")}).status_code == 422
    assert writer.post(add, data={"photos": factories.photo()}).status_code == 303
    (photo,) = files_of(kind=PHOTO, keys=[over.public_id])[over.public_id]
    page = f"{LIST}{over.public_id}/after"
    assert photo.url in owner.get(page).text
    elsewhere = factories.make_owner(factories.make_project(slug="siji"))
    stranger = factories.sign_in(app.test_client(), elsewhere)
    for client, status in ((owner, 200), (writer, 200), (stranger, 404), (app.test_client(), 404)):
        with client.get(photo.url) as answer:
            assert answer.status_code == status
    over.state = State.RUNNING
    db.session.commit()
    with owner.get(photo.url) as answer:
        assert answer.status_code == 404
    assert photo.url not in owner.get(page).text
    assert writer.post(f"{add}/nothing/remove").status_code == 404
    assert writer.post(f"{add}/{photo.public_id}/remove").status_code == 303
    assert not files_of(kind=PHOTO, keys=[over.public_id])[over.public_id]


def test_months_count_who_came_and_the_file_has_each_activity(
    app, writer, place, make_activity, query_count
):
    assert "还没有结束的活动" in writer.get(f"{DESK}figures").text
    now = clock.now()
    over = make_activity(State.SETTLED, starts_at=now - timedelta(hours=5), title="=1+1")
    make_activity(State.SETTLED, starts_at=now - timedelta(days=500))
    for state in (Seat.ATTENDED, Seat.ATTENDED, Seat.ATTENDED, Seat.NO_SHOW):
        member = factories.make_owner(place.project)
        where = {"occurrence_id": over.id, "project_id": place.project.id, "state": state}
        who = {"member_id": member.id, "cancel_until": now, "household_id": member.household_id}
        money = {"charged": 10_000, "seats": 1, "ticket": f"T{member.id}"}
        party = factories.add(Registration(**where, **who, **money))
        factories.add(SeatRow(**where, registration_id=party.id, member_id=member.id, name=""))
    with query_count() as sent:
        page = writer.get(f"{DESK}figures").text
    assert len(sent) <= 8
    assert "3 · 75%" in page
    with writer.post(f"{DESK}figures.csv") as answer:
        (_header, row) = answer.get_data(as_text=True).splitlines()
    assert row.split(",")[0] == "'=1+1"
    assert row.split(",")[2:] == ["4", "3", "1", "75", "40", "0"]
    assert writer.post(f"{DESK}figures.exe").status_code == 404
