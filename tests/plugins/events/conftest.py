"""A project where the plugin is on, people of it, and activities in any state."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from plugins.events.models import Event, Occurrence, Quota
from plugins.events.states import State
from portal import clock
from portal.accounts.models import Account
from portal.members.models import Member
from portal.plugin_host.refs import MemberRef, ProjectRef, member_ref, project_ref
from portal.points import service as points
from portal.points.terms import Holder, Why
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on


@dataclass
class Place:
    """A project with the plugin on, an owner, two of the staff who write and one who approves."""

    project: Project
    member: Member
    writer: Account
    reviewer: Account

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
    """A project where activities are on."""
    project = factories.make_project()
    switch_on("events", project)
    return Place(
        project,
        factories.make_owner(project),
        factories.make_staff("staff", project),
        factories.make_staff("manager", project),
    )


def give_points(member: Member, points_: int) -> None:
    """Give a member whole points."""
    points.post(
        actor=None,
        holder=Holder.member(member.id),
        amount=points_ * 1000,
        key=f"test:{member.id}:{clock.now().timestamp()}",
        why=Why("test"),
    )
    factories.db.session.commit()


@pytest.fixture
def make_activity(place: Place) -> Callable[..., Occurrence]:
    """Make an activity: open for registration, in three days, free, without a limit unless told."""

    def make(
        state: str = State.OPEN,
        *,
        capacity: int | None = None,
        title: str = "亲子运动会",
        **values: Any,
    ) -> Occurrence:
        now = clock.now()
        project = values.pop("project", place.project)
        event = factories.add(
            Event(
                project_id=project.id,
                title={"zh_Hans_CN": title, "en": "Sports day"},
                about={"zh_Hans_CN": "接力与拔河"},
                place={"zh_Hans_CN": "中央草坪"},
                notes={},
                words=f"{title}\nsports day\n中央草坪",
                cover="sports",
                category=values.pop("category", "family"),
            )
        )
        starts = values.pop("starts_at", now + timedelta(days=3))
        values.setdefault("ends_at", starts + timedelta(hours=2))
        values.setdefault("opens_at", min(now, starts) - timedelta(days=1))
        values.setdefault("closes_at", starts - timedelta(hours=1))
        values.setdefault("cancel_until", starts - timedelta(days=1))
        values.setdefault("price", 0)
        values.setdefault("deposit", 0)
        made = factories.add(
            Occurrence(
                event_id=event.id, project_id=project.id, state=state, starts_at=starts, **values
            )
        )
        factories.add(
            Quota(occurrence_id=made.id, project_id=project.id, key="total", capacity=capacity)
        )
        return made

    return make
