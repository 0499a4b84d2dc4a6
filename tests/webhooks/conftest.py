"""A receiver, a webhook that leads to it, and a runner."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from portal.extensions import db
from portal.jobs import leasing
from portal.jobs.run import Run, work
from portal.outbox.relay import relay
from portal.webhooks import service
from portal.webhooks.addresses import parse_address
from portal.webhooks.models import Webhook
from tests import factories
from tests.webhooks.receiver import Receiver, receiving

KINDS = ("event:webhooks.tell", service.DELIVER)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A program on this machine that is told things."""
    with receiving() as found:
        yield found


@pytest.fixture
def make_webhook(app: Flask, receiver: Receiver) -> Callable[..., tuple[Webhook, str]]:
    """Register a webhook that leads to the receiver; return it and its secret."""

    def make(**values: Any) -> tuple[Webhook, str]:
        values.setdefault("kinds", ["claim.decided", "member.joined"])
        made = service.register(
            actor=values.pop("actor", None) or factories.make_staff("administrator"),
            name=values.pop("name", "Customer system"),
            target=parse_address(values.pop("address", receiver.url), local=True),
            project_id=values.pop("project_id", None),
            **values,
        )
        db.session.commit()
        return made

    return make


@pytest.fixture
def deliver(app: Flask) -> Callable[[], list[Any]]:
    """Relay events and make the deliveries that are due; return how the jobs ended."""

    def run() -> list[Any]:
        db.session.commit()
        ended: list[Any] = []
        with app.app_context():
            while relay():
                pass
        while True:
            with app.app_context():
                job = leasing.claim("test", KINDS, leasing.LEASE)
            if job is None:
                break
            with app.app_context():
                state = work(Run(job, "test", leasing.LEASE, lambda: False))
            if job.kind == service.DELIVER:
                ended.append(state)
        db.session.expire_all()
        return ended

    return run
