"""What plugins tell, and by which ways: their own only, and only while they are on."""

import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import create_app, sdk
from portal.accounts.models import Account
from portal.config import Settings
from portal.extensions import db
from portal.members.models import Member
from portal.messages.models import Channel, OutgoingMessage
from portal.messages.senders import SenderPoint, SendError, sender_of
from portal.messages.service import Draft, send
from portal.notifications.kinds import NotificationKind
from portal.notifications.models import Notification
from portal.plugin_host.refs import member_ref, project_ref
from portal.plugin_host.telling import TellingError, check_telling
from portal.projects.models import Project
from tests import factories
from tests.carried import deliver
from tests.plugin_host.conftest import NOTES, switch_on


def kind(key: str = "notes.x", subject: str = "x", **values: object) -> NotificationKind:
    return NotificationKind(key, "x", subject, "y", {}, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kinds", "senders", "word"),
    [
        ([kind("claims.approved")], [], "must begin notes."),
        ([kind("notesx.y")], [], "must begin notes."),
        ([kind("notes." + "x" * 60)], [], "must begin notes."),
        ([kind(), kind()], [], "twice"),
        ([kind(subject="{who}")], [], "without a sample"),
        ([kind(subject="{")], [], "without a sample"),
        ([kind(channels=frozenset({"pigeon"}))], [], "unknown channel"),
        ([], [SenderPoint("pigeon", print)], "pigeon"),
        ([], [SenderPoint("sms", print), SenderPoint("sms", print)], "once each"),
    ],
)
def test_what_is_not_its_own_is_refused(
    kinds: list[NotificationKind], senders: list[SenderPoint], word: str
) -> None:
    with pytest.raises(TellingError, match=word):
        check_telling("notes", kinds, senders)


def test_a_plugin_cannot_tell_in_cores_name(host_app: Flask) -> None:
    member = factories.make_member()
    with pytest.raises(ValueError, match="no plugin's"):
        sdk.notify(members=[member_ref(member)], kind="claims.approved", cause="x", project=None)


def test_what_was_told_is_not_sent_once_the_plugin_is_off(
    host_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = factories.make_project()
    state = switch_on("notes", project)
    account = factories.make_account(email="lin@example.test")
    member = factories.make_member(account=account)
    sdk.notify(
        members=[member_ref(member)], kind="notes.written", cause="1",
        project=project_ref(project), values={"name": "林"},
    )  # fmt: skip
    db.session.execute(sa.text("UPDATE job SET due_at = created_at"))
    state.enabled = False
    db.session.commit()
    deliver(host_app)
    assert db.session.scalars(sa.select(OutgoingMessage.state)).all() == ["skipped"]


def test_text_messages_go_by_the_plugin_that_the_settings_name(
    toys: None, app: Flask, settings: Settings
) -> None:
    found = create_app(replace(settings, sms_sender="notes"), plugins=[NOTES])
    hooks: Any = sys.modules["notes_toy.hooks"]
    with found.app_context():
        send(Draft(Channel.SMS, "+8613800138000", "Code 123456", "tests"))
        db.session.commit()
        deliver(found)
        db.session.remove()
        db.engine.dispose()
    assert [message.text for message in hooks.SENT] == ["Code 123456"]


def test_a_sender_that_is_not_there_keeps_messages_waiting(
    toys: None, app: Flask, settings: Settings
) -> None:
    found = create_app(replace(settings, sms_sender="gone"), plugins=[NOTES])
    with found.app_context():
        with pytest.raises(SendError):
            sender_of(Channel.SMS)
        send(Draft(Channel.SMS, "+8613800138000", "Code 123456", "tests"))
        db.session.commit()
        deliver(found)
        assert db.session.scalars(sa.select(OutgoingMessage.state)).all() == ["waiting"]
        db.session.remove()
        db.engine.dispose()


def tell(project: Project, member: Member, /, **changes: Any) -> int:
    given: dict[str, Any] = {
        "members": [member_ref(member)],
        "kind": "notes.written",
        "cause": "1",
        "project": project_ref(project),
        "values": {"name": "Lin"},
    }
    return sdk.notify(**given | changes)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"values": None}, "'name'"),
        ({"values": {}}, "'name'"),
        ({"values": {"name": "Lin", "age": 3}}, "'age'"),
        ({"values": {"name": None}}, "'name'"),
        ({"values": {"name": True}}, "'name'"),
        ({"values": {"name": 1.5}}, "'name'"),
        ({"values": {"name": ["Lin"]}}, "'name'"),
        ({"values": {"name": {}}}, "'name'"),
        ({"values": {"name": {"fr": "Lin"}}}, "'name'"),
        ({"values": {"name": {"en": 3}}}, "'name'"),
        ({"values": {"name": datetime(2026, 5, 1, tzinfo=UTC).replace(tzinfo=None)}}, "'name'"),
        ({"cause": ""}, "`cause`"),
        ({"cause": "x" * 81}, "`cause`"),
        ({"cause": None}, "`cause`"),
        ({"members": ["Lin"]}, "`members`"),
        ({"members": None}, "`members`"),
        ({"project": "binjiang"}, "`project`"),
        ({"url": "/" + "x" * 300}, "`url`"),
        ({"url": None}, "`url`"),
        ({"url": "https://elsewhere.test/"}, "url"),
    ],
)
def test_what_no_message_can_be_made_of_is_refused_by_name(
    host_app: Flask, changes: dict[str, Any], named: str
) -> None:
    project = factories.make_project()
    switch_on("notes", project)
    with pytest.raises(ValueError, match=named):
        tell(project, factories.make_member(), **changes)
    assert db.session.scalars(sa.select(Notification)).all() == []


@pytest.mark.parametrize(
    "value",
    [
        "Lin",
        "",
        3,
        date(2026, 5, 1),
        datetime(2026, 5, 1, tzinfo=UTC),
        {"en": "Lin"},
        sdk.lazy("Lin"),
    ],
)
def test_what_can_be_shown_is_told(host_app: Flask, value: object) -> None:
    project = factories.make_project()
    switch_on("notes", project)
    assert tell(project, factories.make_member(), values={"name": value}) == 1


def test_more_members_than_a_call_takes_are_refused(host_app: Flask) -> None:
    project = factories.make_project()
    switch_on("notes", project)
    one = member_ref(factories.make_member())
    with pytest.raises(ValueError, match="`members`"):
        tell(project, factories.make_member(), members=[one] * 501)


def test_a_message_of_a_plugin_that_is_off_is_read_and_leads_nowhere(
    host_app: Flask, query_count: Any
) -> None:
    project = factories.make_project(slug="own")
    state = switch_on("notes", project)
    member = factories.make_owner(project)
    tell(project, member, url="/p/own/notes/")
    db.session.commit()
    client = factories.sign_in(host_app.test_client(), member)
    [row] = db.session.scalars(sa.select(Notification)).all()
    opened = client.post(f"/me/inbox/{row.public_id}")
    assert opened.location == "/p/own/notes/"
    assert 'href="/p/own/notes/"' in client.get("/me/inbox").text
    state.enabled = False
    db.session.commit()
    assert client.post(f"/me/inbox/{row.public_id}").location == "/me/inbox"
    with query_count() as sent:
        page = client.get("/me/inbox").text
    assert len(sent) <= 8
    assert "Lin" in page
    assert 'href="/p/own/notes/"' not in page
    token = factories.make_token(db.session.get_one(Account, member.account_id))
    headers = {"Authorization": f"Bearer {token}"}
    [shown] = client.get("/api/v1/me/inbox", headers=headers).json["items"]
    assert (shown["url"], "Lin" in shown["subject"]) == ("", True)
