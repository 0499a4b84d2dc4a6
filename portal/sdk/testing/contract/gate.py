"""Where the plugin is off, nothing of it is there; and one project's things are its own."""

from collections.abc import Iterator

import pytest
from flask import Response
from flask.testing import FlaskClient
from werkzeug.routing import BuildError, Rule

from portal.plugin_host import dispatch
from portal.plugin_host.refs import project_ref
from portal.plugin_host.state import host
from portal.projects.models import Project
from portal.sdk.testing import factories
from portal.sdk.testing.contract.world import World
from portal.web import errors

SHOWN = ("nav_items", "member_home", "member_tabs", "staff_widgets")


class Gate:
    """Pages and JSON routes, on and off."""

    def test_off_is_404_on_every_route(
        self, contract: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        contract.switch(own=False)
        assert wrong(contract, contract.own, monkeypatch) == []

    def test_on_elsewhere_is_404_on_every_route_of_a_project(
        self, contract: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert wrong(contract, contract.other, monkeypatch, everywhere=False) == []

    def test_another_project_shows_nothing_of_it(self, contract: World) -> None:
        with contract.app.test_request_context("/p/other/"):
            for hook in SHOWN:
                answers = dispatch.call(hook, project=project_ref(contract.other))
                assert contract.name not in [answer.plugin for answer in answers], hook

    def test_another_project_does_not_find_its_things(
        self, contract: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        contract.switch(other=True)
        _draw_no_errors(monkeypatch)
        client, headers = _caller(contract)
        found = []
        for rule in routes(contract):
            if "GET" not in (rule.methods or ()) or len(rule.arguments - {"project"}) != 1:
                continue
            for thing in contract.things.values() if "project" in rule.arguments else ():
                path = address(rule, contract.other, thing)
                if path and client.get(path, headers=headers).status_code == 200:
                    found.append(path)
        assert found == []

    def test_its_pages_open_where_it_is_on(self, contract: World) -> None:
        """Those that need no more than a project; one may say that there is nothing yet."""
        client, headers = _caller(contract)
        found = {}
        for rule in routes(contract):
            if "GET" in (rule.methods or ()) and rule.arguments <= {"project"}:
                path = address(rule, contract.own) or ""
                with client.get(path, headers=headers) as answer:
                    found[path] = answer.status_code
        assert {path: status for path, status in found.items() if status >= 500} == {}
        assert not found or 200 in found.values()


def routes(contract: World) -> Iterator[Rule]:
    """Yield the plugin's routes."""
    for rule in contract.app.url_map.iter_rules():
        if host().plugin_of(rule.endpoint.rpartition(".")[0]) == contract.name:
            yield rule


def wrong(
    contract: World, project: Project, monkeypatch: pytest.MonkeyPatch, *, everywhere: bool = True
) -> list[str]:
    """Return which routes do not answer 404 in `project` to somebody who may do everything."""
    _draw_no_errors(monkeypatch)
    client, headers = _caller(contract)
    found = []
    for rule in routes(contract):
        path = address(rule, project)
        if path is None or not (everywhere or "project" in rule.arguments):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = client.open(path, method=method, headers=headers)
            if answer.status_code != 404:
                found.append(f"{method} {path}: {answer.status_code}")
    return found


def address(rule: Rule, project: Project, thing: str = "1") -> str | None:
    """Return the address of a route in `project`; None for one that takes no such thing."""
    values = dict.fromkeys(rule.arguments, thing)
    for name, converter in rule._converters.items():
        if converter.__class__.__name__ == "AnyConverter":
            values[name] = next(iter(vars(converter)["items"]))
    if "project" in values:
        values["project"] = project.slug
    try:
        built = rule.build(values, append_unknown=False)
    except (BuildError, ValueError):
        return None
    return built[1] if built else None


def _caller(contract: World) -> tuple[FlaskClient, dict[str, str]]:
    """Return a browser of the person, and what a program of the person's sends."""
    token = factories.make_token(contract.person)
    return contract.client(contract.person), {"Authorization": f"Bearer {token}"}


def _draw_no_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer an error by its status alone: to draw its page takes longer than to judge it."""
    monkeypatch.setattr(errors, "_page", lambda code, words: Response(status=code))
