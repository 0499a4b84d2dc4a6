"""Two projects, the plugin on in one of them with something of a member's in it.

Made once for the tests of a contract, which leave it as it was: what they write they roll back.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g
from flask.testing import FlaskClient

from portal import clock
from portal.extensions import db
from portal.members.models import Member
from portal.permissions.models import RoleGrant
from portal.permissions.roles import RoleName
from portal.plugin_host import dispatch
from portal.plugin_host.host import Plugin
from portal.plugin_host.refs import Demo, member_ref, project_ref
from portal.plugin_host.state import host
from portal.projects.models import Project
from portal.sdk.testing import factories
from portal.sdk.testing.database import empty_database
from portal.sdk.testing.switching import switch_on, switch_on_with_needs

RESIDENTS = 6
STAFF = (
    "admin",
    "auditor",
    "centre",
    "finance",
    "leader",
    "manager",
    "moderator",
    "staff",
    "verifier",
)
"""Whom a demo knows among the staff (portal.plugin_host.refs.Demo), the adviser left out."""


@dataclass
class World:
    """Where a contract is tried. `person` lives in `own`, and may do whatever can be allowed."""

    app: Flask
    name: str
    own: Project
    other: Project
    member: Member
    person: Member
    things: Mapping[str, str] = field(default_factory=dict)

    @property
    def plugin(self) -> Plugin:
        """The plugin as it was loaded."""
        return host().loaded[self.name]

    @property
    def tables(self) -> list[sa.Table]:
        """The plugin's tables, those that others refer to first."""
        prefix = self.plugin.manifest.table_prefix
        return [table for table in db.metadata.sorted_tables if table.name.startswith(prefix)]

    def switch(self, *, own: bool = True, other: bool = False) -> None:
        """Let the plugin be on where a test needs it, whatever the one before left."""
        for project, on in ((self.own, own), (self.other, other)):
            if on:
                switch_on_with_needs(self.name, project)
            else:
                switch_on(self.name, project, on=False)

    def client(self, member: Member) -> FlaskClient:
        """Return the browser of somebody."""
        return factories.sign_in(self.app.test_client(), member)

    def counts(self) -> Counter[str]:
        """Return how many rows each table of the plugin has."""
        count = sa.func.count()
        return Counter(
            {
                table.name: db.session.scalar(sa.select(count).select_from(table)) or 0
                for table in self.tables
            }
        )

    def hook(self, name: str) -> Any:
        """Return the plugin's function of a hook, None without one."""
        found = dispatch.implementations(name, self.name)
        return found[0] if found else None

    def cast(self, project: Project) -> Demo:
        """Add the people of a demo, and return what a plugin makes one from."""
        living = [
            factories.make_owner(project, name=f"业主{number}") for number in range(RESIDENTS)
        ]
        owner, spouse, newowner = living[:3]
        role = RoleName.ADMINISTRATOR
        return Demo(
            rng=random.Random(1),  # noqa: S311 - no secrets
            today=clock.business_date(project.time_zone),
            time_zone=project.time_zone,
            members={
                key: member_ref(each)
                for key, each in (("owner", owner), ("spouse", spouse), ("newowner", newowner))
            },
            staff={key: factories.make_staff(role) for key in STAFF},
            residents=[member_ref(each) for each in living],
        )

    def fill(self, project: Project, demo: Demo) -> None:
        """Let the plugin make its demo in a project; nothing is committed."""
        found = self.hook("demo_data")
        given = {"project": project_ref(project), "demo": demo}
        found.function(*[given[name] for name in found.argnames])
        db.session.flush()


@pytest.fixture(scope="class")
def contract_world(request: pytest.FixtureRequest, migrated_app: Flask) -> Iterator[World]:
    """The world of a contract, on a database of its own."""
    name, sample = request.cls.plugin, request.cls.sample
    with migrated_app.app_context():
        empty_database(migrated_app.config["SQLALCHEMY_DATABASE_URI"])
        own = factories.make_project(slug="own", name="滨江府")
        other = factories.make_project(slug="other", name="四季里")
        person = factories.make_owner(own, name="周敏")
        role = RoleGrant(account_id=person.account_id, role=RoleName.ADMINISTRATOR)
        factories.add(role)
        member = factories.make_owner(own, name="林晓芸")
        world = World(migrated_app, name, own, other, member, person)
        if name in host().loaded:
            world.switch()
            if sample is not None:
                world.things = sample(own, member) or {}
            elif world.hook("demo_data"):
                demo = world.cast(own)
                members = {**demo.members, "owner": member_ref(member)}
                world.fill(own, replace(demo, members=members))
            db.session.commit()
            g.pop("plugins_enabled", None)
        yield world
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def contract(contract_world: World) -> Iterator[World]:
    """The world of a contract, the plugin on in `own` only; what is not committed is undone."""
    if contract_world.name in host().loaded:
        contract_world.switch()
    yield contract_world
    db.session.rollback()
    g.pop("plugins_enabled", None)
