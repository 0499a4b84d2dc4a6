"""What an owner does on the pages, by program: joining, household, homes, claims, invitations."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.accounts.models import Account
from portal.claims.models import UnitClaim
from portal.extensions import db
from portal.messages.models import Channel
from portal.projects.models import ProjectInterest
from tests import factories
from tests.carried import Carried


@pytest.fixture
def sms(app: Flask) -> Any:
    """The text messages that were sent."""
    carried = Carried(app, Channel.SMS)
    yield carried
    carried.stop()


def test_a_stranger_joins_and_claims_a_home(call: Any, sms: Carried) -> None:
    project, phone = factories.make_project(), factories.make_phone()
    factories.make_unit(project, building="2", number="1502")
    nobody = call()
    request = nobody("POST", "/sign-in/code", {"phone": phone}).json["request"]
    wish = {"phone": phone, "request": request, "code": re.search(r"\d{6}", sms.sent[-1][1])[0]}
    told = nobody("POST", "/sign-in", wish)
    assert (told.status_code, told.json["type"]) == (409, "urn:portal:problem:not_joined")
    assert told.json["title"] == "Not a member yet"
    joining = {
        "ticket": told.json["ticket"],
        "name": "  林晓芸 ",
        "adult": True,
        "consents": {
            text["kind"]: text["version"] for text in nobody("GET", "/legal").json["items"]
        },
        "follow": project.slug,
    }
    minor = nobody("POST", "/join", {**joining, "adult": False})
    assert (minor.status_code, list(minor.json["errors"])) == (422, ["adult"])
    joined = nobody("POST", "/join", joining)
    assert joined.status_code == 201, joined.json
    assert nobody("POST", "/join", joining).status_code == 409
    me = call(token=joined.json["token"])
    assert me("GET", "/me").json["name"] == "林晓芸"
    assert me("GET", "/projects").json["items"][0]["follows"] is True
    assert me("GET", f"/p/{project.slug}/home").json["homes"] == []
    claim = {"project": project.slug, "building": "2", "number": "1502", "role": "owner"}
    bare = me("POST", "/me/claims", data=claim, content_type="multipart/form-data")
    assert (bare.status_code, list(bare.json["errors"])) == (422, ["photos"])
    made = me(
        "POST",
        "/me/claims",
        data={**claim, "photos": factories.photo()},
        content_type="multipart/form-data",
    )
    assert made.status_code == 201, made.json
    assert (made.json["state"], len(made.json["photos"])) == ("pending", 1)
    photo = me("GET", f"/files/{made.json['photos'][0]}")
    assert (photo.status_code, photo.mimetype) == (200, "image/jpeg")
    assert nobody("GET", f"/files/{made.json['photos'][0]}").status_code == 404
    assert me("GET", "/me/claims").json["items"][0]["id"] == made.json["id"]
    gone = me("POST", f"/me/claims/{made.json['id']}/withdraw")
    assert gone.json["state"] == "withdrawn"
    again = me("POST", f"/me/claims/{made.json['id']}/withdraw")
    assert (again.status_code, again.json["state"]) == (409, "withdrawn")


def test_a_ticket_is_for_joining_only(call: Any) -> None:
    joining = {"ticket": "forged", "name": "林", "adult": True, "consents": {}}
    answer = call()("POST", "/join", joining)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["ticket"])


def test_profile_household_and_follow(call: Any) -> None:
    project = factories.make_project()
    member = factories.make_member(name="林晓芸")
    me = call(member)
    changed = me("PATCH", "/me/profile", {"birth_month": 6})
    assert (changed.status_code, changed.json["birth_month"]) == (200, 6)
    assert me("PATCH", "/me/profile", {"name": " "}).status_code == 422
    assert me("PATCH", "/me/profile", {"salutation": "ms"}).json["name"] == "林晓芸"
    child = {"name": "小林", "relation": "child", "birth_month": "2021-04"}
    refused = me("POST", "/me/household/persons", child)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["guardian_consents"])
    person = me("POST", "/me/household/persons", {**child, "guardian_consents": True})
    assert person.status_code == 201
    path = f"/me/household/persons/{person.json['id']}"
    renamed = me("PUT", path, {**child, "name": "林小", "guardian_consents": True})
    assert renamed.json["name"] == "林小"
    assert [each["name"] for each in me("GET", "/me/household").json["persons"]] == ["林小"]
    assert me("DELETE", path).status_code == 204
    assert me("DELETE", path).status_code == 404
    assert me("PUT", f"/projects/{project.slug}/follow").status_code == 204
    assert me("PUT", f"/projects/{project.slug}/follow").status_code == 204
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ProjectInterest)) == 1
    assert me("DELETE", f"/projects/{project.slug}/follow").status_code == 204
    assert me("PUT", "/projects/nowhere/follow").status_code == 404


def test_an_owner_invites_a_spouse_who_accepts(call: Any) -> None:
    project = factories.make_project()
    owner = factories.make_owner(project, name="林晓芸")
    spouse = factories.make_member(name="陈立")
    phone = db.session.get_one(Account, spouse.account_id).phone
    me, other = call(owner), call(spouse)
    home = me("GET", "/me/homes").json["items"][0]["id"]
    wish = {"name": "陈立", "phone": phone, "role": "spouse"}
    key = {"Idempotency-Key": "an-invitation-sent-once"}
    made = me("POST", f"/me/homes/{home}/invitations", wish, headers=key)
    assert made.status_code == 201, made.json
    once = me("POST", f"/me/homes/{home}/invitations", wish, headers=key)
    assert (once.status_code, once.json["type"]) == (409, "urn:portal:problem:shown_once")
    token = made.json["token"]
    assert call()("GET", f"/invitations/{token}").json["role"] == "spouse"
    stranger = call(factories.make_member())
    assert stranger("POST", f"/invitations/{token}/accept", {}).status_code == 403
    accepted = other("POST", f"/invitations/{token}/accept", {})
    assert (accepted.status_code, accepted.json["role"]) == (200, "spouse")
    assert other("POST", f"/invitations/{token}/accept", {}).status_code == 410
    assert call()("GET", "/invitations/nothing").status_code == 404
    people = me("GET", f"/me/homes/{home}").json["people"]
    assert [person["name"] for person in people] == ["林晓芸", "陈立"]


def test_a_tenant_is_moved_out_by_the_owner(call: Any) -> None:
    project = factories.make_project()
    owner, tenant = factories.make_member(), factories.make_member()
    unit = factories.make_unit(project)
    factories.make_ownership(owner, unit)
    place = factories.make_ownership(tenant, unit, role="tenant")
    path = f"/me/homes/{unit.public_id}/people/{place.public_id}/end"
    late = call(owner)("POST", path, {"on": "2999-01-01"})
    assert (late.status_code, list(late.json["errors"])) == (422, ["on"])
    assert call(owner)("POST", path, {"on": "2024-01-01"}).status_code == 204
    assert call(tenant)("GET", "/me/homes").json["items"] == []


def test_a_roster_verifies_a_claim_at_once(call: Any) -> None:
    project = factories.make_project()
    member = factories.make_member(name="林晓芸")
    account = db.session.get_one(Account, member.account_id)
    unit = factories.make_unit(project, building="2", number="1502")
    factories.make_roster_entry(unit, account, name="林晓芸")
    claim = {"project": project.slug, "building": "2", "number": "1502", "role": "owner"}
    made = call(member)("POST", "/me/claims", data=claim, content_type="multipart/form-data")
    assert (made.status_code, made.json["state"]) == (201, "approved")
    assert db.session.scalars(sa.select(UnitClaim.state)).one() == "approved"
