"""The author's guide names every hook and every name of the SDK, and its plugins run."""

import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import create_app, sdk
from portal.config import Settings
from portal.extensions import db
from portal.outbox.kinds import CORE_KINDS
from portal.permissions.roles import PERMISSIONS
from portal.plugin_host import hookspecs, manifest
from portal.plugin_host.addresses import API_TOO, FORMS, check_routes
from portal.plugin_host.cli import commands
from portal.plugin_host.host import PluginHost
from tests import factories
from tests.conftest import IsolatedClient
from tests.plugin_host.conftest import switch_on

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "plugins" / "README.md").read_text("utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TOML = """
name = "library"
title = { zh_Hans_CN = "图书馆" }
summary = { zh_Hans_CN = "借书" }
version = "1"
api = 1
"""


def section(title: str) -> str:
    """Return the text between the heading `## title` and the next of its kind."""
    start = GUIDE.index(f"\n## {title}\n")
    end = GUIDE.find("\n## ", start + 1)
    return GUIDE[start : end if end > 0 else None]


def first_column(title: str) -> list[str]:
    """Return the code in the first column of a section's tables."""
    return re.findall(r"^\| `([^`]+)`", section(title), re.MULTILINE)


def samples(title: str) -> list[str]:
    """Return the Python of a section."""
    return [text for kind, text in FENCE.findall(section(title)) if kind == "python"]


def test_every_hook_is_documented_as_it_is() -> None:
    written = set(re.findall(r"^### `(.+)`$", section("Hooks"), re.MULTILINE))
    there = set()
    for name in hookspecs.RETURNS:
        signature = inspect.signature(getattr(hookspecs, name))
        text = inspect.formatannotation
        arguments = ", ".join(
            f"{each.name}: {_plain(text(each.annotation))}"
            for each in signature.parameters.values()
        )
        there.add(f"{name}({arguments}) -> {_plain(text(signature.return_annotation))}")
    assert written == there


def test_every_hook_says_when_it_runs_and_has_a_sample() -> None:
    for text in section("Hooks").split("\n### ")[1:]:
        assert "**Runs** " in text
        assert "**Returns** " in text.replace("\n", " ")
        assert "@hookimpl" in text


def test_every_specification_has_its_type() -> None:
    marked = {
        name
        for name, function in inspect.getmembers(hookspecs, inspect.isfunction)
        if hasattr(function, f"{hookspecs.GROUP}_spec")
    }
    assert marked == set(hookspecs.RETURNS)


def test_every_name_of_the_sdk_is_documented() -> None:
    assert first_column("portal.sdk") == sorted(sdk.__all__)


def test_every_key_of_the_manifest_is_documented() -> None:
    assert set(first_column("plugin.toml")) == manifest._KEYS


def test_every_event_of_the_portal_is_documented() -> None:
    assert set(first_column("After the commit")) == CORE_KINDS.keys()


def test_the_sample_of_jobs_can_be_imported() -> None:
    (text,) = samples("After the commit")
    names: dict[str, object] = {"__name__": "sample"}
    exec(compile(text, "guide", "exec"), names)  # noqa: S102 - our own guide
    assert callable(names["send_letters"])


def test_every_form_of_address_is_documented() -> None:
    lines = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", section("Addresses"), re.MULTILINE))
    expected = {}
    for form, path in FORMS.items():
        slug = path.format(slug="<name>")
        also = f" and `/api/v1{slug}`" if form in API_TOO else ""
        expected[form] = f"`{slug}`{also}"
    assert lines == expected


def test_every_command_is_documented() -> None:
    written = {words.split()[2] for words in first_column("Switching")}
    assert written == set(commands.commands)


def test_every_file_that_the_guide_links_is_there() -> None:
    headings = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    }
    links = set(re.findall(r"\]\(#([\w-]+)\)", GUIDE))
    assert links <= headings
    assert "docs/plugins/README.md" in (ROOT / "README.md").read_text("utf-8")


@pytest.fixture
def run(
    toys: None,
    app: Flask,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str, str], Flask]]:
    """Start an application with the plugin `name` of a package in tmp_path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    contexts = []

    def start(name: str, package: str) -> Flask:
        found = create_app(
            dataclasses.replace(settings), plugins=[EntryPoint(name, package, "portal.plugins")]
        )
        found.test_client_class = IsolatedClient
        contexts.append(found.app_context())
        contexts[-1].push()
        host: PluginHost = found.extensions["portal.plugins"]
        assert host.quarantined == {}
        assert list(host.loaded) == [name]
        return found

    yield start
    for context in contexts:
        engine = db.engine
        context.pop()
        engine.dispose()
    for module in [m for m in sys.modules if m.split(".")[0] in ("portal_hello", "library_sample")]:
        del sys.modules[module]


def test_the_smallest_plugin_runs(run: Callable[[str, str], Flask], tmp_path: Path) -> None:
    files = FILE.findall(section("The smallest plugin"))
    assert len(files) == 6
    for name, text in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    app = run("hello", "portal_hello")
    project = factories.make_project(slug="own", name="江湾")
    client = factories.sign_in(app.test_client(), factories.make_owner(project, name="林晓芸"))
    assert client.get("/p/own/hello/").status_code == 404
    switch_on("hello", project)
    page = client.get("/p/own/hello/")
    assert page.status_code == 200
    assert "<h1>Hello, 林晓芸</h1>" in page.text
    assert "at home in own" in page.text
    home = client.get("/p/own/").text
    assert "Hello from 江湾" in home
    assert 'href="/p/own/hello/"' in home


def test_the_samples_of_the_hooks_run(run: Callable[[str, str], Flask], tmp_path: Path) -> None:
    folder = tmp_path / "library_sample"
    (folder / "templates" / "library").mkdir(parents=True)
    (folder / "templates" / "library" / "loans.html").write_text("loans of {{ data.name }}")
    (folder / "__init__.py").write_text("")
    (folder / "plugin.toml").write_text(TOML, "utf-8")
    (folder / "hooks.py").write_text("\n".join(samples("Hooks")), "utf-8")
    app = run("library", "library_sample")
    hook = app.extensions["portal.plugins"].manager.hook
    assert all(getattr(hook, name).get_hookimpls() for name in hookspecs.RETURNS)
    project = factories.make_project(slug="own")
    switch_on("library", project)
    owner = factories.make_owner(project, name="林晓芸")
    home = factories.sign_in(app.test_client(), owner).get("/p/own/").text
    assert "Return a book" in home
    assert "For 林晓芸" in home
    staff = factories.sign_in(app.test_client(), factories.make_staff("staff", project))
    desk = staff.get("/p/own/staff/").text
    assert "Overdue books" in desk
    assert 'href="/p/own/staff/library/"' in desk
    assert "loans of 林晓芸" in staff.get(f"/p/own/staff/members/{owner.public_id}").text
    assert "library.manage" in PERMISSIONS


def test_the_sample_of_settings_runs(run: Callable[[str, str], Flask], tmp_path: Path) -> None:
    folder = tmp_path / "library_sample"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (table,) = [text for kind, text in FENCE.findall(section("Settings")) if kind == "toml"]
    (folder / "plugin.toml").write_text(TOML + table, "utf-8")
    (registered,) = [text for text in samples("Hooks") if "register_settings" in text]
    blueprints = "@hookimpl\ndef register_blueprints(): return [blueprint]"
    hooks = "\n".join([registered, *samples("Settings"), blueprints])
    (folder / "hooks.py").write_text(hooks, "utf-8")
    app = run("library", "library_sample")
    project = factories.make_project(slug="own")
    switch_on("library", project)
    owner = factories.sign_in(app.test_client(), factories.make_owner(project))
    assert owner.get("/p/own/library/").text == "21 days, fetch at 会所一层前台"


def test_every_kind_of_setting_is_documented() -> None:
    assert first_column("Settings")[1:] == list(sdk.SettingKind.__members__)


def test_the_sample_of_a_post_can_be_imported() -> None:
    (text,) = samples("Who may enter")
    assert callable(run_sample(text)["close"])


def test_the_sample_of_pictures_can_be_imported() -> None:
    (text,) = samples("Pictures")
    assert callable(run_sample(text)["fault"])


def test_the_sample_of_links_keeps_to_the_forms() -> None:
    (text,) = samples("Links with a token")
    names = run_sample(text)
    library = manifest.Manifest(
        name="library", package="", folder=Path(), title={}, summary={}, version="1",
        requires=frozenset(), hooks="hooks", models=None, migrations=None, icon="puzzle",
        addresses=manifest.DEFAULT_FORMS | {"token"},
    )  # fmt: skip
    check_routes(library, [names["blueprint"]])


def run_sample(text: str) -> dict[str, Any]:
    """Run a sample of the guide; return its names."""
    names: dict[str, Any] = {"__name__": "sample"}
    exec(compile(text, "guide", "exec"), names)  # noqa: S102 - our own guide
    return names


def _plain(annotation: str) -> str:
    """Return an annotation without the modules of its names."""
    return re.sub(r"[\w.]+\.(\w+)", r"\1", annotation)
