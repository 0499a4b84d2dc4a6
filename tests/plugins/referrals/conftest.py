"""A project where the plugin is on, with rules in force, an owner, and those who verify."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from plugins.referrals import consent, inviting
from plugins.referrals.models import Campaign, Lead, Referrer
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.messages.models import Channel
from portal.plugin_host.refs import MemberRef, ProjectRef, member_ref, project_ref
from portal.projects.models import Project
from tests import factories
from tests.carried import Carried
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
        lead = consent.agree_by_link(
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


@pytest.fixture
def sms(app: Flask) -> Iterator[Carried]:
    """The text messages that were sent."""
    carried = Carried(app, Channel.SMS)
    yield carried
    carried.stop()


@pytest.fixture
def agree(sms: Carried) -> Callable[..., Any]:
    """Let a friend have a code sent to a number, type it and agree; return the last answer."""

    def act(friend: Any, link: str, phone: str, **typed: str) -> Any:
        asked = friend.post(f"{link}/number", data={"phone": phone})
        if asked.status_code != 303:
            return asked
        found = re.search(r"\d{6}", sms.sent[-1][1])
        assert found
        data = {"name": "周先生", "agree": "y", "code": found[0], **typed}
        return friend.post(f"{link}/agree" if "/t/" in link else link, data=data)

    return act
