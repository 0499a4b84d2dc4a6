"""A plugin's place in the owner's navigation: beside the home, never more than five on a phone."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.members.models import Member
from portal.permissions.models import RoleGrant
from portal.plugin_host.models import PluginFault
from portal.projects.models import Project
from portal.sdk import MemberTab, db
from tests import factories
from tests.plugin_host.conftest import switch_on


@pytest.fixture
def own(host_app: Flask, mood: dict[str, Any]) -> Project:
    project = factories.make_project(slug="own")
    switch_on("notes", project)
    switch_on("hostile", project)
    return project


@pytest.fixture
def owner(own: Project) -> Member:
    return factories.make_owner(own, name="林晓芸")


@pytest.fixture
def client(host_app: Flask, owner: Member) -> FlaskClient:
    return factories.sign_in(host_app.test_client(), owner)


def bars(page: str) -> tuple[list[str], list[str]]:
    """Return the addresses of a desk's bar and of a phone's."""
    names = ("Main navigation", "Bottom navigation")
    navs = [re.search(rf"<nav[^>]*{name}.*?</nav>", page, re.DOTALL)[0] for name in names]
    site, phone = (re.findall(r'<a href="([^"]+)"', nav) for nav in navs)
    return site, phone


def english(client: FlaskClient, path: str) -> str:
    answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return answer.text


def test_the_homes_give_way_on_a_phone(client: FlaskClient, mood: dict[str, Any]) -> None:
    site, phone = bars(english(client, "/p/own/"))
    assert site == ["/p/own/", "/p/own/notes/", "/me/homes", "/me/"]
    assert phone == ["/p/own/", "/p/own/notes/", "/me/homes", "/me/inbox", "/me/"]
    mood["member_tabs"] = lambda: [MemberTab("Hostile", "puzzle", "hostile.desk", order=10)]
    site, phone = bars(english(client, "/p/own/"))
    assert site == ["/p/own/", "/p/own/hostile/", "/p/own/notes/", "/me/homes", "/me/"]
    assert phone == ["/p/own/", "/p/own/hostile/", "/p/own/notes/", "/me/inbox", "/me/"]


def test_the_bar_stays_outside_the_project(client: FlaskClient) -> None:
    assert "/p/own/notes/" not in bars(english(client, "/me/"))[1]
    english(client, "/p/own/")
    assert "/p/own/notes/" in bars(english(client, "/me/"))[1]


def test_a_project_that_is_not_ones_own_shows_none(host_app: Flask, client: FlaskClient) -> None:
    switch_on("notes", factories.make_project(slug="other"))
    assert "/p/other/notes/" not in english(client, "/p/other/")


def test_staff_keep_their_desk(
    host_app: Flask, own: Project, client: FlaskClient, owner: Member, mood: dict[str, Any]
) -> None:
    factories.add(RoleGrant(account_id=owner.account_id, role="staff", project_id=own.id))
    mood["member_tabs"] = lambda: [MemberTab("Hostile", "puzzle", "hostile.desk", order=10)]
    _, phone = bars(english(client, "/p/own/"))
    assert len(phone) == 5
    assert phone[1] == "/p/own/hostile/"
    assert "/p/own/notes/" not in phone


@pytest.mark.parametrize("wrong", ["raises", "wrong_type", "bad_link", "needs_more"])
def test_a_place_that_fails_is_not_there(
    client: FlaskClient, mood: dict[str, Any], wrong: str
) -> None:
    mood["member_tabs"] = wrong
    assert bars(english(client, "/p/own/"))[1][1] == "/p/own/notes/"
    db.session.rollback()
    assert db.session.scalar(db.select(PluginFault.hook)) == "member_tabs"
