"""The limit of tries from one network, which other tests switch off."""

import logging
from dataclasses import replace

import pytest
from flask import Flask

from portal import create_app
from portal.config import Settings
from portal.extensions import db, limiter
from portal.messages.models import Channel
from tests.carried import Carried

LIMIT = 40


@pytest.mark.parametrize(
    "path", ["/login", "/forgot", "/login/second-step", "/reset/x", "/email/x"]
)
def test_a_network_may_try_forty_times_a_minute(app: Flask, settings: Settings, path: str) -> None:
    log = logging.getLogger("portal")
    kept = log.handlers, log.level, log.propagate
    limited = create_app(replace(settings, testing=False))
    limited.config["WTF_CSRF_ENABLED"] = False
    Carried(limited, Channel.SMS)
    try:
        with limited.app_context():
            client = limited.test_client()
            data = {"way": "code", "phone": "x"}
            for number in range(LIMIT):
                # All of them in one /24.
                place = {"REMOTE_ADDR": f"198.51.100.{number}"}
                answer = client.post(path, data=data, environ_base=place)
                assert answer.status_code != 429
            place = {"REMOTE_ADDR": "198.51.100.200"}
            answer = client.post(path, data=data, environ_base=place)
            assert answer.status_code == 429
            assert int(answer.headers["Retry-After"]) > 0
            assert client.get(path, environ_base=place).status_code != 429
            place = {"REMOTE_ADDR": "198.51.101.1"}
            assert client.post(path, data=data, environ_base=place).status_code != 429
            db.session.remove()
            db.engine.dispose()
    finally:
        limiter.reset()
        limiter.enabled = False
        log.handlers, log.level, log.propagate = kept
