"""An application with two toy plugins: a well-behaved one and a hostile one."""

import dataclasses
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from flask import Flask

from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.permissions.roles import PERMISSIONS
from portal.sdk.testing.switching import switch_on
from tests.conftest import IsolatedClient
from tests.plugin_host.installation import TOYS

NOTES = EntryPoint("notes", "notes_toy", "portal.plugins")
HOSTILE = EntryPoint("hostile", "hostile_toy", "portal.plugins")
__all__ = ["HOSTILE", "NOTES", "host_app", "mood", "switch_on", "toys"]


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the toys importable, and forget them afterwards."""
    monkeypatch.syspath_prepend(str(TOYS))
    permissions = dict(PERMISSIONS)
    yield
    for name in [name for name in sys.modules if name.split(".")[0].endswith("_toy")]:
        del sys.modules[name]
    PERMISSIONS.clear()
    PERMISSIONS.update(permissions)


@pytest.fixture
def host_app(toys: None, app: Flask, settings: Settings) -> Iterator[Flask]:
    """The application with both toys, on the test's fresh database; faults are kept, not raised."""
    found = create_app(dataclasses.replace(settings), plugins=[NOTES, HOSTILE])
    found.config["WTF_CSRF_ENABLED"] = False
    found.config["PLUGIN_FAULTS_ARE_KEPT"] = True
    found.test_client_class = IsolatedClient
    with found.app_context():
        engine = db.engine
        yield found
    # What the context's end writes needs the engine still.
    engine.dispose()


@pytest.fixture
def mood(host_app: Flask) -> Iterator[dict[str, str]]:
    """What the hostile toy does wrong; good again after the test."""
    hooks: Any = sys.modules["hostile_toy.hooks"]
    hooks.MOOD.clear()
    yield hooks.MOOD
    hooks.MOOD.clear()
