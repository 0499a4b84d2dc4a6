"""The inbox, how each is told, and the club's own words."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.notifications import service
from portal.notifications.models import Notification, NotificationChoice, QuietHours
from portal.notifications.wording import Wording
from portal.privacy import retention
from tests import factories

KIND = "claims.approved"


@pytest.fixture
def member(app: Flask) -> Member:
    return factories.make_owner(factories.make_project())


def tell(member: Member, cause: str = "c1", url: str = "/me/homes") -> Notification:
    wording = Wording({"en": f"Subject {cause}"}, {"en": "<b>Body</b>"})
    service.notify(
        account_ids=[member.account_id], kind=KIND, cause=cause, wording=wording, url=url
    )
    db.session.commit()
    return db.session.scalars(sa.select(Notification).where(Notification.cause == cause)).one()


def test_the_inbox(client: FlaskClient, member: Member) -> None:
    factories.sign_in(client, member)
    told = tell(member)
    page = client.get("/me/inbox").text
    assert "Subject c1" in page
    assert "&lt;b&gt;Body" in page
    assert "unread-dot" in page
    opened = client.post(f"/me/inbox/{told.public_id}")
    assert opened.status_code == 303
    assert opened.location == "/me/homes"
    assert "unread-dot" not in client.get("/me/inbox").text
    assert "Subject c1" not in client.get("/me/inbox?show=unread").text


def test_nobody_elses(client: FlaskClient, member: Member) -> None:
    other = factories.make_owner(factories.make_project(slug="other"))
    told = tell(other)
    factories.sign_in(client, member)
    assert "Subject c1" not in client.get("/me/inbox").text
    assert client.post(f"/me/inbox/{told.public_id}").status_code == 404
    client.post("/me/inbox/read")
    db.session.refresh(told)
    assert told.read_at is None


def test_all_read(client: FlaskClient, member: Member) -> None:
    tell(member)
    tell(member, "c2")
    factories.sign_in(client, member)
    assert client.post("/me/inbox/read").status_code == 303
    left = sa.select(sa.func.count()).where(Notification.read_at.is_(None))
    assert db.session.scalar(left) == 0


def test_old_messages_are_cleared_away(client: FlaskClient, member: Member) -> None:
    told = tell(member)
    told.created_at = clock.now() - timedelta(days=91)
    for _ in retention.sweep():
        db.session.commit()
    factories.sign_in(client, member)
    page = client.get("/me/inbox").text
    assert "Subject c1" not in page
    assert 'class="dot"' not in page


def test_pages_take_a_bounded_number_of_statements(
    client: FlaskClient, member: Member, query_count: object
) -> None:
    for number in range(25):
        tell(member, f"c{number}")
    factories.sign_in(client, member)
    for address in ("/me/inbox", "/me/notifications"):
        with query_count() as sent:  # type: ignore[operator]
            assert client.get(address).status_code == 200
        assert len(sent) <= 8, sent.texts


def test_choices_are_kept(client: FlaskClient, member: Member) -> None:
    factories.sign_in(client, member)
    sent = {
        "wanted": [f"{KIND}|sms", f"{KIND}|pigeon", "x|mail"],
        "begins": "21:30",
        "ends": "25:00",
    }
    assert client.post("/me/notifications", data=sent).status_code == 422
    sent["ends"] = "07:00"
    assert client.post("/me/notifications", data=sent).status_code == 303
    rows = {
        (row.kind, row.channel): row.wanted
        for row in db.session.scalars(sa.select(NotificationChoice))
    }
    assert rows[KIND, "sms"] is True
    assert all(not wanted for key, wanted in rows.items() if key != (KIND, "sms"))
    assert {channel for _, channel in rows} == {"sms"}
    quiet = db.session.get_one(QuietHours, member.account_id)
    assert (quiet.begins, quiet.ends) == (21 * 60 + 30, 7 * 60)
    page = client.get("/me/notifications").text
    assert f'value="{KIND}|sms" checked' in page
    assert 'value="21:30"' in page


@pytest.fixture
def centre(client: FlaskClient) -> FlaskClient:
    return factories.sign_in(client, factories.make_staff("administrator"))


def test_the_clubs_own_words(centre: FlaskClient, member: Member) -> None:
    address = f"/centre/notifications/{KIND}"
    assert centre.get("/centre/notifications").status_code == 200
    words = {"subject_en": "Good news: {home}", "body_en": "All yours."}
    looked = centre.post(address, data={**words, "preview": "1"})
    assert looked.status_code == 200
    assert "Good news: 2-1-1502" in looked.text
    assert centre.post(address, data=words).status_code == 303
    assert "Good news: {home}" in centre.get(address).text
    assert centre.post(address, data={}).status_code == 303
    assert "Good news" not in centre.get(address).text


@pytest.mark.parametrize(
    "words",
    [
        {"subject_en": "{home.__class__}", "body_en": "x"},
        {"subject_en": "{nobody}", "body_en": "x"},
        {"subject_en": "x"},
        {"subject_en": "{", "body_en": "x"},
        {"subject_en": "x" * 121, "body_en": "x"},
    ],
)
def test_wrong_words_are_kept_and_refused(centre: FlaskClient, words: dict[str, str]) -> None:
    answer = centre.post(f"/centre/notifications/{KIND}", data=words)
    assert answer.status_code == 422
    assert words["subject_en"] in answer.text


def test_words_are_the_centres(client: FlaskClient, member: Member) -> None:
    staff: Account = factories.make_staff("staff", factories.make_project(slug="p2"))
    factories.sign_in(client, staff)
    assert client.get("/centre/notifications").status_code == 403
    assert client.get("/centre/notifications/nothing.there").status_code in (403, 404)
