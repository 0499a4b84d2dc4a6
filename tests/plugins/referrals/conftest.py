"""A project where the plugin is on, with rules in force, an owner, and those who verify."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from plugins.referrals import inviting
from plugins.referrals.models import Campaign, Lead, Referrer
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.plugin_host.refs import MemberRef, ProjectRef, member_ref, project_ref
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on


@dataclass
class Place:
    """A project with the plugin on, an owner, a verifier, an adviser and a manager."""

    project: Project
    member: Member
    verifier: Account
    adviser: Account
    manager: Account
    rules: Campaign

    @property
    def ref(self) -> ProjectRef:
        """The project as plugins see it."""
        return project_ref(self.project)

    @property
    def owner(self) -> MemberRef:
        """The owner as plugins see one."""
        return member_ref(self.member)


def make_rules(project: Project, **values: Any) -> Campaign:
    """Add a version of the rules, in force since yesterday unless told."""
    values.setdefault("version", 1)
    values.setdefault("starts_at", clock.now() - timedelta(days=1))
    values.setdefault("kin", ["spouse", "parent", "child"])
    texts = {"zh_Hans_CN": "邀好友，做邻居", "en": "Invite a friend to be your neighbour"}
    promise = {"zh_Hans_CN": "好友到访得 200 积分", "en": "200 points for a visit"}
    made = Campaign(project_id=project.id, title=texts, promise=promise, **values)
    return factories.add(made)


@pytest.fixture
def place(app: Flask) -> Place:
    """A project where referrals are on."""
    project = factories.make_project()
    switch_on("referrals", project)
    return Place(
        project,
        factories.make_owner(project),
        factories.make_staff("verifier", project),
        factories.make_staff("adviser", project),
        factories.make_staff("manager", project),
        make_rules(project),
    )


def code_of(place: Place, member: Member | None = None) -> Referrer:
    """Return a member's referrer row."""
    found = inviting.join(project=place.ref, member=member_ref(member or place.member))
    db.session.commit()
    return found


@pytest.fixture
def make_lead(place: Place) -> Callable[..., Lead]:
    """Make a lead that agreed by the owner's link, an hour ago unless told."""

    def make(phone: str = "", *, member: Member | None = None, name: str = "周先生") -> Lead:
        lead = inviting.agree_by_link(
            project=place.ref,
            referrer=code_of(place, member),
            name=name,
            phone=phone or factories.make_phone(),
            words="同意",
            at=clock.now() - timedelta(hours=1),
        )
        db.session.commit()
        return lead

    return make
