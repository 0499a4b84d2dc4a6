"""A client that acts like a browser at a server."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import db
from portal.sdk.testing.carried import AFTER_REQUEST


class IsolatedClient(FlaskClient):
    """A client whose every request has its own application context, as on a server.

    What the test has in its session is committed first, so that no lock stands in the way.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request; afterwards the test's session reads its rows anew."""
        db.session.commit()
        with self.application.app_context():
            answer = self.answer(*args, **kwargs)
        after = self.application.extensions.get(AFTER_REQUEST)
        if after is not None:
            after()
        db.session.expire_all()
        return answer

    def answer(self, *args: Any, **kwargs: Any) -> Any:
        """Send the request inside its application context."""
        return super().open(*args, **kwargs)


@pytest.fixture(scope="session")
def client_class() -> type[FlaskClient]:
    """The class of the application's test clients."""
    return IsolatedClient


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor's browser, signed in as nobody."""
    return app.test_client()
