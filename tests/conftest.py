"""Fixtures: those of the plugin developer's kit, on the database that --db names, watched."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import services
from tests.audited import check_audited, watched

pytest.register_assert_rewrite("portal.sdk.testing")

from portal.sdk.testing import clients  # noqa: E402 - after the line before
from portal.sdk.testing.database import empty_database  # noqa: E402

pytest_plugins = ["portal.sdk.testing", "tests.no_skips"]
__all__ = ["IsolatedClient", "empty_database"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Choose the database of the run."""
    parser.addoption("--db", choices=("sqlite", "postgresql"), default="sqlite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs no database: `make test` runs it once, not once more with PostgreSQL."""
    for item in items:
        if "database_url" not in getattr(item, "fixturenames", ()):
            item.add_marker("once")


class IsolatedClient(clients.IsolatedClient):
    """A client that also sees to it that what staff write leaves a row in the audit trail."""

    def answer(self, *args: Any, **kwargs: Any) -> Any:
        """Send the request, and look at what it wrote."""
        with watched() as written:
            answer = super().answer(*args, **kwargs)
        request = answer.request
        check_audited(self.application, request.method, request.path, answer.status_code, written)
        return answer


@pytest.fixture(scope="session")
def client_class() -> type[FlaskClient]:
    """The class of the application's test clients."""
    return IsolatedClient


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[str]:
    """The URL of this worker's database, on the engine that --db names."""
    if request.config.getoption("db") == "postgresql":
        with services.postgresql() as url:
            yield url
    else:
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'portal.sqlite3'}"
