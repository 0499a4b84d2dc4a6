"""Every test of tiers works in an application."""

import pytest
from flask import Flask


@pytest.fixture(autouse=True)
def _in_app(app: Flask) -> None:
    """Take the application's context and an empty database."""
