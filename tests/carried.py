"""Messages that tests read: the jobs that send them are done after each request."""

from dataclasses import dataclass, field

from flask import Flask

from portal.extensions import db
from portal.jobs import leasing
from portal.jobs.run import Run, work
from portal.messages.models import Channel
from portal.messages.senders import ConsoleSender, Message, set_sender
from portal.messages.service import SEND

AFTER_REQUEST = "tests.after_request"
"""What the tests' client does after each request, if anything (tests/conftest.py)."""


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
