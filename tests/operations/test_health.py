"""What load balancers ask."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from portal.database import revisions
from portal.extensions import db
from tests import factories as make


def test_alive_without_a_statement(client: FlaskClient, query_count: Any) -> None:
    make.sign_in(client, make.make_account())
    with query_count() as sent:
        response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})
    assert len(sent) == 0


def test_ready_with_a_database_that_is_up_to_date(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_not_ready_when_the_database_is_away(client: FlaskClient, monkeypatch: Any) -> None:
    def fail(*_: object) -> bool:
        raise OperationalError("SELECT", {}, Exception("password of hunter22 refused"))

    monkeypatch.setattr(revisions, "is_current", fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json == {"status": "unavailable", "reason": "database"}


@pytest.mark.parametrize("revision", ["core_0001", "newer_0009"])
def test_not_ready_at_another_programs_revision(client: FlaskClient, revision: str) -> None:
    kept = db.session.scalars(sa.text("SELECT version_num FROM alembic_version")).all()
    _write([revision])
    try:
        response = client.get("/readyz")
    finally:
        _write(list(kept))
    assert response.status_code == 503
    assert response.json == {"status": "unavailable", "reason": "migrations"}


def test_ready_when_a_newer_program_has_migrated(client: FlaskClient) -> None:
    kept = db.session.scalars(sa.text("SELECT version_num FROM alembic_version")).all()
    _write([*(row for row in kept if not row.startswith("core_")), "core_9999"])
    try:
        response = client.get("/readyz")
        pending = revisions.pending()
    finally:
        _write(list(kept))
    assert response.status_code == 200
    assert response.json
    assert "ahead of this program" in response.json["notice"]
    assert pending == []


def test_ready_with_the_tables_of_a_plugin_that_is_not_installed(client: FlaskClient) -> None:
    kept = db.session.scalars(sa.text("SELECT version_num FROM alembic_version")).all()
    _write([*kept, "departed_0002"])
    try:
        response = client.get("/readyz")
    finally:
        _write(list(kept))
    assert response.status_code == 200
    assert response.json
    assert "portal doctor" in response.json["notice"]
    assert "departed" not in response.text


def _write(versions: list[str]) -> None:
    db.session.execute(sa.text("DELETE FROM alembic_version"))
    for version in versions:
        db.session.execute(
            sa.text("INSERT INTO alembic_version (version_num) VALUES (:v)"), {"v": version}
        )
    db.session.commit()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_not_kept_by_proxies(client: FlaskClient, path: str) -> None:
    assert "no-store" in client.get(path).headers["Cache-Control"]
