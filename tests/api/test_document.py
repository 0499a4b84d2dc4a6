"""The document is valid, and says of every JSON route what it takes and answers, errors too."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from portal.api.document import document_of


@pytest.fixture(scope="module")
def document(migrated_app: Flask) -> dict[str, Any]:
    """The document of the installation under test."""
    return document_of(migrated_app)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of every call."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield method.upper(), path, operation


def routes(app: Flask) -> set[tuple[str, str]]:
    """Return method and path of every JSON route."""
    return {
        (method, re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_it_has_every_route_and_no_other(migrated_app: Flask, document: dict[str, Any]) -> None:
    assert {(method, path) for method, path, _ in operations(document)} == routes(migrated_app)


def test_each_call_says_its_name_its_success_and_its_errors(document: dict[str, Any]) -> None:
    wrong = []
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for method, path, operation in operations(document):
        codes = {code for code in operation["responses"] if code != "default"}
        needed = {"400", "401", "503"}
        needed |= set() if {} in operation["security"] else {"403"}
        needed |= {"404"} if "{" in path else set()
        needed |= {"409", "413", "422"} if method != "GET" else set()
        needed |= {"415"} if "requestBody" in operation else set()
        if not (needed <= codes and any(code.startswith("2") for code in codes)):
            wrong.append((method, path, sorted(needed - codes)))
        if not operation.get("summary"):
            wrong.append((method, path, "no summary"))
    assert wrong == []


def test_each_error_is_a_problem(document: dict[str, Any]) -> None:
    wrong = [
        (method, path, code)
        for method, path, operation in operations(document)
        for code, response in operation["responses"].items()
        if not code.startswith("2")
        and response.get("content", {}).keys() != {"application/problem+json"}
    ]
    assert wrong == []


def test_answers_that_no_call_gives_are_left_out(document: dict[str, Any]) -> None:
    assert "responses" not in document["components"]
    told = document["components"]["schemas"]["Problem"]["properties"].keys()
    assert {"errors", "state", "ticket", "expires_in"} <= told


def test_every_body_says_what_it_holds(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    loose = [name for name, schema in schemas.items() if schema.get("type") != "object"]
    assert loose == []
