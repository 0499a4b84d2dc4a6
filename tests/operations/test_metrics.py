"""What Prometheus reads, who may, and the log of slow statements."""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.web import statements
from tests.conftest import IsolatedClient

TOKEN = "a-token-that-only-prometheus-has-" + "x" * 8
DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana.json"


@pytest.fixture(scope="module")
def measured_app(migrated_app: Flask, settings: Settings) -> Iterator[Flask]:
    """Yield the application of an installation that is measured."""
    app = create_app(replace(settings, metrics_token=TOKEN))
    app.test_client_class = IsolatedClient
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def measured(app: Flask, measured_app: Flask) -> Iterator[FlaskClient]:
    with measured_app.app_context():
        yield measured_app.test_client()


def scrape(client: FlaskClient) -> dict[str, list[Any]]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return {
        family.name: list(family.samples) for family in text_string_to_metric_families(answer.text)
    }


def test_without_a_token_there_is_nothing(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 404
    for given in ("Bearer ", "Bearer None", "Bearer é"):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_who_has_another_token_sees_nothing(measured: FlaskClient) -> None:
    for given in ("", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN):
        answer = measured.get("/metrics", headers={"Authorization": given})
        assert answer.status_code == 404
        assert "portal_" not in answer.text


def test_requests_statements_and_jobs_are_told(measured: FlaskClient) -> None:
    assert measured.get("/login").status_code == 200
    assert measured.get("/nowhere").status_code == 404
    found = scrape(measured)
    counted = {
        (each.labels["endpoint"], each.labels["status"]): each.value
        for each in found["portal_request_seconds"]
        if each.name.endswith("_count")
    }
    assert counted["none", "4xx"] == 1
    login = next(endpoint for endpoint, status in counted if status == "2xx")
    sent = {each.labels["endpoint"]: each.value for each in found["portal_statements"]}
    assert sent[login] > 0
    states = {each.labels["state"]: each.value for each in found["portal_jobs"]}
    assert states.keys() == {"failed", "running", "waiting"}
    assert [each.value for each in found["portal_jobs_waited_seconds"]] == [0]
    assert "portal_hook_seconds" in found


def test_the_dashboard_asks_for_what_there_is(measured: FlaskClient) -> None:
    measured.get("/login")
    names = {each.name for samples in scrape(measured).values() for each in samples}
    # A histogram that nothing was put into yet has no samples.
    names |= {f"portal_hook_seconds_{part}" for part in ("bucket", "sum", "count")}
    text = DASHBOARD.read_text("utf-8")
    asked = {
        name
        for panel in json.loads(text)["panels"]
        for target in panel["targets"]
        for name in re.findall(r"portal_\w+", target["expr"])
    }
    assert asked
    assert asked <= names


def test_a_slow_statement_is_told_without_its_values(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    monkeypatch.setitem(
        app.extensions, "portal.settings", replace(app.extensions["portal.settings"], slow_ms=1)
    )
    monkeypatch.setattr(statements.time, "perf_counter", iter(range(100)).__next__)
    with caplog.at_level(logging.WARNING, "portal.slow"):
        db.session.execute(sa.text("SELECT :name"), {"name": "hunter22"})
    assert "slow statement, 1000 ms: SELECT" in caplog.text
    assert "hunter22" not in caplog.text


def test_zero_tells_of_none(app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: Any) -> None:
    monkeypatch.setitem(
        app.extensions, "portal.settings", replace(app.extensions["portal.settings"], slow_ms=0)
    )
    monkeypatch.setattr(statements.time, "perf_counter", iter(range(100)).__next__)
    with caplog.at_level(logging.WARNING, "portal.slow"):
        db.session.execute(sa.text("SELECT 1"))
    assert "slow" not in caplog.text
