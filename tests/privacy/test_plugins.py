"""Plugins take part wherever they are on, and what they cannot answer is never passed over."""

import io
import sys
import zipfile

import pytest
import sqlalchemy as sa

from portal.extensions import db
from portal.plugin_host import everyone
from portal.plugin_host.host import Quarantined
from portal.plugin_host.state import host
from portal.privacy import erasing, exporting
from portal.sdk import ExportFile, ExportPart, MemberRef, hookimpl
from tests.factories import make_member
from tests.plugin_host.conftest import host_app, toys

__all__ = ["host_app", "toys"]


class Library:
    """What a plugin answers about a member; `mood` is what goes wrong."""

    mood = ""
    erased: list = []

    @hookimpl
    def export_member_data(self, member):
        assert isinstance(member, MemberRef)
        if self.mood == "raises":
            raise RuntimeError("broken")
        if self.mood == "exits":
            sys.exit(3)
        if self.mood == "wrong":
            return "a string"
        rows = [{"title": object() if self.mood == "not json" else "红楼梦"}]
        if self.mood == "late":
            rows = iter_that_fails()
        return [
            ExportPart("loans", "借阅", {"title": "书名"}, rows, files=[ExportFile("a.txt", b"x")])
        ]

    @hookimpl
    def erase_member_data(self, member):
        db.session.execute(sa.text("UPDATE household SET public_id = 'changed'"))
        if self.mood == "raises":
            raise RuntimeError("broken")
        self.erased.append(member.name)

    @hookimpl
    def check_member_removal(self, member):
        return ["还有一本书未还。"] if self.mood == "objects" else []


def iter_that_fails():
    yield {"title": "一"}
    raise RuntimeError("the second row")


@pytest.fixture
def library(host_app, monkeypatch):
    """The notes toy answers as the library; the hostile one is left out, bundled ones too."""
    monkeypatch.setattr(everyone, "applied_rows", lambda _: frozenset({"core_0001"}))
    plugin, manager = Library(), host().manager
    manager.unregister(name="notes")
    manager.register(plugin, "notes")
    del host().loaded["hostile"]
    plugin.erased = []
    yield plugin
    manager.unregister(name="notes")


def export(member):
    target = io.BytesIO()
    missing = exporting.write_export(target, member, language="zh_Hans_CN")
    return zipfile.ZipFile(target), missing


def test_a_plugin_that_is_on_nowhere_takes_part(library):
    archive, missing = export(make_member())
    assert missing == []
    assert "红楼梦" in archive.read("data/notes.loans.json").decode()
    assert archive.read("files/notes.loans/001.txt") == b"x"
    assert "书名" in archive.read("index.html").decode()


@pytest.mark.parametrize("mood", ["raises", "exits", "wrong", "not json", "late"])
def test_a_plugin_that_fails_is_named_as_missing(library, mood):
    library.mood = mood
    archive, missing = export(make_member(name="林晓芸"))
    assert missing == ["notes"]
    assert "data/notes.loans.json" not in archive.namelist()
    assert "林晓芸" in archive.read("data/profile.json").decode()


def test_a_plugin_in_quarantine_is_named_and_holds_an_erasure_up(library):
    host().quarantined["lending"] = Quarantined("lending", "lending", "ImportError")
    _, missing = export(make_member())
    assert missing == ["lending"]
    assert len(erasing.obstacles_to(make_member())) == 1


def test_a_plugin_that_was_uninstalled_with_its_tables_left_holds_an_erasure_up(
    library, monkeypatch
):
    monkeypatch.setattr(everyone, "applied_rows", lambda _: frozenset({"core_0001", "gone_0001"}))
    answers = everyone.ask_installed("check_member_removal", member=make_member())
    assert [(a.plugin, a.fault) for a in answers if a.fault] == [("gone", "it is not installed")]


def test_a_plugin_with_tables_of_people_and_no_hook_has_failed(library, monkeypatch):
    monkeypatch.setattr(everyone, "tables_about_people", lambda _: ["notes_note"])
    host().manager.unregister(name="notes")
    answers = everyone.ask_installed("erase_member_data", member=make_member())
    assert "notes_note" in answers[0].fault
    assert everyone.ask_installed("check_member_removal", member=make_member()) == []
    host().manager.register(library, "notes")


def test_what_a_plugin_did_before_it_failed_is_undone(library):
    member = make_member()
    library.mood = "raises"
    answers = everyone.ask_installed("erase_member_data", member=member)
    assert answers[0].fault
    count = sa.text("SELECT count(*) FROM household WHERE public_id = 'changed'")
    assert db.session.scalar(count) == 0


def test_a_plugin_erases_and_objects(library):
    member = make_member(name="林晓芸")
    library.mood = "objects"
    assert erasing.obstacles_to(member) == ["还有一本书未还。"]
    library.mood = ""
    assert everyone.ask_installed("erase_member_data", member=member)[0].fault is None
    assert library.erased == ["林晓芸"]
