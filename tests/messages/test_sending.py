"""Handing messages over: to a real SMTP server, which refuses, fails, or is away."""

import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from portal import clock
from portal.club.queries import mail_from
from portal.extensions import db
from portal.jobs.models import JobRow, JobState
from portal.messages.models import Channel, MessageState, OutgoingMessage
from portal.messages.senders import ConsoleSender, Message, SendError, SmtpSender, set_sender
from portal.messages.service import Draft, send
from tests import services
from tests.carried import deliver


@dataclass
class Mailbox:
    """A mail server's handler: keeps what it takes, answers as it is told."""

    rcpt: str = "250 OK"
    data: str = "250 OK"
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.rcpt.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data.startswith("2"):
            mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
        return self.data


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    """A mail server on this machine that the application sends through."""
    box = Mailbox()
    port = services._free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    set_sender(app, Channel.MAIL, SmtpSender(f"smtp://127.0.0.1:{port}", mail_from))
    yield box
    server.stop()
    set_sender(app, Channel.MAIL, ConsoleSender(Channel.MAIL))


def mail(app: Flask, *, to: str = "lin@example.test", **values: Any) -> OutgoingMessage:
    """Send a mail, let the runner try once, and return its row."""
    send(Draft(Channel.MAIL, to, "正文\n第二行", "tests", subject="您好", **values))
    db.session.commit()
    deliver(app)
    return row()


def row() -> OutgoingMessage:
    db.session.expire_all()
    return db.session.scalars(sa.select(OutgoingMessage)).one()


def job() -> JobRow:
    return db.session.scalars(sa.select(JobRow).where(JobRow.kind == "messages.send")).one()


def test_a_mail_arrives(app: Flask, mailbox: Mailbox) -> None:
    sent = mail(app)
    [got] = mailbox.mails
    assert got["Subject"] == "您好"
    assert got["To"] == "lin@example.test"
    assert got["From"].addresses[0].addr_spec == "no-reply@localhost"
    assert got["Message-ID"] == f"<{sent.public_id}@localhost>"
    assert got.get_content().split() == ["正文", "第二行"]
    assert (sent.state, sent.address, sent.body, sent.subject) == ("sent", None, None, None)
    assert sent.hint == "l***@example.test"
    deliver(app)
    assert len(mailbox.mails) == 1


def test_a_refused_address_is_not_tried_again(app: Flask, mailbox: Mailbox) -> None:
    mailbox.rcpt = "550 No such user lin@example.test"
    sent = mail(app)
    assert sent.state == MessageState.REFUSED
    assert sent.address is None
    assert "lin" not in sent.error
    assert job().state == JobState.DONE


@pytest.mark.parametrize("answer", ["451 Try later", "421 Closing"])
def test_a_server_in_trouble_is_tried_again(
    app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    mailbox.rcpt = answer
    assert mail(app).state == MessageState.WAITING
    waiting = job()
    assert waiting.state == JobState.WAITING
    assert waiting.due_at > clock.now()
    assert "lin@" not in waiting.error + waiting.traceback
    mailbox.rcpt = "250 OK"
    deliver(app)
    assert mailbox.mails == []
    at = waiting.due_at + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: at)
    deliver(app)
    assert len(mailbox.mails) == 1
    assert row().state == MessageState.SENT


def test_a_server_that_is_away_an_hour_loses_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = services._free_port()
    set_sender(app, Channel.MAIL, SmtpSender(f"smtp://127.0.0.1:{port}", mail_from))
    begun = clock.now()
    mail(app)
    while job().due_at < begun + timedelta(hours=1):
        at = job().due_at
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        deliver(app)
        db.session.expire_all()
    assert job().state == JobState.WAITING
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        at = job().due_at
        monkeypatch.setattr(clock, "now", lambda: at)
        deliver(app)
    finally:
        server.stop()
        set_sender(app, Channel.MAIL, ConsoleSender(Channel.MAIL))
    assert len(box.mails) == 1
    assert row().state == MessageState.SENT


def test_what_is_of_no_use_any_more_is_not_sent(app: Flask, mailbox: Mailbox) -> None:
    sent = mail(app, not_after=clock.now() - timedelta(seconds=1))
    assert (sent.state, sent.body) == (MessageState.EXPIRED, None)
    assert mailbox.mails == []


def test_what_belongs_to_a_plugin_that_is_off_is_not_sent(app: Flask, mailbox: Mailbox) -> None:
    assert mail(app, plugin="gone").state == MessageState.SKIPPED
    assert mailbox.mails == []


@pytest.mark.parametrize(
    "to",
    [
        "a@b\nBcc: all@example.test", "no address", "a@", "@b", "", "a b@c", "<a@b>", "a@b@c",
        "a@b, all@example.test", "\u202ea@b",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_for_good(app: Flask, mailbox: Mailbox, to: str) -> None:
    sent = mail(app, to=to)
    assert (sent.state, sent.address, mailbox.mails) == (MessageState.REFUSED, None, [])
    assert job().state == JobState.DONE


def test_an_address_that_the_server_cannot_write_is_refused_for_good(app: Flask) -> None:
    box, port = Mailbox(), services._free_port()
    server = Controller(box, hostname="127.0.0.1", port=port, enable_SMTPUTF8=False)
    server.start()
    set_sender(app, Channel.MAIL, SmtpSender(f"smtp://127.0.0.1:{port}", mail_from))
    try:
        assert mail(app, to="林@example.test").state == MessageState.REFUSED
    finally:
        server.stop()
        set_sender(app, Channel.MAIL, ConsoleSender(Channel.MAIL))
    assert (job().state, box.mails) == (JobState.DONE, [])


def test_a_key_sends_once(app: Flask, mailbox: Mailbox) -> None:
    for _ in range(2):
        send(Draft(Channel.MAIL, "lin@example.test", "x", "tests", key="once"))
        db.session.commit()
    deliver(app)
    assert len(mailbox.mails) == 1


def test_nothing_is_sent_of_what_was_rolled_back(app: Flask, mailbox: Mailbox) -> None:
    send(Draft(Channel.MAIL, "lin@example.test", "x", "tests"))
    db.session.rollback()
    deliver(app)
    assert mailbox.mails == []


def test_a_password_is_never_sent_in_the_clear() -> None:
    """A server without STARTTLS gets no user and no password."""
    box = Mailbox()
    port = services._free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        sender = SmtpSender(f"smtp://me:secret@127.0.0.1:{port}", lambda: ("", "a@example.test"))
        with pytest.raises(SendError):
            sender.send(Message("1", "b@example.test", "x", "y"))
    finally:
        server.stop()
    assert box.mails == []


def test_the_console_shows_no_phone(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    send(Draft(Channel.SMS, "+8613800138000", "Code 123456", "tests"))
    db.session.commit()
    deliver(app)
    said = capsys.readouterr().out
    assert "138****8000" in said
    assert "13800138000" not in said
