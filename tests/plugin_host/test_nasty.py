"""What a plugin may try, by mistake or on purpose, and what the page is afterwards."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, abort, g
from flask_babel import LazyString

from portal.accounts.models import Account
from portal.extensions import db
from portal.plugin_host import dispatch, service
from portal.plugin_host.loader import load_plugins
from portal.plugin_host.models import PluginFault
from portal.plugin_host.refs import project_ref
from portal.projects.models import Project
from portal.slots import Card, MemberHome, NavItem, StaffWidget, Todo
from tests import factories
from tests.plugin_host.conftest import switch_on

Nasty = Callable[[], object]


class Unheard(BaseException):
    """Neither an Exception nor one of Python's own ways out."""


class MuteError(Exception):
    """An exception that cannot even be told."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


class Heir(Card):
    """Of the right kind, with a trap in it."""

    def __getattribute__(self, name: str) -> Any:
        if name == "data":
            raise RuntimeError("shown by mistake")
        return super().__getattribute__(name)


def throw(error: BaseException) -> Nasty:
    def act() -> object:
        raise error

    return act


def give(value: object) -> Nasty:
    return lambda: value


def recur() -> object:
    return recur()


def run(act: Nasty) -> Nasty:
    """Do something, and answer as if nothing had been."""

    def acting() -> object:
        act()
        return MemberHome()

    return acting


def fail_when_shown() -> str:
    raise RuntimeError("a text that cannot be shown")


def endless() -> Iterator[Card]:
    return (Card("hostile/card.html", number) for number in itertools.count())


def todo(**values: Any) -> MemberHome:
    plain = {"title": "t", "hint": "h", "icon": "puzzle", "tone": "blue", "url": "/p/own/hostile/"}
    return MemberHome(todos=(Todo(**(plain | values)),))


def card(**values: Any) -> MemberHome:
    return MemberHome(cards=(Card(**({"template": "hostile/card.html", "data": "x"} | values)),))


HOMES: dict[str, Nasty] = {
    "a BaseException": throw(Unheard("gone")),
    "a generator's end": throw(GeneratorExit()),
    "a cancelled task": throw(asyncio.CancelledError()),
    "no words": throw(MuteError()),
    "a NUL and half a character": throw(RuntimeError("nul \0 half \udc80 end")),
    "an HTTP answer": lambda: abort(404),
    "endless recursion": recur,
    "the session closed": run(lambda: db.session.close()),
    "the session removed": run(lambda: db.session.remove()),
    "a commit": run(lambda: db.session.commit()),
    "a rollback": run(lambda: db.session.rollback()),
    "a generator": lambda: (each for each in [MemberHome()]),
    "an endless generator of cards": lambda: MemberHome(cards=endless()),  # type: ignore[arg-type]
    "a list of cards": give(MemberHome(cards=[])),  # type: ignore[arg-type]
    "ten thousand cards": give(MemberHome(cards=(Card("hostile/card.html", 1),) * 10_000)),
    "ten thousand to-dos": give(MemberHome(todos=todo().todos * 10_000)),
    "a card's heir": give(MemberHome(cards=(Heir("hostile/card.html", 1),))),
    "an order in words": give(card(order="last")),
    "an order that is none": give(card(order=None)),
    "a template above": give(card(template="hostile/../home/owner.html")),
    "a template that is none": give(card(template=None)),
    "a title that cannot be shown": give(todo(title=LazyString(fail_when_shown))),
    "a title that is a number": give(todo(title=7)),
    "a script for an address": give(todo(url="javascript:alert(1)")),
    "another host's address": give(todo(url="//evil.example/x")),
    "an address that is none": give(todo(url=None)),
}
WIDGETS: dict[str, Nasty] = {
    "a figure that is a word": give([StaffWidget("x", "7", "", "hostile.desk", "hostile.see")]),  # type: ignore[arg-type]
    "a permission that is none": give([StaffWidget("x", 7, "", "hostile.desk", None)]),  # type: ignore[arg-type]
    "a thousand widgets": give([StaffWidget("x", 7, "", "hostile.desk", "staff.desk")] * 1000),
    "an endpoint that is none": give([StaffWidget("x", 7, "", None, "staff.desk")]),  # type: ignore[arg-type]
}
LINKS: dict[str, Nasty] = {
    "an order in words": give([NavItem("x", "puzzle", "hostile.desk", "staff.desk", order="z")]),  # type: ignore[arg-type]
    "a badge that is a list": give(
        [NavItem("x", "puzzle", "hostile.desk", "staff.desk", badge=[])]
    ),  # type: ignore[arg-type]
    "a section that is a list": give([NavItem("x", "puzzle", "hostile.desk", "staff.desk", [])]),  # type: ignore[arg-type]
    "an icon that is none": give([NavItem("x", None, "hostile.desk", "staff.desk")]),  # type: ignore[arg-type]
    "a thousand links": give([NavItem("x", "puzzle", "hostile.desk", "staff.desk")] * 1000),
}


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Keep half characters out of what pytest's processes tell each other."""
    caplog.set_level(logging.CRITICAL, "portal.plugins")


@pytest.fixture
def project(host_app: Flask) -> Project:
    project = factories.make_project(slug="own", name="江湾")
    switch_on("notes", project)
    switch_on("hostile", project)
    return project


@pytest.mark.parametrize("deed", HOMES)
def test_the_owners_home_lives(
    host_app: Flask, project: Project, mood: dict[str, object], deed: str
) -> None:
    client = factories.sign_in(host_app.test_client(), factories.make_owner(project))
    mood["member_home"] = HOMES[deed]
    answer = client.get("/p/own/")
    assert answer.status_code == 200
    assert "notes of own" in answer.text
    assert "没有加载出来" in answer.text
    assert len(answer.text) < 60_000
    fault = db.session.scalars(sa.select(PluginFault)).one()
    assert fault.plugin == "hostile"


@pytest.mark.parametrize("deed", [*WIDGETS, *(f"link: {deed}" for deed in LINKS)])
def test_the_desk_lives(
    host_app: Flask, project: Project, mood: dict[str, object], deed: str
) -> None:
    client = factories.sign_in(host_app.test_client(), factories.make_staff("staff", project))
    if deed.startswith("link: "):
        mood["nav_items"] = LINKS[deed.removeprefix("link: ")]
    else:
        mood["staff_widgets"] = WIDGETS[deed]
    answer = client.get("/p/own/staff/")
    assert answer.status_code == 200
    assert "/p/own/staff/notes/" in answer.text
    assert len(answer.text) < 60_000
    assert db.session.scalars(sa.select(PluginFault)).one().plugin == "hostile"


def test_a_hook_may_have_a_savepoint_of_its_own(
    host_app: Flask, project: Project, mood: dict[str, object]
) -> None:
    def act() -> object:
        with db.session.begin_nested():
            return card(data=db.session.scalar(sa.select(sa.func.count(PluginFault.id))))

    client = factories.sign_in(host_app.test_client(), factories.make_owner(project))
    mood["member_home"] = act
    assert "<h2>0</h2>" in client.get("/p/own/").text


def test_the_ends_that_are_the_operators_go_on(
    host_app: Flask, project: Project, mood: dict[str, object]
) -> None:
    mood["member_home"] = throw(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        dispatch.call("member_home", project=project_ref(project))


def test_what_a_check_writes_is_undone(
    host_app: Flask, project: Project, mood: dict[str, object]
) -> None:
    other = factories.make_project(slug="else")
    switch_on("hostile", other)

    def act() -> object:
        db.session.execute(sa.update(Account).values(display_name="taken"))
        return []

    factories.make_account(display_name="mine")
    mood["check_plugin_enable"] = act
    service.enable(actor=None, plugin="notes", project=other)
    db.session.commit()
    assert set(db.session.scalars(sa.select(Account.display_name))) == {"mine"}
    g.pop("plugins_enabled", None)
    assert "notes" in dispatch.enabled_for(other.id)


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_a_check_that_ends_the_transaction_objects(
    host_app: Flask, project: Project, mood: dict[str, object], end: str
) -> None:
    other = factories.make_project(slug="else")
    switch_on("hostile", other)

    def act() -> object:
        getattr(db.session, end)()
        return []

    mood["check_plugin_enable"] = act
    with pytest.raises(service.SwitchError) as caught:
        service.enable(actor=None, plugin="notes", project=other)
    assert caught.value.code == "objection"
    db.session.rollback()
    g.pop("plugins_enabled", None)
    assert "notes" not in dispatch.enabled_for(other.id)


def test_the_texts_of_a_project_cannot_be_changed(host_app: Flask, project: Project) -> None:
    with pytest.raises(TypeError):
        project_ref(project).name["zh_Hans_CN"] = "taken"  # type: ignore[index]


TOML = """
name = "nasty"
title = { zh_Hans_CN = "试", en = "Try" }
summary = { zh_Hans_CN = "试", en = "Try" }
version = "1"
api = 1
"""
HEAD = """
from flask import Blueprint
from portal.sdk import hookimpl, public

blueprint = Blueprint("nasty", __name__)

@hookimpl
def register_blueprints():
    return [blueprint]

"""
BOOTS = {
    "an exception without words": (
        "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E()",
        "E: ",
    ),
    "a BaseException": ("class E(BaseException): pass\nraise E('gone')", "E: gone"),
    "another's filter": (
        HEAD + "blueprint.add_app_template_filter(lambda texts: 'taken', 'localized')",
        "the template filter 'localized'",
    ),
    "another's global": (
        HEAD + "blueprint.add_app_template_global(lambda: 'taken', 'may')",
        "the template global 'may'",
    ),
    "a route beside its blueprint": (
        HEAD
        + "@public\ndef free(project): return 'free'\n"
        + "blueprint.record(lambda s: s.app.add_url_rule('/p/<project>/nasty/', 'free', free))",
        "is of no blueprint",
    ),
    "another's view": (
        HEAD
        + "blueprint.record(lambda s: s.app.view_functions.update({'home.index': lambda: 'x'}))",
        "is of no blueprint",
    ),
    "templates of its own folder": (
        HEAD.replace("__name__)", "__name__, template_folder='more')"),
        "templates lie in",
    ),
}


@pytest.fixture
def nasty(toys: None, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin's folder."""
    package = tmp_path / "nasty_toy"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "plugin.toml").write_text(TOML, "utf-8")
    (package / "hooks.py").write_text(HEAD)
    monkeypatch.syspath_prepend(str(tmp_path))
    return package


def reason() -> str:
    """Return why the plugin is in quarantine."""
    host = load_plugins([EntryPoint("nasty", "nasty_toy", "portal.plugins")])
    return host.quarantined["nasty"].reason if "nasty" in host.quarantined else "loaded"


@pytest.mark.parametrize("deed", BOOTS)
def test_the_start_survives(nasty: Path, deed: str) -> None:
    code, told = BOOTS[deed]
    (nasty / "hooks.py").write_text(code)
    assert told in reason()


def test_templates_of_others_are_refused(nasty: Path) -> None:
    (nasty / "templates" / "nasty").mkdir(parents=True)
    assert reason() == "loaded"


@pytest.mark.parametrize("name", ["notes", "macros", "layout.html"])
def test_templates_named_like_anothers_are_refused(nasty: Path, name: str) -> None:
    (nasty / "templates" / name).mkdir(parents=True)
    assert f"templates/{name}" in reason()
