"""Whatever fits the document, or nearly: no 500, and every answer as the document says."""

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.extensions import db
from portal.projects.models import Project
from tests import factories

EXAMPLES = 6
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def tokens(app: Flask) -> list[str | None]:
    """Tokens of nobody, an owner and an administrator who lives there too."""
    project: Project = factories.make_project(slug="0")
    owner = factories.make_owner(project, name="林晓芸")
    account = factories.make_staff("administrator")
    member = factories.make_member(account=account)
    factories.make_ownership(member, factories.make_unit(project))
    return [None, factories.make_token(owner), factories.make_token(account)]


def test_every_call_keeps_to_the_document(
    app: Flask, tokens: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "wsgi_app", _closing(app.wsgi_app))
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/sign-in") and operation.method == "delete":
            continue  # It would end the token that the others need.
        asked += _try(app, operation, tokens)
    assert asked > 3 * EXAMPLES * 50


def _closing(run: Any) -> Any:
    """Read and close each answer as a server does: files come as open ones."""

    def serve(environ: Any, start: Any) -> list[bytes]:
        answer = run(environ, start)
        try:
            return [b"".join(answer)]
        finally:
            answer.close()

    return serve


def _try(app: Flask, operation: Any, tokens: list[str | None]) -> int:
    calls = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        nonlocal calls
        for token in tokens:
            calls += 1
            db.session.commit()
            case.headers["Authorization"] = f"Bearer {token}" if token else ""
            with app.app_context():
                answer = case.call()
            case.validate_response(answer, checks=CHECKS)

    ask()
    return calls
