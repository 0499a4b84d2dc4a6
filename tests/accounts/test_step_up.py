"""Before money, points, rights and masked numbers: is it still the same person who sits there?"""

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.access import access_of
from portal.accounts.confirmation import CONFIRMED_FOR
from portal.accounts.models import Account, SignIn
from portal.accounts.passwords import hash_password
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import Member
from portal.permissions.roles import PERMISSIONS, asks_proof
from portal.projects.models import Project
from tests import factories
from tests.api.conftest import call

__all__ = ["call"]
PASSWORD = "kettle-Moon-42-lamp"
ASKING = {
    "members.unmask", "points.adjust", "points.approve", "points.close", "points.rules",
    "roles.edit", "tokens.manage", "referrals.pay", "rewards.settle",
}  # fmt: skip


@pytest.fixture
def clerk(app: Flask) -> Account:
    clerk = factories.make_staff("staff", factories.make_project())
    clerk.password_hash = hash_password(PASSWORD)
    db.session.commit()
    return clerk


@pytest.fixture
def member(clerk: Account) -> Member:

    return factories.make_owner(db.session.scalars(sa.select(Project)).one())


@pytest.fixture
def desk(client: FlaskClient, clerk: Account) -> FlaskClient:
    signed = factories.sign_in(client, clerk)
    grow_stale()
    return signed


def grow_stale() -> None:
    db.session.execute(sa.update(SignIn).values(confirmed_at=clock.now() - 2 * CONFIRMED_FOR))
    db.session.commit()


def shown() -> list[str]:
    mine = sa.select(AuditEntry.reason).where(AuditEntry.action == "member.phone_shown")
    return [str(each) for each in db.session.scalars(mine)]


def carried(page: str) -> str:
    found = re.search(r'name="carried"[^>]* value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_what_asks_is_known_by_name(app: Flask) -> None:
    assert {key for key in PERMISSIONS if asks_proof(key)} == ASKING


def test_every_write_that_it_allows_goes_through_the_gate(app: Flask) -> None:
    """The gate asks by permission: here is what it stands before, so that none is forgotten."""
    writes = {
        permission
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        and (access := access_of(app.view_functions[rule.endpoint]))
        and (permission := access.permission) in ASKING
    }
    assert writes == ASKING


def test_a_stale_write_waits_for_the_password_and_loses_nothing(
    desk: FlaskClient, member: Member
) -> None:
    path = f"/p/binjiang/staff/members/{member.public_id}/phone"
    asked = desk.post(path, data={"reason": "业主来电核对 <b>"})
    assert (asked.status_code, shown()) == (403, [])
    waiting = carried(asked.text)
    wrong = desk.post("/me/confirm", data={"carried": waiting, "password": "wrong"})
    assert (wrong.status_code, carried(wrong.text)) == (422, waiting)
    done = desk.post("/me/confirm", data={"carried": waiting, "password": PASSWORD})
    assert f'action="{path}"' in done.text
    assert 'name="reason" value="业主来电核对 &lt;b&gt;"' in done.text
    assert desk.post(path, data={"reason": "业主来电核对 <b>"}).status_code == 303
    assert len(shown()) == 1


def test_what_is_carried_is_this_sessions_and_as_it_was_typed(
    app: Flask, desk: FlaskClient, clerk: Account, member: Member
) -> None:
    path = f"/p/binjiang/staff/members/{member.public_id}/phone"
    waiting = carried(desk.post(path, data={"reason": "核对"}).text)
    other = factories.sign_in(app.test_client(), clerk)
    for client, value in ((other, waiting), (desk, waiting[:-2] + "xx"), (desk, "x")):
        answer = client.post("/me/confirm", data={"carried": value, "password": PASSWORD})
        assert (answer.status_code, answer.location) == (303, "/me/security")


def test_a_program_of_a_person_is_told_and_a_fresh_one_goes_on(
    call, clerk: Account, member: Member
) -> None:
    mine, path = call(clerk), f"/p/binjiang/staff/members/{member.public_id}/phone"
    grow_stale()
    late = mine("POST", path, {"reason": "核对"})
    assert (late.status_code, late.json["type"].rpartition(":")[2], shown()) == (
        403,
        "confirmation_needed",
        [],
    )
    assert mine("POST", "/me/confirm", {"password": PASSWORD}).status_code == 200
    assert mine("POST", path, {"reason": "核对"}).status_code == 200
    assert len(shown()) == 1


def test_reading_asks_nobody_again(desk: FlaskClient, member: Member) -> None:
    assert desk.get(f"/p/binjiang/staff/members/{member.public_id}").status_code == 200
