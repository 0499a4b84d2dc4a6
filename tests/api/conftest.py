"""A caller of the JSON API."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories


@dataclass
class Caller:
    """A program with a token, which asks in English."""

    client: FlaskClient
    token: str | None = None
    language: str = "en"

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Send a call; `body` goes as JSON."""
        headers = {"Accept-Language": self.language, **options.pop("headers", {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            options["json"] = body
        options.setdefault("buffered", True)
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)


@pytest.fixture
def call(app: Flask) -> Any:
    """Make a caller: `call(account)` acts as a member's account, `call()` as nobody."""

    def make(account: Any = None, *, token: str | None = None) -> Caller:
        if account is not None:
            token = factories.make_token(account)
        return Caller(app.test_client(), token)

    return make
