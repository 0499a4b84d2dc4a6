"""A plugin's JSON routes for staff: pages, scopes, keys, and errors in one form."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import db
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugin_host.test_purge import keeper, unmigrated

__all__ = ["keeper", "unmigrated"]
PATH = "/api/v1/p/own/keeper/notes"


@pytest.fixture
def own(keeper: Flask) -> Project:
    assert keeper.extensions["portal.plugins"].quarantined == {}
    found = db.session.scalars(sa.select(Project).where(Project.slug == "own")).one()
    switch_on("keeper", found)
    return found


@pytest.fixture
def client(keeper: Flask) -> FlaskClient:
    return keeper.test_client()


def service(project: Project | None, *scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {factories.make_service_token(*scopes, project=project)}"}


def test_a_list_comes_in_pages_to_whom_it_may(
    keeper: Flask, own: Project, client: FlaskClient
) -> None:
    other = db.session.scalars(sa.select(Project).where(Project.slug == "other")).one()
    staff = {"Authorization": f"Bearer {factories.make_token(factories.make_staff('staff', own))}"}
    for headers in (service(own, "keeper.manage"), service(None, "keeper.manage"), staff):
        first = client.get(f"{PATH}?limit=1", headers=headers)
        assert first.status_code == 200, first.text
        assert [item["text"] for item in first.json["items"]] == ["one"]
        assert 'rel="next"' in first.headers["Link"]
        second = client.get(f"{PATH}?limit=1&after={first.json['next']}", headers=headers)
        assert [item["text"] for item in second.json["items"]] == ["two"]
        assert second.json["next"] is None
    owner = {"Authorization": f"Bearer {factories.make_token(factories.make_owner(own))}"}
    for headers, status in (
        ({}, 401),
        (owner, 403),
        (service(own, "audit.view"), 403),
        (service(other, "keeper.manage"), 401),
    ):
        answer = client.get(PATH, headers=headers)
        assert answer.status_code == status
        assert answer.mimetype == "application/problem+json"
    assert client.get(f"{PATH}?limit=1000", headers=staff).status_code == 422


def test_a_key_acts_once_and_errors_have_one_form(
    keeper: Flask, own: Project, client: FlaskClient
) -> None:
    headers = service(own, "keeper.manage")
    keyed = {**headers, "Idempotency-Key": "a" * 22}
    first = client.post(PATH, json={"text": "three"}, headers=keyed)
    again = client.post(PATH, json={"text": "three"}, headers=keyed)
    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    other = client.post(PATH, json={"text": "four"}, headers=keyed)
    assert (other.status_code, other.json["type"]) == (422, "urn:portal:problem:key_reused")
    there = client.post(PATH, json={"text": "three"}, headers=headers)
    assert (there.status_code, there.json["type"]) == (409, "urn:portal:problem:there")
    for body, field in (
        ({"text": "why?"}, "text"),
        ({"text": "x" * 21}, "text"),
        ({"text": "x" * 41}, "text"),
        ({}, "text"),
        ({"text": "five", "colour": "red"}, "colour"),
        ({"text": 5}, "text"),
    ):
        answer = client.post(PATH, json=body, headers=headers)
        assert answer.status_code == 422, answer.text
        assert list(answer.json["errors"]) == [field]
    assert client.post(PATH, data="{", headers=headers).status_code in (400, 415)
    document = client.get("/api/v1/openapi.json").json
    assert {"get", "post"} <= document["paths"]["/api/v1/p/{project}/keeper/notes"].keys()
