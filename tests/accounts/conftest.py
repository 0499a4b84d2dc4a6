"""What the tests of signing in share: messages that can be read, a clock that can be moved."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.config import Settings
from portal.messages.models import Channel
from tests.carried import Carried


@dataclass
class MovableClock:
    """A clock that stands still until it is moved."""

    at: datetime

    def move(self, **ahead: float) -> None:
        self.at += timedelta(**ahead)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> MovableClock:
    """The time, which this test moves."""
    movable = MovableClock(clock.now())
    monkeypatch.setattr(clock, "now", lambda: movable.at)
    return movable


@pytest.fixture
def sms(app: Flask) -> Iterator[Carried]:
    """The text messages that were sent: (phone, text)."""
    carried = Carried(app, Channel.SMS)
    yield carried
    carried.stop()


@pytest.fixture
def mail(app: Flask) -> Iterator[Carried]:
    """The mails that were sent: (to, subject, text)."""
    carried = Carried(app, Channel.MAIL)
    yield carried
    carried.stop()


@pytest.fixture
def last_code(sms: Carried) -> Callable[[], str]:
    """The code in the message that was sent last."""

    def read() -> str:
        found = re.search(r"\d{6}", sms.sent[-1][1])
        assert found
        return found[0]

    return read


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor's browser that asks for English."""
    return _english(app.test_client())


@pytest.fixture
def browser(app: Flask) -> Callable[..., FlaskClient]:
    """Another browser, in another network when an address is given."""

    def make(address: str = "127.0.0.1") -> FlaskClient:
        client = _english(app.test_client())
        client.environ_base["REMOTE_ADDR"] = address
        return client

    return make


def _english(client: FlaskClient) -> FlaskClient:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def real_settings(app: Flask, settings: Settings) -> Iterator[None]:
    """The installation is no demo for this test."""
    app.extensions["portal.settings"] = replace(settings, demo=False)
    yield
    app.extensions["portal.settings"] = settings
