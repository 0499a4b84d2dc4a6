"""A project where surveys are on, with owners and staff, and waves in any state."""

from dataclasses import dataclass

import pytest
from flask import Flask

from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.plugin_host.refs import MemberRef, ProjectRef, member_ref, project_ref
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on


@dataclass
class Place:
    """A project with the plugin on, two owners, who writes surveys and who approves them."""

    project: Project
    member: Member
    neighbour: Member
    clerk: Account
    manager: Account

    @property
    def ref(self) -> ProjectRef:
        """The project as plugins see it."""
        return project_ref(self.project)

    @property
    def owner(self) -> MemberRef:
        """The owner as plugins see one."""
        return member_ref(self.member)


@pytest.fixture
def place(app: Flask) -> Place:
    """A project where surveys are on."""
    project = factories.make_project()
    switch_on("surveys", project)
    db.session.commit()
    return Place(
        project,
        factories.make_owner(project),
        factories.make_owner(project),
        factories.make_staff("staff", project),
        factories.make_staff("manager", project),
    )
