"""Programs that mean no good: no right too many, no 500, every refusal a problem."""

import json
from typing import Any

import pytest
from flask import Flask

from portal.projects.models import Project
from tests import factories

PATH = "/me/household/persons"
PERSON = {"name": "小林", "relation": "other"}


@pytest.fixture
def me(call: Any) -> Any:
    """A member's program."""
    return call(factories.make_owner(factories.make_project(slug="own")))


def is_problem(answer: Any, status: int) -> bool:
    keys = {"type", "title", "status", "detail", "instance", "reference"}
    return (
        answer.status_code == status
        and answer.mimetype == "application/problem+json"
        and keys <= answer.json.keys()
        and answer.json["status"] == status
    )


def test_a_services_token_works_in_its_project_alone(call: Any) -> None:
    own, other = factories.make_project(slug="own"), factories.make_project(slug="other")
    kiosk = call(token=factories.make_service_token("members.view", project=own))
    assert kiosk("GET", "/p/own/staff/members").status_code == 200
    assert is_problem(kiosk("GET", f"/p/{other.slug}/staff/members"), 401)
    assert is_problem(kiosk("GET", "/p/own/staff/claims"), 403)
    assert is_problem(kiosk("GET", "/me/homes"), 403)
    assert is_problem(kiosk("GET", "/centre/roles"), 403)


def test_a_members_token_opens_no_staff_route(me: Any) -> None:
    assert is_problem(me("GET", "/p/own/staff/members"), 403)
    assert is_problem(me("GET", "/centre/tokens"), 403)
    factories.make_project(slug="other")
    assert is_problem(me("GET", "/p/other/home"), 404)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000 + b"]" * 500_000,
        b'{"name": ' * 100_000,
        b'{"name": NaN, "relation": "other"}',
        b'{"name": "a\\u0000b", "relation": "other"}',
        b'{"name": "\\ud800", "relation": "other"}',
        b'{"name": "\xff\xfe", "relation": "other"}',
        b'{"name": "x", "relation": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf{}",
        b"{",
        b"",
    ],
)
def test_json_that_cannot_be_read_is_a_400(me: Any, body: bytes) -> None:
    answer = me("POST", PATH, data=body, content_type="application/json")
    assert is_problem(answer, 400), (answer.status_code, answer.text)


@pytest.mark.parametrize("body", [[], "text", 1, None, True, {"name": 1}, {"name": ["x"]}])
def test_json_of_another_shape_is_a_422(me: Any, body: Any) -> None:
    answer = me("POST", PATH, data=json.dumps(body), content_type="application/json")
    assert is_problem(answer, 422)
    assert answer.json["errors"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "text/json", "", "application/xml"]
)
def test_another_media_type_is_a_415(me: Any, kind: str) -> None:
    assert is_problem(me("POST", PATH, data=b'{"name": "x"}', content_type=kind), 415)


def test_a_body_too_large_is_a_413(me: Any) -> None:
    body = b'{"name": "' + b"x" * 2_000_000 + b'"}'
    assert is_problem(me("POST", PATH, data=body, content_type="application/json"), 413)


def test_unknown_fields_addresses_and_methods(me: Any) -> None:
    extra = me("POST", PATH, {**PERSON, "household_id": 1})
    assert is_problem(extra, 422)
    assert extra.json["errors"].keys() == {"household_id"}
    assert is_problem(me("GET", "/nowhere"), 404)
    wrong = me("DELETE", "/me/profile")
    assert is_problem(wrong, 405)
    assert "PATCH" in wrong.headers["Allow"]


@pytest.mark.parametrize("word", ["%", "_", "\\", "😀", "'; DROP TABLE member; --", "漏" * 60])
def test_searches_take_any_text(call: Any, word: str) -> None:
    project: Project = factories.make_project(slug="own")
    factories.make_owner(project, name="王一")
    staff = call(factories.make_staff("manager", project))
    for path in ("/projects", "/p/own/staff/members", "/p/own/staff/claims", "/p/own/staff/homes"):
        answer = staff("GET", path, query_string={"q": word})
        assert (answer.status_code, answer.json["items"]) == (200, [])


@pytest.mark.parametrize(
    "query", ["after=forged", "after=" + "x" * 700, "limit=0", "limit=101", "limit=x", "q=%00"]
)
def test_a_page_that_cannot_be_is_refused(call: Any, query: str) -> None:
    answer = call()("GET", f"/projects?{query}")
    assert answer.status_code in (400, 422)
    assert is_problem(answer, answer.status_code)


def test_a_limit_says_from_where_to_where(call: Any) -> None:
    answer = call()("GET", "/projects?limit=101")
    assert answer.json["errors"] == {"limit": ["From 1 to 100."]}


def test_headers_cannot_be_injected(app: Flask, me: Any) -> None:
    for header in ("Idempotency-Key", "X-Request-ID", "Accept-Language"):
        answer = me("GET", "/me", headers={header: "x" * 3000})
        assert answer.status_code == 200
    answer = me("GET", "/projects?q=%0d%0aSet-Cookie:%20a=b&limit=1")
    assert "Set-Cookie" not in answer.headers


def test_pages_follow_one_another(call: Any) -> None:
    for number in range(5):
        factories.make_project(slug=f"p{number}")
    first = call()("GET", "/projects?limit=2")
    assert [each["slug"] for each in first.json["items"]] == ["p0", "p1"]
    assert first.json["next"] in first.headers["Link"]
    address = first.headers["Link"].partition(">")[0].lstrip("<").removeprefix("/api/v1")
    second = call()("GET", address)
    assert [each["slug"] for each in second.json["items"]] == ["p2", "p3"]
    last = call()("GET", f"/projects?limit=2&after={second.json['next']}")
    assert ([each["slug"] for each in last.json["items"]], last.json["next"]) == (["p4"], None)
    assert "Link" not in last.headers


def test_sentences_are_in_the_readers_language(call: Any) -> None:
    caller = call(factories.make_member())
    english = caller("POST", PATH, {}).json
    caller.language = "zh-CN"
    chinese = caller("POST", PATH, {}).json
    assert english["title"] != chinese["title"]
    assert english["errors"]["name"] != chinese["errors"]["name"]
