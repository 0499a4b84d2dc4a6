"""Plugins by program: their settings under the rules of the generated pages, and their block."""

from typing import Any

import pytest
from flask import Flask

from portal.permissions.roles import RoleName
from portal.projects.models import Project
from tests import factories
from tests.api.conftest import Caller
from tests.plugin_host.dials import SECRET, dial_app, value

__all__ = ["dial_app"]
CLUB = "/centre/plugins/dials/settings"
OWN = "/p/own/staff/plugins/dials/settings"


@pytest.fixture
def project(dial_app: Flask) -> Project:
    return factories.make_project(slug="own", name="江湾")


@pytest.fixture
def boss(dial_app: Flask, project: Project) -> Caller:
    token = factories.make_token(factories.make_staff(RoleName.ADMINISTRATOR))
    return Caller(dial_app.test_client(), token)


@pytest.fixture
def manager(dial_app: Flask, project: Project) -> Caller:
    token = factories.make_token(factories.make_staff(RoleName.MANAGER, project))
    return Caller(dial_app.test_client(), token)


def shown(caller: Caller, path: str) -> dict[str, Any]:
    answer = caller("GET", path)
    assert answer.status_code == 200, answer.text
    assert SECRET not in answer.text
    return {each["key"]: each for each in answer.json["items"]}


def change(caller: Caller, path: str, key: str, wanted: Any) -> Any:
    """Change one setting as somebody who has just read it."""
    version = shown(caller, path)[key]["version"]
    wish = {"changes": [{"key": key, "value": wanted, "version": version}]}
    return caller("PATCH", path, wish)


def test_a_value_is_set_in_a_project_and_taken_back(
    manager: Caller, boss: Caller, project: Project
) -> None:
    assert change(boss, CLUB, "limit", 7).status_code == 200
    assert change(manager, OWN, "limit", 9).status_code == 200
    found = shown(manager, OWN)["limit"]
    assert (found["value"], found["own"], found["layer"]) == (9, 9, "project")
    assert value("limit", project) == 9
    assert value("limit") == 7
    assert change(manager, OWN, "limit", None).status_code == 200
    found = shown(manager, OWN)["limit"]
    assert (found["value"], found["own"], found["layer"]) == (7, None, "club")


def test_who_has_not_seen_the_last_change_is_told(manager: Caller) -> None:
    wish = {"changes": [{"key": "limit", "value": 5, "version": ""}]}
    assert manager("PATCH", OWN, wish).status_code == 200
    late = manager("PATCH", OWN, wish)
    assert (late.status_code, late.json["keys"]) == (409, ["limit"])


@pytest.mark.parametrize("wanted", ["many", -(10**9), 1.5, True, ["1"], {"a": 1}])
def test_a_value_that_does_not_fit_is_refused(manager: Caller, wanted: Any) -> None:
    answer = change(manager, OWN, "limit", wanted)
    assert (answer.status_code, answer.json["errors"].keys()) == (422, {"limit"})


def test_secrets_and_the_unknown_are_refused(boss: Caller) -> None:
    secret = next(each for each in shown(boss, CLUB).values() if each["kind"] == "secret")
    assert (secret["value"], secret["changeable"]) == (None, False)
    answer = change(boss, CLUB, secret["key"], "x")
    assert (answer.status_code, answer.json["type"].rpartition(":")[2]) == (422, "secret")
    nothing = {"changes": [{"key": "nothing", "value": 1, "version": ""}]}
    assert boss("PATCH", CLUB, nothing).json["errors"].keys() == {"nothing"}


def test_rights_are_those_of_the_pages(boss: Caller, manager: Caller) -> None:
    assert manager("GET", CLUB).status_code == 403
    assert manager("GET", OWN.replace("dials", "nothing")).status_code == 404
    assert manager("PUT", "/centre/plugins/dials/block", {"reason": "x"}).status_code == 403


def test_a_plugin_is_blocked_with_a_reason_and_let_go(boss: Caller) -> None:
    path = "/centre/plugins/dials/block"
    assert boss("GET", path).json["blocked"] is False
    assert boss("PUT", path, {"reason": "  "}).status_code == 422
    blocked = boss("PUT", path, {"reason": "It loses words"}).json
    assert (blocked["blocked"], blocked["reason"]) == (True, "It loses words")
    assert boss("PUT", path, {"reason": "Another"}).json["reason"] == "It loses words"
    assert boss("DELETE", path).status_code == 204
    assert boss("GET", path).json["blocked"] is False
    assert boss("PUT", "/centre/plugins/nothing/block", {"reason": "x"}).status_code == 404
