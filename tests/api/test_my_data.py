"""A member's own data by program: a copy of it, and to be erased."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import SignIn
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import Project
from tests import factories
from tests.api.samples import run_jobs


@pytest.fixture
def project(app: Any) -> Project:
    """Where the member lives."""
    return factories.make_project(slug="own")


@pytest.fixture
def owner(project: Project) -> Member:
    """A member who asks about their data."""
    return factories.make_owner(project)


def too_old() -> None:
    """Let every proof be too old."""
    db.session.execute(sa.update(SignIn).values(confirmed_at=clock.now() - timedelta(minutes=16)))
    db.session.commit()


def test_a_copy_is_asked_for_made_and_fetched(app: Any, call: Any, owner: Member) -> None:
    me, other = call(owner), call(factories.make_member())
    assert me("GET", "/me/privacy").json["export"] is None
    asked = me("POST", "/me/privacy/exports")
    assert (asked.status_code, asked.json["state"]) == (202, "building")
    again = me("POST", "/me/privacy/exports")
    assert (again.status_code, again.json["type"].rpartition(":")[2]) == (409, "already_open")
    path = f"/me/privacy/exports/{asked.json['id']}/file"
    assert me("POST", path).status_code == 410
    run_jobs(app, "privacy.*")
    shown = me("GET", f"/me/privacy/requests/{asked.json['id']}").json
    assert (shown["state"], shown["kind"]) == ("ready", "export")
    file = me("POST", path)
    assert (file.status_code, file.mimetype) == (200, "application/zip")
    assert zipfile.ZipFile(io.BytesIO(file.data)).testzip() is None
    for method, address in (("POST", path), ("GET", f"/me/privacy/requests/{shown['id']}")):
        assert other(method, address).status_code == 404


def test_what_matters_needs_a_fresh_proof_and_a_whole_token(call: Any, owner: Member) -> None:
    me = call(owner)
    too_old()
    for path, body in (("exports", None), ("erasures", {"understood": True})):
        answer = me("POST", f"/me/privacy/{path}", body)
        assert answer.json["type"].endswith(":confirmation_needed"), answer.text
    kiosk = call(token=factories.make_service_token("privacy.manage"))
    assert kiosk("POST", "/me/privacy/exports").status_code == 403


def test_an_erasure_is_asked_for_and_withdrawn(call: Any, owner: Member) -> None:
    me = call(owner)
    told = me("GET", "/me/privacy").json
    assert told["erased"]
    assert told["waiting_days"] == 7
    assert me("POST", "/me/privacy/erasures", {"understood": False}).status_code == 422
    key = {"headers": {"Idempotency-Key": "erase-me-once-0001"}}
    asked = me("POST", "/me/privacy/erasures", {"understood": True}, **key)
    assert (asked.status_code, asked.json["state"]) == (202, "waiting")
    repeated = me("POST", "/me/privacy/erasures", {"understood": True}, **key)
    assert (repeated.status_code, repeated.json) == (202, asked.json)
    assert me("GET", "/me/privacy").json["erasure"]["id"] == asked.json["id"]
    path = f"/me/privacy/requests/{asked.json['id']}/cancel"
    assert call(factories.make_member())("POST", path).status_code == 404
    assert me("POST", path).json["state"] == "cancelled"
    moved = me("POST", path)
    assert (moved.status_code, moved.json["state"]) == (409, "cancelled")


def test_staff_ask_and_somebody_else_confirms(call: Any, project: Project, owner: Member) -> None:
    first, second = (call(factories.make_staff("administrator")) for _ in range(2))
    path = f"/p/own/staff/members/{owner.public_id}/erasure"
    wish = {"reason": "letter", "note": "Letter of 18 April, identity checked"}
    assert first("POST", path, {**wish, "note": ""}).status_code == 422
    begun = first("POST", path, wish)
    assert (begun.status_code, begun.json["state"]) == (202, "awaiting")
    one = f"/centre/privacy/{begun.json['id']}"
    assert first("POST", f"{one}/confirm").status_code == 422
    assert second("POST", f"{one}/confirm").json["state"] == "waiting"
    assert second("POST", f"{one}/confirm").status_code == 409
    listed = first("GET", "/centre/privacy?kind=erasure&state=open").json["items"]
    assert [each["id"] for each in listed] == [begun.json["id"]]
    assert first("GET", "/centre/privacy?kind=export").json["items"] == []
    stopped = first("POST", f"{one}/stop", {"reason": "changed_mind"})
    assert stopped.json["state"] == "cancelled"
    states = [each["state"] for each in first("GET", one).json["history"]]
    assert states == ["awaiting", "waiting", "cancelled"]
    assert call(owner)("GET", one).status_code == 403


def test_a_member_of_another_project_is_not_found(call: Any, owner: Member) -> None:
    factories.make_project(slug="other")
    boss = call(factories.make_staff("administrator"))
    path = f"/p/other/staff/members/{owner.public_id}/erasure"
    assert boss("POST", path, {"reason": "letter", "note": "A letter."}).status_code == 404


def test_terms_are_read_and_set(call: Any) -> None:
    boss = call(factories.make_staff("administrator"))
    now = boss("GET", "/centre/privacy/terms").json
    rule = next(each for each in now["rules"] if each["least_days"] > 0)
    path = "/centre/privacy/terms"
    less = {"waiting_days": 9, "days": {rule["key"]: rule["least_days"] - 1}}
    assert boss("PUT", path, less).status_code == 422
    assert boss("PUT", path, {"waiting_days": 9, "days": {"nothing": 9}}).status_code == 422
    days = rule["days"] + 1
    kept = boss("PUT", path, {"waiting_days": 9, "days": {rule["key"]: days}}).json
    assert kept["waiting_days"] == 9
    assert {each["key"]: each["days"] for each in kept["rules"]}[rule["key"]] == days
