"""What plugins tell, and by which ways: their own only, and only while they are on."""

import sys
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import create_app, sdk
from portal.config import Settings
from portal.extensions import db
from portal.messages.models import Channel, OutgoingMessage
from portal.messages.senders import SenderPoint, SendError, sender_of
from portal.messages.service import Draft, send
from portal.notifications.kinds import NotificationKind
from portal.plugin_host.refs import member_ref, project_ref
from portal.plugin_host.telling import TellingError, check_telling
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
