"""The demo, loaded once for all tests of a module that only read it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from portal.demo import loader
from portal.extensions import db
from tests.conftest import empty_database

NEIGHBOURS = 120


@pytest.fixture(scope="module")
def loaded(migrated_app: Flask) -> None:
    """Load the demo; a test with the `app` fixture would empty it: let it be in another module."""
    with migrated_app.app_context():
        empty_database(migrated_app.config["SQLALCHEMY_DATABASE_URI"])
        loader.load(members=NEIGHBOURS, seed=1)
        db.session.commit()
        db.session.remove()


@pytest.fixture
def demo(migrated_app: Flask, loaded: None) -> Iterator[None]:
    """The demo, to be read; what a test writes is rolled back."""
    with migrated_app.app_context():
        yield
        db.session.rollback()
        db.session.remove()
