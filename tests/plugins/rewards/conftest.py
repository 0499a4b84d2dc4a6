"""A project where the plugin is on, people of it, and items of any kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from plugins.rewards.models import Item
from plugins.rewards.states import Kind, Shown, Way
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
    """A project with the plugin on, an owner with points, and one of the staff."""

    project: Project
    member: Member
    clerk: Account

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
    """A project where points can be redeemed; the owner has 1,000."""
    project = factories.make_project()
    switch_on("rewards", project)
    made = Place(project, factories.make_owner(project), factories.make_staff("staff", project))
    give_points(made.member, 1000)
    return made


def give_points(member: Member, points_: int, **terms: Any) -> None:
    """Give a member whole points."""
    points.post(
        actor=None,
        holder=Holder.member(member.id),
        amount=points_ * 1000,
        key=f"test:{member.id}:{points_}",
        why=Why("test"),
        **terms,
    )
    factories.db.session.commit()


@pytest.fixture
def make_item(place: Place) -> Callable[..., Item]:
    """Make an item: offered to everybody, 100 points, ten pieces, unless told."""

    def make(**values: Any) -> Item:
        title = values.pop("title", "明前龙井")
        values.setdefault("project_id", place.project.id)
        values.setdefault("price", 100_000)
        values.setdefault("stock", 10)
        values.setdefault("state", Shown.SHOWN)
        values.setdefault("way", Way.COLLECT)
        texts = {"zh_Hans_CN": title, "en": "Longjing tea"}
        return factories.add(
            Item(
                kind=values.pop("kind", Kind.GIFT), title=texts, hint={}, about={},
                words=title, cover="tea", created_at=clock.now(), **values,
            )
        )  # fmt: skip

    return make
