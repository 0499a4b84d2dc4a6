"""Messages that tests read: the jobs that send them are done after each request."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask

from portal.extensions import db
from portal.jobs import leasing
from portal.jobs.run import Run, work
from portal.jobs.runner import Runner
from portal.messages.models import Channel
from portal.messages.senders import ConsoleSender, Message, set_sender
from portal.messages.service import SEND

AFTER_REQUEST = "portal.testing.after_request"
"""What the tests' client does after each request, if anything (portal.sdk.testing.clients)."""


def deliver(app: Flask) -> None:
    """Do the jobs that hand messages over, as a runner would."""
    db.session.commit()
    while True:
        with app.app_context():
            job = leasing.claim("test", [SEND], leasing.LEASE)
        if job is None:
            return
        with app.app_context():
            work(Run(job, "test", leasing.LEASE, lambda: False))


@dataclass
class Carried:
    """The messages of one channel, each as a tuple: (phone, text), or (to, subject, text)."""

    app: Flask
    channel: str
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        set_sender(self.app, self.channel, self)
        self.app.extensions[AFTER_REQUEST] = lambda: deliver(self.app)

    def send(self, message: Message) -> None:
        """Take a message."""
        self.messages.append(message)

    @property
    def sent(self) -> list[tuple[str, ...]]:
        """What has been sent up to now."""
        with_subject = self.channel == Channel.MAIL
        return [
            (each.to, each.subject, each.text) if with_subject else (each.to, each.text)
            for each in self.messages
        ]

    def stop(self) -> None:
        """Give the channel back to the console."""
        set_sender(self.app, self.channel, ConsoleSender(self.channel))
        self.app.extensions.pop(AFTER_REQUEST, None)


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Carried]:
    """The mails that were sent, after each request: `mailbox.sent` is (to, subject, text) each."""
    carried = Carried(app, Channel.MAIL)
    yield carried
    carried.stop()


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """Do the jobs that are due, those for events too; return how many attempts were made."""

    def run() -> int:
        db.session.commit()
        made = 0
        while attempts := Runner(app).run_once():
            made += attempts
        db.session.expire_all()
        return made

    return run
