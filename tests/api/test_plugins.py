"""JSON routes of plugins: in the document when loaded, closed where the plugin is off."""

import dataclasses
import re
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from portal import create_app
from portal.api.document import document_of
from portal.config import Settings
from portal.extensions import db
from tests import factories
from tests.api.conftest import Caller
from tests.conftest import IsolatedClient
from tests.plugin_host.conftest import switch_on

GUIDE = (Path(__file__).parents[2] / "docs" / "plugins" / "README.md").read_text("utf-8")
SAMPLE = re.search(r"## JSON routes\n.*?```python\n(.*?)```", GUIDE, re.DOTALL)[1]
HOOKS = """
from portal.sdk import hookimpl

@hookimpl
def register_blueprints():
    return [api]
"""
TOML = """
name = "library"
title = { zh_Hans_CN = "图书馆" }
summary = { zh_Hans_CN = "借书" }
version = "1"
api = 1
addresses = ["project", "staff", "api"]
"""


@pytest.fixture
def load(
    app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Make an application with a plugin of these hooks."""
    monkeypatch.syspath_prepend(str(tmp_path))
    contexts = []

    def make(hooks: str) -> Flask:
        folder = tmp_path / "library_json"
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "plugin.toml").write_text(TOML, "utf-8")
        (folder / "hooks.py").write_text(hooks, "utf-8")
        point = EntryPoint("library", "library_json", "portal.plugins")
        made = create_app(dataclasses.replace(settings), plugins=[point])
        made.config["WTF_CSRF_ENABLED"] = False
        made.test_client_class = IsolatedClient
        contexts.append(made.app_context())
        contexts[-1].push()
        return made

    yield make
    engine = db.engine
    for context in contexts:
        context.pop()
    engine.dispose()
    for name in [name for name in sys.modules if name.startswith("library_json")]:
        del sys.modules[name]


def test_the_guides_sample_answers_where_it_is_on(load: Any) -> None:
    app = load(SAMPLE + HOOKS)
    assert app.extensions["portal.plugins"].quarantined == {}
    own, other = factories.make_project(slug="own"), factories.make_project(slug="other")
    switch_on("library", own)
    member = factories.make_owner(own)
    factories.make_ownership(member, factories.make_unit(other))
    me = Caller(app.test_client(), factories.make_token(member))
    assert me("GET", "/p/own/library/loans").json == {"items": []}
    lent = me("POST", "/p/own/library/loans", {"shelf_mark": "A 1"})
    assert (lent.status_code, lent.json["type"]) == (409, "urn:portal:problem:lent")
    assert me("POST", "/p/own/library/loans", {}).json["errors"].keys() == {"shelf_mark"}
    closed = me("GET", "/p/other/library/loans")
    assert (closed.status_code, closed.mimetype) == (404, "application/problem+json")
    assert Caller(app.test_client())("GET", "/p/own/library/loans").status_code == 401


def test_its_routes_and_schemas_are_in_the_document(load: Any, migrated_app: Flask) -> None:
    path = "/api/v1/p/{project}/library/loans"
    document = document_of(load(SAMPLE + HOOKS))
    OpenAPIV31SpecValidator(document).validate()
    assert document["paths"][path].keys() >= {"get", "post"}
    assert "LibraryJsonLoan" in document["components"]["schemas"]
    assert path not in document_of(migrated_app)["paths"]


@pytest.mark.parametrize(
    "hooks",
    [
        SAMPLE.replace("/api/v1/p/<project>/library", "/p/<project>/library") + HOOKS,
        """
from flask import Blueprint
from portal.sdk import hookimpl, public

api = Blueprint("library", __name__)

@api.get("/api/v1/p/<project>/library/loans")
@public
def loans():
    return "{}"
"""
        + HOOKS,
    ],
)
def test_pages_and_json_are_kept_apart(load: Any, hooks: str) -> None:
    app = load(hooks)
    assert "ApiBlueprint" in app.extensions["portal.plugins"].quarantined["library"].reason
