"""At boot: what keeps to the contract is loaded, what breaks it goes into quarantine."""

import dataclasses
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import create_app
from portal.config import Settings, SettingsError
from portal.extensions import db
from portal.plugin_host.host import PluginHost
from portal.plugin_host.loader import load_plugins

TOML = """
name = "{name}"
title = {{ zh_Hans_CN = "试", en = "Try" }}
summary = {{ zh_Hans_CN = "试", en = "Try" }}
version = "1"
api = {api}
{more}
"""
ROUTE = """
from flask import Blueprint
from portal.sdk import hookimpl, public, requires
blueprint = Blueprint("{blueprint}", __name__)

@blueprint.get("{path}")
{access}
def view(**_): return ""

@hookimpl
def register_blueprints(): return [blueprint]
"""

IMPL = "from portal.sdk import hookimpl\n"
Make = Callable[..., PluginHost]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toys: None, migrated_app: Flask) -> Make:
    """Write a plugin into a folder, load it beside core's tables, and return the host."""
    monkeypatch.syspath_prepend(str(tmp_path))
    numbers = iter(range(100))

    def make(
        hooks: str = "",
        *,
        name: str = "trial",
        api: str = "1",
        more: str = "",
        toml: str | None = None,
        models: str | None = None,
        entry: str | None = None,
        blocked: frozenset[str] = frozenset(),
    ) -> PluginHost:
        package = f"trial{next(numbers)}_{tmp_path.name.replace('-', '_')}_toy"
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "hooks.py").write_text(hooks)
        if models is not None:
            (folder / "models.py").write_text(models)
            more += '\nmodels = "models"'
        (folder / "plugin.toml").write_text(toml or TOML.format(name=name, api=api, more=more))
        return load_plugins([EntryPoint(entry or name, package, "portal.plugins")], blocked=blocked)

    return make


def reason(host: PluginHost, name: str = "trial") -> str:
    assert host.loaded == {}
    return host.quarantined[name].reason


def test_the_smallest_plugin_is_loaded(load: Make) -> None:
    host = load()
    assert list(host.loaded) == ["trial"]
    assert host.quarantined == {}


@pytest.mark.parametrize(
    ("hooks", "words"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("1/0", "ZeroDivisionError"),
        ("import sys; sys.exit(3)", "SystemExit"),
        (IMPL + "@hookimpl\ndef member_hom(project): pass", "member_hom"),
        (IMPL + "@hookimpl\ndef member_home(projekt): pass", "projekt"),
        ("def member_home(project): pass", "lacks @hookimpl"),
        (IMPL + "@hookimpl(wrapper=True)\ndef member_home(project): yield", "wrapper"),
        (IMPL + "@hookimpl\ndef register_blueprints(): return 'x'", "must return a list"),
        ("from portal.sdk import *\n@hookimpl\ndef register_permissions(): "
         "return [Permission('members.view', 'x', frozenset())]", "must begin trial."),
    ],
)  # fmt: skip
def test_broken_hooks_are_quarantined(load: Make, hooks: str, words: str) -> None:
    assert words in reason(load(hooks))


@pytest.mark.parametrize("name", ["staff", "points", "Trial", "t", "x" * 21, "tri-al", "1trial"])
def test_bad_names_are_quarantined(load: Make, name: str) -> None:
    assert "name" in reason(load(name=name), name)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("", "says None"),
        ("name = ", "cannot be read"),
        ('name = "trial"', "API None"),
        (TOML.format(name="trial", api=1, more="colour = 3"), "unknown keys: colour"),
        (TOML.format(name="trial", api=1, more='addresses = ["root"]'), "addresses"),
        (TOML.format(name="trial", api=1, more="requires = 3"), "requires"),
        ('name = "trial"\napi = 1\ntitle = "x"', "title"),
    ],
)
def test_bad_manifests_are_quarantined(load: Make, toml: str, words: str) -> None:
    assert words in reason(load(toml=toml or "version = '1'"))


def test_another_api_version_is_quarantined(load: Make) -> None:
    assert "API 2" in reason(load(api="2"))


def test_a_prefix_that_claims_a_table_of_cores_is_quarantined(load: Make) -> None:
    assert "claim_event" in reason(load(name="claim"), "claim")


def test_a_manifest_of_another_name_is_quarantined(load: Make) -> None:
    assert "entry point" in reason(load(entry="other"), "other")


@pytest.mark.parametrize(
    ("path", "access", "blueprint", "words"),
    [
        ("/", "@public", "trial", "outside"),
        ("/login", "@public", "trial", "outside"),
        ("/p/<project>/staff/members", "@public", "trial", "outside"),
        ("/p/<project>/trialx/", "@public", "trial", "outside"),
        ("/me/trial/", "@public", "trial", "outside"),
        ("/p/<project>/trial/", "", "trial", "declares no access"),
        ("/p/<project>/staff/trial/", "@requires('members.view')", "trial", "members.view"),
        ("/p/<project>/trial/", "@public", "members", "must be called"),
    ],
)
def test_routes_keep_to_the_forms(
    load: Make, path: str, access: str, blueprint: str, words: str
) -> None:
    assert words in reason(load(ROUTE.format(path=path, access=access, blueprint=blueprint)))


def test_a_declared_form_is_allowed(load: Make) -> None:
    hooks = ROUTE.format(path="/me/trial/", access="@public", blueprint="trial")
    assert list(load(hooks, more='addresses = ["me"]').loaded) == ["trial"]


@pytest.mark.parametrize(
    ("path", "more", "words"),
    [
        ("/t/trial/<token>", "", "outside"),
        ("/t/trial/<token>/<project>", 'addresses = ["token"]', "names a project"),
        ("/t/trial/<token>x", 'addresses = ["token"]', "outside"),
        ("/t/trial/x", 'addresses = ["token"]', "outside"),
        ("/t/other/<token>", 'addresses = ["token"]', "outside"),
    ],
)
def test_token_pages_keep_to_their_form(load: Make, path: str, more: str, words: str) -> None:
    hooks = ROUTE.format(path=path, blueprint="trial", access="@public")
    assert words in reason(load(hooks, more=more))


def test_a_route_past_its_blueprint_is_refused(load: Make) -> None:
    hooks = ROUTE.format(path="/p/<project>/trial/", blueprint="trial", access="@public")
    hooks += (
        "\n@blueprint.record\ndef past(state):\n"
        "    state.app.add_url_rule('/p/<project>/trial/past', 'past', view)\n"
    )
    assert "of no blueprint" in reason(load(hooks))


def test_a_blueprint_may_not_reach_around_other_requests(load: Make) -> None:
    hooks = ROUTE.format(path="/p/<project>/trial/", access="@public", blueprint="trial")
    hooks += "\n@blueprint.before_app_request\ndef spy(): pass\n"
    assert "must not hook into requests" in reason(load(hooks))


MODEL = """
import sqlalchemy as sa
from portal.sdk import db
table = sa.Table("{name}", db.metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("other", sa.ForeignKey("{target}.id", ondelete={ondelete})))
"""


@pytest.mark.parametrize(
    ("name", "target", "ondelete", "words"),
    [
        ("someones_thing", "project", '"RESTRICT"', "must begin trial_"),
        ("trial_thing", "account", '"RESTRICT"', "not its own"),
        ("trial_thing", "surveys_wave", '"RESTRICT"', "not its own"),
        ("trial_thing", "project", "None", "RESTRICT"),
    ],
)
def test_tables_keep_to_the_prefix_and_point_where_they_may(
    load: Make, name: str, target: str, ondelete: str, words: str
) -> None:
    host = load(models=MODEL.format(name=name, target=target, ondelete=ondelete))
    assert words in reason(host)
    assert name not in db.metadata.tables


def test_a_good_table_is_kept(load: Make) -> None:
    host = load(models=MODEL.format(name="trial_thing", target="project", ondelete='"RESTRICT"'))
    try:
        assert list(host.loaded) == ["trial"]
        assert isinstance(db.metadata.tables["trial_thing"], sa.Table)
    finally:
        db.metadata.remove(db.metadata.tables["trial_thing"])


def test_two_of_one_name_are_both_quarantined() -> None:
    twice = [EntryPoint("twins", package, "portal.plugins") for package in ("one", "two")]
    host = load_plugins(twice)
    assert "two installed packages" in host.quarantined["twins"].reason


def test_a_package_that_is_not_there_is_quarantined() -> None:
    host = load_plugins([EntryPoint("gone", "gone_away", "portal.plugins")])
    assert "cannot be found" in host.quarantined["gone"].reason


def test_a_blocked_plugin_is_not_even_imported(load: Make) -> None:
    host = load("1/0", blocked=frozenset({"trial"}))
    assert reason(host) == "blocked by PORTAL_BLOCK_PLUGINS"


def test_what_requires_something_that_is_not_there_is_quarantined(load: Make) -> None:
    assert "requires others" in reason(load(more='requires = ["others"]'))


def test_one_broken_plugin_leaves_the_others(toys: None) -> None:
    broken = EntryPoint("broken", "gone_away", "portal.plugins")
    host = load_plugins([EntryPoint("notes", "notes_toy", "portal.plugins"), broken])
    assert list(host.loaded) == ["notes"]
    assert list(host.quarantined) == ["broken"]


def test_in_development_a_broken_plugin_stops_the_boot(settings: Settings) -> None:
    broken = [EntryPoint("gone", "gone_away", "portal.plugins")]
    development = dataclasses.replace(settings, development=True)
    with pytest.raises(SettingsError, match="The plugin gone cannot be loaded"):
        create_app(development, plugins=broken)
    blocked = dataclasses.replace(development, block_plugins=frozenset({"gone"}))
    assert create_app(blocked, plugins=broken).extensions["portal.plugins"].loaded == {}
    assert "gone" in create_app(settings, plugins=broken).extensions["portal.plugins"].quarantined


def test_an_unknown_icon_is_refused_with_the_nearest(load: Make) -> None:
    assert "no icon 'puzle': did you mean 'puzzle'?" in reason(load(more='icon = "puzle"'))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [("limit, after", "takes after, limit, which it is never given"), ("*, body", "takes body")],
)
def test_a_json_view_takes_what_it_is_given(load: Make, arguments: str, words: str) -> None:
    hooks = f"""
from portal.sdk import ApiBlueprint, hookimpl, member_only
api = ApiBlueprint("trial_api", __name__)
@api.call("GET", "/api/v1/p/<project>/trial/", media="text/plain", paged=True)
@member_only
def some({arguments}):
    return ""
"""
    assert words in reason(load(hooks))


def test_a_json_view_must_take_its_query(load: Make) -> None:
    hooks = """
from portal.sdk import ApiBlueprint, ApiInput, hookimpl, member_only
api = ApiBlueprint("trial_api", __name__)
class Asked(ApiInput): pass
@api.call("GET", "/api/v1/p/<project>/trial/", media="text/plain", query=Asked)
@member_only
def some():
    return ""
"""
    assert "some is given query: take it" in reason(load(hooks))
