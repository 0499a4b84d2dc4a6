"""Two projects, somebody who lives in one of them, and somebody who works there."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Account
from portal.members.models import Member
from portal.permissions.roles import RoleName
from portal.projects.models import Project
from portal.sdk.testing import factories

SignIn = Callable[[Account | Member], FlaskClient]


@pytest.fixture
def project(app: Flask) -> Project:
    """A project: `own`."""
    return factories.make_project(slug="own", name="滨江府")


@pytest.fixture
def other_project(app: Flask) -> Project:
    """Another project: `other`."""
    return factories.make_project(slug="other", name="四季里")


@pytest.fixture
def member(project: Project) -> Member:
    """A member with a home in `project`."""
    return factories.make_owner(project, name="林晓芸")


@pytest.fixture
def staff(project: Project) -> Account:
    """The manager of `project`."""
    return factories.make_staff(RoleName.MANAGER, project)


@pytest.fixture
def as_account(app: Flask) -> SignIn:
    """Sign a client in: `as_account(factories.make_owner(other_project)).get("/me/")`."""
    return lambda account: factories.sign_in(app.test_client(), account)


@pytest.fixture
def as_member(as_account: SignIn, member: Member) -> FlaskClient:
    """The browser of `member`."""
    return as_account(member)


@pytest.fixture
def as_staff(as_account: SignIn, staff: Account) -> FlaskClient:
    """The browser of `staff`."""
    return as_account(staff)
