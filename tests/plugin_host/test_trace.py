"""Following the hooks: told to the log and to administrators, and nothing of it when it is off."""

import logging
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.permissions.roles import RoleName
from portal.plugin_host.trace import brief
from portal.projects.models import Project
from portal.slots import Card, MemberHome, NavItem, Todo
from tests import factories
from tests.conftest import IsolatedClient
from tests.plugin_host.conftest import HOSTILE, NOTES, switch_on


@pytest.fixture
def traced(toys: None, app: Flask, settings: Settings) -> Iterator[Flask]:
    """The application with both toys, on in `own`, and their hooks followed."""
    changed = replace(settings, trace_hooks=True, log_level="INFO")
    found = create_app(changed, plugins=[NOTES, HOSTILE])
    found.config["PLUGIN_FAULTS_ARE_KEPT"] = True
    found.test_client_class = IsolatedClient
    with found.app_context():
        engine = db.engine
        project = factories.make_project(slug="own")
        for plugin in ("notes", "hostile"):
            switch_on(plugin, project)
        yield found
    engine.dispose()
    logging.getLogger("portal").setLevel("WARNING")


def test_each_call_is_logged_without_what_it_returned(
    traced: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    project = db.session.scalars(sa.select(Project)).one()
    owner = factories.make_owner(project, name="林晓芸")
    staff = factories.sign_in(traced.test_client(), factories.make_staff(RoleName.STAFF, project))
    factories.sign_in(traced.test_client(), owner).get("/p/own/")
    staff.get(f"/p/own/staff/members/{owner.public_id}")
    lines = [each.getMessage() for each in caplog.records if each.name == "portal.hooks"]
    assert any(
        line.startswith("notes.member_home in own: ")
        and line.endswith(" 0 statements, returned MemberHome(1 todos, 1 cards)")
        for line in lines
    ), lines
    assert any("notes.member_profile_sections" in line and "1 Card" in line for line in lines)
    assert not any("林晓芸" in line for line in lines)


def test_only_administrators_are_told(traced: Flask) -> None:
    project = db.session.scalars(sa.select(Project)).one()
    told = {}
    for role in (RoleName.STAFF, RoleName.ADMINISTRATOR):
        scope = project if role is RoleName.STAFF else None
        client = factories.sign_in(traced.test_client(), factories.make_staff(role, scope))
        told[role] = client.get("/p/own/staff/").headers.get("Server-Timing")
    assert told[RoleName.STAFF] is None
    assert "notes.staff_widgets;dur=" in (told[RoleName.ADMINISTRATOR] or "")
    assert 'desc="0 statements"' in (told[RoleName.ADMINISTRATOR] or "")


def test_off_nothing_follows(host_app: Flask) -> None:
    assert host_app.extensions["portal.plugins"].follow is None


def test_a_fault_is_told_by_its_reference(traced: Flask, caplog: pytest.LogCaptureFixture) -> None:
    sys.modules["hostile_toy.hooks"].MOOD["member_home"] = "raises"  # type: ignore[attr-defined]
    project = db.session.scalars(sa.select(Project)).one()
    client = factories.sign_in(traced.test_client(), factories.make_owner(project))
    client.get("/p/own/", headers={"X-Request-ID": "reference-123"})
    lines = [each.getMessage() for each in caplog.records if each.name == "portal.hooks"]
    assert any("hostile.member_home" in line and "fault reference-123" in line for line in lines)


def test_what_is_told_of_a_value() -> None:
    nav = NavItem("x", "x", "x", "x")
    todo = Todo("x", "x", "x", "x", "x")
    assert brief([nav, nav]) == "2 NavItem"
    assert brief([]) == "0"
    assert brief(None) == "nothing"
    assert brief(MemberHome((todo,), (Card("x", "secret"),))) == "MemberHome(1 todos, 1 cards)"
    assert "secret" not in brief([Card("x", "secret")])
