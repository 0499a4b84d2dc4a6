"""Plugins in the portal's search: found where they are on, described in one isolated call."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import db
from portal.plugin_host.models import PluginState
from portal.plugin_host.refs import project_ref
from portal.projects.models import Project
from portal.sdk import drop_document, index_document
from tests import factories
from tests.plugin_host.conftest import switch_on


@pytest.fixture
def own(host_app: Flask) -> Project:
    return factories.make_project(slug="own")


@pytest.fixture
def owner(host_app: Flask, own: Project) -> FlaskClient:
    return factories.sign_in(host_app.test_client(), factories.make_owner(own))


def write(project: Project | None, key: str = "a", kind: str = "notes.note", **more) -> None:
    index_document(
        **{
            "kind": kind,
            "key": key,
            "title": f"便签{key}",
            "url": "/p/own/notes/",
            "audiences": ["project"],
            "project": project_ref(project) if project else None,
            **more,
        }
    )
    db.session.commit()


def test_hits_of_a_plugin_come_and_go_with_it(host_app: Flask, own, owner) -> None:
    write(own)
    assert 'href="/p/own/notes/"' not in owner.get("/p/own/search?q=便签").text
    switch_on("notes", own)
    answer = owner.get("/p/own/search?q=便签").text
    assert "note a told" in answer
    assert "/p/own/notes/" in answer

    db.session.execute(sa.update(PluginState).values(enabled=False))
    db.session.commit()
    assert "note a told" not in owner.get("/p/own/search?q=便签").text


def test_on_elsewhere_is_not_on_here(host_app: Flask, own, owner) -> None:
    other = factories.make_project(slug="other")
    write(own)
    write(other, "b", audiences=["public"])
    switch_on("notes", other)

    assert "told" not in owner.get("/p/own/search?q=便签").text
    switch_on("notes", own)
    answer = owner.get("/p/own/search?q=便签").text
    assert "note a told" in answer
    assert "note b told" not in answer


def test_what_a_plugin_does_not_describe_is_gone(host_app: Flask, own, owner) -> None:
    switch_on("notes", own)
    write(own, "gone")
    write(own, "here")

    answer = owner.get("/p/own/search?q=便签").text
    assert "note here told" in answer
    assert "便签gone" not in answer

    drop_document(kind="notes.note", key="here")
    db.session.commit()
    assert "here" not in owner.get("/p/own/search?q=便签").text


def test_staff_find_what_their_permission_opens_and_owners_do_not(
    host_app: Flask, own, owner
) -> None:
    switch_on("notes", own)
    write(own, "staff", audiences=["permission:notes.manage"])
    staff = factories.sign_in(host_app.test_client(), factories.make_staff("staff", own))
    manager = factories.sign_in(host_app.test_client(), factories.make_staff("manager", own))
    centre = factories.sign_in(host_app.test_client(), factories.make_staff("staff"))

    assert "note staff told" in staff.get("/p/own/staff/search?q=便签").text
    assert "note staff told" not in manager.get("/p/own/staff/search?q=便签").text
    assert "note staff told" not in owner.get("/p/own/search?q=便签").text
    assert "note staff told" in centre.get("/centre/search?q=便签").text


@pytest.mark.parametrize(
    "mood_of_hook", ["raises", "exits", "bad_address", "wrong_type", "breaks_transaction", "writes"]
)
def test_a_plugin_that_fails_costs_its_words_only(
    host_app: Flask, own, owner, mood, mood_of_hook
) -> None:
    switch_on("hostile", own)
    switch_on("notes", own)
    write(own, "loud", kind="hostile")
    write(own, "calm")
    mood["describe_hits"] = mood_of_hook

    answer = owner.get("/p/own/search?q=便签")
    assert answer.status_code == 200
    assert "note calm told" in answer.text
    assert "loud" in answer.text
    assert "elsewhere.test" not in answer.text


def test_a_plugin_indexes_under_its_own_name_only(host_app: Flask, own) -> None:
    for kind in ("member", "nobody.thing", ""):
        with pytest.raises(ValueError, match="must begin"):
            write(own, kind=kind)
        with pytest.raises(ValueError, match="must begin"):
            drop_document(kind=kind, key="a")
    with pytest.raises(ValueError, match="audience"):
        write(own, audiences=["everybody"])
