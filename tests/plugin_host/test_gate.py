"""Every way in asks one function whether the plugin is on."""

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.extensions import db
from portal.plugin_host.models import PluginBlock, PluginState
from portal.plugin_host.state import host
from tests import factories
from tests.plugin_host.conftest import switch_on


@pytest.fixture
def projects(host_app: Flask):
    return factories.make_project(slug="own", name="江湾"), factories.make_project(slug="other")


def test_a_plugin_is_off_until_it_is_switched_on(host_app: Flask, projects) -> None:
    own, _ = projects
    client = factories.sign_in(host_app.test_client(), factories.make_owner(own))
    answer = client.get("/p/own/notes/")
    assert answer.status_code == 404
    assert "江湾" in answer.text
    assert "便签" in answer.text
    switch_on("notes", own)
    assert client.get("/p/own/notes/").text == "wall of own"


def test_on_in_one_project_is_not_on_in_another(host_app: Flask, projects) -> None:
    own, other = projects
    switch_on("notes", own)
    client = factories.sign_in(host_app.test_client(), factories.make_owner(other))
    assert client.get("/p/other/notes/").status_code == 404
    assert client.get("/p/own/notes/").status_code == 404


def test_a_visitor_learns_nothing_of_what_is_off(host_app: Flask, projects) -> None:
    client = host_app.test_client()
    assert client.get("/p/own/notes/").status_code == 404
    switch_on("notes", projects[0])
    assert client.get("/p/own/notes/").status_code == 302


def test_off_comes_before_the_permission(host_app: Flask, projects) -> None:
    staff = factories.sign_in(host_app.test_client(), factories.make_staff("staff", projects[0]))
    finance = factories.sign_in(
        host_app.test_client(), factories.make_staff("finance", projects[0])
    )
    assert staff.get("/p/own/staff/notes/").status_code == 404
    switch_on("notes", projects[0])
    assert staff.get("/p/own/staff/notes/").text == "desk"
    assert finance.get("/p/own/staff/notes/").status_code == 403


def test_a_page_of_ones_own_opens_when_one_of_ones_projects_has_it(
    host_app: Flask, projects
) -> None:
    own, other = projects
    client = factories.sign_in(host_app.test_client(), factories.make_owner(own))
    switch_on("notes", other)
    assert client.get("/me/notes/").status_code == 404
    switch_on("notes", own)
    assert client.get("/me/notes/").text == "own"


def test_cards_nav_and_widgets_follow_at_the_next_request(host_app: Flask, projects) -> None:
    own, _ = projects
    owner = factories.sign_in(host_app.test_client(), factories.make_owner(own))
    staff = factories.sign_in(host_app.test_client(), factories.make_staff("staff", own))
    assert "notes of own" not in owner.get("/p/own/").text
    assert "/p/own/staff/notes/" not in staff.get("/p/own/staff/").text
    row = switch_on("notes", own)
    assert "notes of own" in owner.get("/p/own/").text
    assert "/p/own/staff/notes/" in staff.get("/p/own/staff/").text
    row.enabled = False
    db.session.commit()
    assert "notes of own" not in owner.get("/p/own/").text
    assert "/p/own/staff/notes/" not in staff.get("/p/own/staff/").text


def test_a_blocked_plugin_is_off_everywhere(host_app: Flask, projects) -> None:
    own, _ = projects
    switch_on("notes", own)
    factories.add(PluginBlock(plugin="notes", reason="a leak"))
    client = factories.sign_in(host_app.test_client(), factories.make_owner(own))
    assert client.get("/p/own/notes/").status_code == 404
    assert client.get("/me/notes/").status_code == 404
    assert "notes of own" not in client.get("/p/own/").text


def test_one_statement_answers_what_is_on(host_app: Flask, projects) -> None:
    own, _ = projects
    switch_on("notes", own)
    switch_on("hostile", own)
    client = factories.sign_in(host_app.test_client(), factories.make_owner(own))
    client.get("/p/own/")
    sent = []

    def note(_c, _cursor, text, *_):
        sent.append(text)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert "notes of own" in client.get("/p/own/").text
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    assert len([text for text in sent if PluginState.__tablename__ in text]) == 1


def test_static_files_of_a_plugin_are_public(host_app: Flask) -> None:
    client = host_app.test_client()
    with client.get("/static/plugins/notes/notes.css") as answer:
        assert answer.status_code == 200
    for path in ("notes/../hooks.py", "notes/%2e%2e/hooks.py", "nobody/notes.css", "hostile/x"):
        assert client.get(f"/static/plugins/{path}").status_code == 404


def test_a_blueprint_within_another_is_gated_too(host_app: Flask, projects) -> None:
    assert host().plugin_of("notes.inner.more") == "notes"
    assert host().plugin_of("projects.inner") is None
