"""What plugins record is shown in their words, with links where the reader may open them."""

import pytest
from flask import Flask

from portal import sdk
from portal.extensions import db
from portal.permissions.roles import RoleName
from portal.plugin_host import loader
from portal.plugin_host.hookspecs import RETURNS
from portal.plugin_host.manifest import Manifest
from portal.projects.models import Project
from portal.sdk import AuditWord
from portal.words import find_title
from tests import factories
from tests.plugin_host.conftest import switch_on

TRAILS = ("/p/own/staff/audit", "/centre/audit")


@pytest.fixture
def own(host_app: Flask) -> Project:
    project = factories.make_project(slug="own")
    switch_on("notes", project)
    for key in ("n1", "n2"):
        sdk.record(
            actor=None, action="notes.signed", subject=("notes_note", key), project_id=project.id
        )
    # The kind of another's subject, and an act of a plugin that is gone.
    sdk.record(actor=None, action="gone.done", subject=("notes_note", "n3"), project_id=project.id)
    sdk.record(actor=None, action="notes.signed", subject=("notes_note", "n4"), project_id=None)
    db.session.commit()
    return project


@pytest.mark.parametrize("path", TRAILS)
def test_the_trail_has_the_plugins_words_and_links(
    host_app: Flask, own: Project, path: str
) -> None:
    account = factories.make_staff(RoleName.ADMINISTRATOR)
    page = factories.sign_in(host_app.test_client(), account).get(path).text
    assert '<option value="notes.signed">Signed a note' in page
    assert "Note on the wall" in page
    assert 'href="/p/own/staff/notes/n1"' in page
    assert 'href="/p/own/staff/notes/n2"' in page
    assert "notes/n3" not in page
    assert "notes/n4" not in page
    assert "gone.done" in page


def test_words_can_be_searched_for(host_app: Flask, own: Project) -> None:
    account = factories.make_staff(RoleName.ADMINISTRATOR)
    client = factories.sign_in(host_app.test_client(), account)
    page = client.get("/p/own/staff/audit?action=notes.signed").text
    assert page.count("Note on the wall") >= 2
    assert "gone.done" not in page


def test_who_may_not_open_a_thing_gets_no_link(host_app: Flask, own: Project) -> None:
    account = factories.make_staff(RoleName.AUDITOR)
    page = factories.sign_in(host_app.test_client(), account).get("/centre/audit").text
    assert "Note on the wall" in page
    assert "staff/notes/" not in page


def test_programs_get_the_words(host_app: Flask, own: Project) -> None:
    headers = {
        "Authorization": f"Bearer {factories.make_token(factories.make_staff('administrator'))}"
    }
    answer = host_app.test_client().get("/api/v1/p/own/staff/audit", headers=headers)
    assert answer.status_code == 200, answer.text
    entry = next(each for each in answer.json["items"] if each["subject_id"] == "n1")
    assert entry["action_title"] == "Signed a note"
    assert entry["subject_title"] == "Note on the wall"


def test_a_members_copy_has_the_words(own: Project) -> None:
    assert find_title("audit_action", "notes.signed") == "Signed a note"
    assert find_title("audit_subject", "notes_note") == "Note on the wall"
    assert find_title("audit_action", "gone.done") is None


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([AuditWord("points.posted", "Mine")], "no act of notes."),
        ([AuditWord("Note", "Mine")], "no act of notes."),
        ([AuditWord("note", "A"), AuditWord("note", "B")], "there twice"),
        ([AuditWord("note", "A", page="notes.desk")], "just a public id"),
        ([AuditWord("note", "A", page="claims.show")], "just a public id"),
    ],
)
def test_words_keep_to_the_rules(host_app: Flask, words: list[AuditWord], reason: str) -> None:
    RETURNS["register_audit_words"].check("register_audit_words", words)
    manifest: Manifest = host_app.extensions["portal.plugins"].loaded["notes"].manifest
    routes = loader.check_routes(
        manifest, host_app.extensions["portal.plugins"].loaded["notes"].blueprints
    )
    with pytest.raises(loader.LoadError, match=reason):
        loader._check_words(manifest, words, routes)
