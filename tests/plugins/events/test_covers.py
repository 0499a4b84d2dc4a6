"""Covers that staff upload: written anew, with words, shown to who sees the activity only."""

import io

import sqlalchemy as sa

from plugins.events.models import Event
from plugins.events.states import State
from portal import clock
from portal.extensions import db
from portal.files.models import StoredFile
from tests import factories
from tests.plugins.complaints.test_thread import picture
from tests.plugins.events.test_pages import DESK, LIST


def upload(client, occurrence, **changed):
    data = {"picture": (picture(), "lawn.jpg"), "alt_zh_Hans_CN": "草坪上的孩子", **changed}
    page = f"{DESK}{occurrence.public_id}/cover"
    return client.post(page, data=data, content_type="multipart/form-data")


def status(client, url):
    with client.get(url) as answer:
        return answer.status_code


def kept():
    return db.session.scalar(
        sa.select(sa.func.count(StoredFile.id)).where(StoredFile.erased_at.is_(None))
    )


def test_a_cover_is_shown_with_its_words_and_goes_again(app, client, place, make_activity):
    occurrence = make_activity()
    writer = factories.sign_in(app.test_client(), place.writer)
    owner = factories.sign_in(client, place.member)
    assert upload(writer, occurrence).status_code == 303
    url = db.session.scalar(sa.select(Event.picture_url))
    for page in (LIST, f"{LIST}{occurrence.public_id}"):
        text = owner.get(page).text
        assert f'src="{url}" alt="草坪上的孩子"' in text
    with owner.get(url) as answer:
        assert answer.mimetype == "image/jpeg"
    assert upload(writer, occurrence, picture=(io.BytesIO(), "")).status_code == 303
    assert db.session.scalar(sa.select(Event.picture_url)) == url
    assert upload(writer, occurrence).status_code == 303
    assert kept() == 1
    writer.post(f"{DESK}{occurrence.public_id}/clone")
    writer.post(f"{DESK}{occurrence.public_id}/cover", data={"do": "remove"})
    assert "cover-sports.svg" in owner.get(LIST).text
    assert kept() == 1, "the copy has it still"


def test_who_does_not_see_the_activity_does_not_see_its_cover(app, client, place, make_activity):
    occurrence = make_activity(State.DRAFT)
    writer = factories.sign_in(app.test_client(), place.writer)
    upload(writer, occurrence)
    url = db.session.scalar(sa.select(Event.picture_url))
    owner = factories.sign_in(client, place.member)
    assert status(writer, url) == 200
    assert status(owner, url) == 404
    occurrence.state, occurrence.opens_at = State.OPEN, clock.now()
    db.session.commit()
    assert status(owner, url) == 200
    elsewhere = factories.make_owner(factories.make_project(slug="siji", name="四季苑"))
    assert status(factories.sign_in(app.test_client(), elsewhere), url) == 404
    assert status(app.test_client(), url) in (302, 404)


def test_no_picture_no_words_and_no_change_once_it_is_over(app, place, make_activity):
    occurrence, over = make_activity(), make_activity(State.SETTLED)
    writer = factories.sign_in(app.test_client(), place.writer)
    page = f"{DESK}{occurrence.public_id}/cover"
    assert writer.get(page).status_code == 200
    assert upload(writer, occurrence, alt_zh_Hans_CN="").status_code == 422
    assert upload(writer, occurrence, alt_en="x" * 121).status_code == 422
    assert upload(writer, occurrence, picture=(io.BytesIO(b"<svg>"), "x.svg")).status_code == 422
    assert "请选择一张图片。" in upload(writer, occurrence, picture=(io.BytesIO(), "")).text
    assert kept() == 0
    assert upload(writer, over).status_code == 409
