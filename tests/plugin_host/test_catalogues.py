"""A plugin's own words in three languages, and core's words, which no plugin changes."""

import dataclasses
import io
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po
from flask import Flask

from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.plugin_host.loader import load_plugins
from tests import factories
from tests.conftest import IsolatedClient
from tests.plugin_host.conftest import switch_on

TOML = """
name = "words"
title = { zh_Hans_CN = "词语" }
summary = { zh_Hans_CN = "词语" }
version = "1"
api = 1
"""
HOOKS = """
from flask import Blueprint, render_template
from portal.sdk import gettext, hookimpl, lazy, ngettext, public

LATER = lazy("Borrow a book")
blueprint = Blueprint("words", __name__)


@blueprint.get("/p/<project>/words/")
@public
def page():
    said = [gettext("Borrow a book"), str(LATER), gettext("Sign in")]
    said += [gettext("%(name)s reads", name="A"), ngettext("%(num)s page", "%(num)s pages", 3)]
    return render_template("words/page.html", said=said)


@hookimpl
def register_blueprints():
    return [blueprint]
"""
PAGE = "{{ said|join('|') }}|{{ _('Borrow a book') }}"
FRAMED = (
    '{% extends "layout.html" %}{% from "macros/ui.html" import page_head %}'
    '{% block content %}|{{ _("Sign in") }}, {{ said[2] }}|{{ page_head("Words") }}|{% endblock %}'
)
PAGES = ("%(num)s page", "%(num)s pages")
HANS = {
    "Borrow a book": "借书",
    "Sign in": "骗你的",
    "%(name)s reads": "%(name)s 在读",
    PAGES: ("%(num)s 页",),
}
HANT = {
    **HANS,
    "Borrow a book": "借書",
    "Sign in": "騙你的",
    "%(name)s reads": "%(name)s 在讀",
    PAGES: ("%(num)s 頁",),
}
ENGLISH = {"Borrow a book": "Take a book home", "Sign in": "Be cheated"}
Texts = Mapping[object, object]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toys: None) -> Path:
    """A plugin that shows words, without catalogues yet."""
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "words_toy"
    (folder / "templates" / "words").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "plugin.toml").write_text(TOML, "utf-8")
    (folder / "hooks.py").write_text(HOOKS, "utf-8")
    (folder / "templates" / "words" / "page.html").write_text(PAGE)
    return folder


@pytest.fixture
def said(package: Path, app: Flask, settings: Settings) -> Iterator[Callable[[str], list[str]]]:
    """Start the application; return what the page says in a language."""
    started: list[Flask] = []

    def ask(language: str) -> list[str]:
        if not started:
            words = EntryPoint("words", "words_toy", "portal.plugins")
            started.append(create_app(dataclasses.replace(settings), plugins=[words]))
            started[0].test_client_class = IsolatedClient
            assert started[0].extensions["portal.plugins"].quarantined == {}
            with started[0].app_context():
                switch_on("words", factories.make_project(slug="own"))
        client = started[0].test_client()
        client.set_cookie("lang", language)
        with started[0].app_context():
            return client.get("/p/own/words/").text.split("|")

    yield ask
    for each in started:
        with each.app_context():
            db.engine.dispose()


def write(package: Path, language: str, texts: Texts, *, compiled: bool = True) -> Path:
    """Write a catalogue of the plugin, and return its path."""
    catalogue = Catalog(locale=language)
    for msgid, text in texts.items():
        catalogue.add(msgid, text)
    buffer = io.BytesIO()
    (write_mo if compiled else write_po)(buffer, catalogue)
    path = package / "translations" / language / "LC_MESSAGES"
    path = path / ("messages.mo" if compiled else "messages.po")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    return path


@pytest.mark.parametrize("compiled", [True, False])
def test_three_languages(package: Path, said: Callable[[str], list[str]], compiled: bool) -> None:
    for language, texts in (("zh_Hans_CN", HANS), ("zh_Hant", HANT), ("en", ENGLISH)):
        write(package, language, texts, compiled=compiled)
    assert said("zh_Hans_CN") == ["借书", "借书", "骗你的", "A 在读", "3 页", "借书"]
    assert said("zh_Hant") == ["借書", "借書", "騙你的", "A 在讀", "3 頁", "借書"]
    english = "Take a book home"
    assert said("en") == [english, english, "Be cheated", "A reads", "3 pages", english]


def test_without_catalogues_the_source_is_shown(said: Callable[[str], list[str]]) -> None:
    assert said("zh_Hans_CN")[:3] == ["Borrow a book", "Borrow a book", "登录"]


def test_a_plugin_has_its_own_words_and_core_keeps_its(
    package: Path, said: Callable[[str], list[str]], migrated_app: Flask
) -> None:
    """On one and the same page: what the plugin says, and the frame around it."""
    (package / "templates" / "words" / "page.html").write_text(FRAMED)
    write(package, "zh_Hans_CN", {"Sign in": "骗你的"})
    write(package, "en", {"Sign in": "Be cheated"})
    for language, own, core in (("zh_Hans_CN", "骗你的", "登录"), ("en", "Be cheated", "Sign in")):
        frame, ours, macro, _ = said(language)
        assert ours == f"{own}, {own}"
        assert own not in frame + macro
        assert core in frame
    # Another application of the same process knows nothing of it.
    client = migrated_app.test_client()
    assert "骗你的" not in client.get("/login").text


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(b"not a catalogue"), "cannot be used"),
        (lambda path: path.write_bytes(path.read_bytes()[:40]), "cannot be used"),
        (lambda path: path.write_bytes(b""), "cannot be used"),
        (lambda path: write(path.parents[3], "en", {"%(name)s reads": "%(nam)s"}), "placeholders"),
        (lambda path: write(path.parents[3], "en", {"%(name)s reads": "100 %"}), "placeholders"),
    ],
)
def test_a_broken_catalogue_is_a_reason_for_quarantine(
    package: Path, spoil: Callable[[Path], object], words: str
) -> None:
    spoil(write(package, "en", ENGLISH))
    host = load_plugins([EntryPoint("words", "words_toy", "portal.plugins")])
    assert host.loaded == {}
    assert words in host.quarantined["words"].reason
    assert "translations/en/LC_MESSAGES/messages.mo" in host.quarantined["words"].reason


def test_what_is_in_quarantine_brings_no_words(
    package: Path, app: Flask, settings: Settings
) -> None:
    write(package, "en", ENGLISH)
    (package / "hooks.py").write_text("1/0")
    words = EntryPoint("words", "words_toy", "portal.plugins")
    started = create_app(dataclasses.replace(settings), plugins=[words])
    assert "words" in started.extensions["portal.plugins"].quarantined
    assert started.extensions["portal.plugin_catalogues"] == {}
    assert "words_toy.models" not in sys.modules
