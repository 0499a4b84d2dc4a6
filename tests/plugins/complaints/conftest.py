"""A project where the forum is on, owners, staff and the group, and complaints in any state."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from plugins.complaints import limits, posting, settings
from plugins.complaints.casework import fold
from plugins.complaints.models import Case, Category, LogEntry, MeToo, Post
from plugins.complaints.posting import Draft
from plugins.complaints.states import Frontline, Kind, Ring
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.plugin_host.refs import MemberRef, ProjectRef, member_ref, project_ref
from portal.projects.models import Project
from portal.sdk import homes_of
from tests import factories
from tests.plugin_host.conftest import switch_on


@pytest.fixture(autouse=True)
def unlimited(monkeypatch):
    """Let everybody write as much as a test needs; what is tested of limits sets its own."""
    monkeypatch.setattr(limits, "TIMES", (1000, 1000, 1000))


@dataclass
class Place:
    """A project with the plugin on, two owners, one of the staff, one of the group centre."""

    project: Project
    member: Member
    neighbour: Member
    clerk: Account
    centre: Account

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
    """A project where complaints are on, with its first categories."""
    project = factories.make_project()
    switch_on("complaints", project)
    settings.first_categories(project_ref(project))
    db.session.commit()
    return Place(
        project,
        factories.make_owner(project),
        factories.make_owner(project, name="陈明"),
        factories.make_staff("staff", project, display_name="赵敏"),
        factories.make_staff("centre", display_name="高远"),
    )


@pytest.fixture
def make_case(place: Place) -> Callable[..., Case]:
    """Hand a complaint in: about the lift, under an alias, unless told otherwise."""

    def make(title: str = "2 号楼电梯夜间异响", **values: Any) -> Case:
        member = values.pop("member", place.member)
        project = project_ref(values.pop("project", place.project))
        key = values.pop("category", "lift")
        category = db.session.scalars(
            sa.select(Category).where(Category.project_id == project.id, Category.key == key)
        ).one()
        values.setdefault("body", "从 15 楼下行时有金属摩擦声。")
        values.setdefault("ring", Ring.ALIAS)
        values.setdefault("frontline", Frontline.ALIAS)
        made = posting.submit(
            member=member_ref(member),
            project=project,
            draft=Draft(
                category=category,
                home=homes_of(member_ref(member), project)[0],
                title=title,
                **values,
            ),
        )
        db.session.commit()
        return made

    return make


def sound(case: Case) -> Case:
    """Assert that the log folds to the state shown and that counters equal a recount."""
    db.session.commit()
    db.session.expire_all()
    found = db.session.get_one(Case, case.id)
    log = db.session.scalars(
        sa.select(LogEntry).where(LogEntry.case_id == case.id).order_by(LogEntry.seq)
    ).all()
    assert fold(log) == (found.state, found.level, found.round, found.version)
    assert log[-1].hash == found.head

    def number(model: Any, *where: Any) -> int:
        statement = sa.select(sa.func.count(model.id)).where(model.case_id == case.id, *where)
        return db.session.scalar(statement) or 0

    joined = sa.or_(Case.id == case.id, Case.merged_into_id == case.id)
    homes = sa.select(MeToo.household_id).join(Case, Case.id == MeToo.case_id).where(joined)
    assert found.households == len(set(db.session.scalars(homes)))
    assert found.replies == number(Post, Post.kind == Kind.REPLY)
    return found
