"""Plugins in the portal's search: found where they are on, described in one isolated call."""

import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask, g
from flask.testing import FlaskClient

from portal import clock
from portal.extensions import db
from portal.plugin_host import indexing
from portal.plugin_host.models import PluginState
from portal.plugin_host.refs import project_ref
from portal.projects.models import Project
from portal.sdk import Findable, drop_document, index_document
from portal.search.cli import commands
from portal.search.models import SearchDocument
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


@pytest.fixture
def findable(host_app: Flask) -> Iterator[list[object]]:
    """What the toy tells of itself; the module was imported when the application began."""
    told: list[object] = sys.modules["notes_toy.hooks"].FINDABLE
    yield told
    told.clear()


def a_note(key: str, title: str = "", **more: object) -> Findable:
    given = {"audiences": ["project"], "url": "/p/own/notes/", **more}
    return Findable("notes.note", key, title or f"便签{key}", **given)


def rebuilt(host_app: Flask, *arguments: str) -> str:
    answer = host_app.test_cli_runner().invoke(commands, ["rebuild", *arguments])
    assert answer.exit_code == 0, answer.output
    db.session.expire_all()
    return answer.output


def indexed() -> dict[str, str]:
    rows = db.session.execute(
        sa.select(SearchDocument.key, SearchDocument.title).where(SearchDocument.plugin == "notes")
    )
    return dict(rows.tuples().all())


def test_a_rebuilt_index_has_what_the_plugin_tells(
    host_app: Flask, own, owner, findable, monkeypatch
) -> None:
    monkeypatch.setattr(indexing, "BATCH", 2)
    switch_on("notes", own)
    for key in ("old", "kept"):
        write(own, key)
    other = factories.make_project(slug="other")
    write(other, "there")
    long_ago = clock.now() - timedelta(days=300)
    db.session.execute(sa.update(SearchDocument).values(updated_at=long_ago))
    db.session.commit()
    # The same thing twice in one batch: the last word counts.
    findable += [a_note("a"), a_note("a", "便签甲"), a_note("kept"), a_note("c"), a_note("d")]
    assert "notes: 4" in rebuilt(host_app, "--kind", "notes")
    # What it does not tell of any more is gone; where it is off nobody asks it.
    assert indexed() == {
        "a": "便签甲", "kept": "便签kept", "c": "便签c", "d": "便签d", "there": "便签there",
    }  # fmt: skip
    times = dict(
        db.session.execute(sa.select(SearchDocument.key, SearchDocument.updated_at)).tuples().all()
    )
    assert times["kept"] == long_ago < times["a"]
    assert "note c told" in owner.get("/p/own/search?q=便签").text
    assert "note there told" not in owner.get("/p/own/search?q=便签").text


def test_a_rebuild_of_everything_asks_plugins_too(host_app: Flask, own, findable) -> None:
    findable += [a_note("a")]
    rebuilt(host_app)
    assert indexed() == {}
    switch_on("notes", own)
    rebuilt(host_app)
    assert indexed() == {"a": "便签a"}


@pytest.mark.parametrize(
    "wrong",
    [
        RuntimeError("broken"),
        "a text",
        Findable("member", "b", "b", "/", ["project"]),
        Findable("hostile", "b", "b", "/", ["project"]),
        Findable("notes", "b", "b", "https://elsewhere.test/", ["project"]),
        Findable("notes", "b", "b", "/", ["everybody"]),
    ],
)
def test_a_plugin_that_fails_half_way_loses_nothing(
    host_app: Flask, own, findable, wrong: object, monkeypatch
) -> None:
    monkeypatch.setitem(host_app.config, "PLUGIN_FAULTS_ARE_KEPT", True)
    monkeypatch.setattr(indexing, "BATCH", 1)
    switch_on("notes", own)
    write(own, "old")
    findable += [a_note("a"), wrong]
    rebuilt(host_app, "--kind", "notes")
    assert indexed() == {"old": "便签old", "a": "便签a"}
    [fault] = g.pop("plugin_faults")
    assert (fault.plugin, fault.hook) == ("notes", "search_documents")


def test_a_plugin_is_no_kind_to_go_on_with(host_app: Flask) -> None:
    run = host_app.test_cli_runner().invoke
    answer = run(commands, ["rebuild", "--kind", "notes", "--after", "3"])
    assert answer.exit_code == 1
    assert "no plugin" in answer.output
