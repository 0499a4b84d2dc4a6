"""What a token may do: never more than its maker or its member, and of that what it names."""

from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.accounts.models import Account
from portal.accounts.passwords import hash_password
from portal.extensions import db
from portal.permissions.models import RoleGrant
from portal.tokens.models import ApiToken
from portal.tokens.service import TokenError, issue_service_token, open_sign_in
from tests import factories

PASSWORD = "correct horse battery staple"


def narrow(account: Any, *scopes: str) -> str:
    """Return an account's token that holds these scopes alone."""
    _row, token = open_sign_in(
        account=db.session.get_one(Account, getattr(account, "account_id", account.id)),
        method="code",
        second_factor=True,
        name="tests",
        network="tests",
        scopes=scopes,
    )
    db.session.commit()
    return token


def made_by(maker: Account, *scopes: str, project: Any = None) -> str:
    """Return a service's token that `maker` has issued."""
    _row, token = issue_service_token(
        actor=maker, name="Kiosk", scopes=scopes, project_id=project.id if project else None
    )
    db.session.commit()
    return token


def end_roles(account: Account) -> None:
    db.session.execute(
        sa.update(RoleGrant)
        .where(RoleGrant.account_id == account.id)
        .values(revoked_at=clock.now(), revoked_by_id=account.id)
    )
    db.session.commit()


def test_a_service_does_what_its_maker_may_do_now(call: Any) -> None:
    project = factories.make_project(slug="own")
    maker = factories.make_staff("administrator")
    kiosk = call(token=made_by(maker, "members.view", project=project))
    assert kiosk("GET", "/p/own/staff/members").status_code == 200
    end_roles(maker)
    assert kiosk("GET", "/p/own/staff/members").status_code == 403
    assert kiosk("GET", "/me").json["projects"] == [{"project": "own", "permissions": []}]
    factories.add(RoleGrant(account_id=maker.id, role="concierge", project_id=project.id))
    assert kiosk("GET", "/p/own/staff/members").status_code == 200


def test_a_club_wide_service_keeps_the_projects_that_its_maker_keeps(call: Any) -> None:
    own = factories.make_project(slug="own")
    factories.make_project(slug="other")
    maker = factories.make_staff("administrator")
    kiosk = call(token=made_by(maker, "members.view"))
    assert kiosk("GET", "/p/other/staff/members").status_code == 200
    end_roles(maker)
    factories.add(RoleGrant(account_id=maker.id, role="manager", project_id=own.id))
    assert kiosk("GET", "/p/own/staff/members").status_code == 200
    assert kiosk("GET", "/p/other/staff/members").status_code == 403
    # Of what its maker may do, only what its scopes name.
    assert kiosk("GET", "/p/own/staff/claims").status_code == 403


def test_a_service_ends_with_its_makers_account(call: Any) -> None:
    maker = factories.make_staff("administrator")
    kiosk = call(token=made_by(maker, "tokens.manage"))
    operators = call(token=factories.make_service_token("tokens.manage"))
    assert kiosk("GET", "/centre/tokens").status_code == 200
    maker.state = "closed"
    db.session.commit()
    assert kiosk("GET", "/centre/tokens").status_code == 401
    assert operators("GET", "/centre/tokens").status_code == 200


READS = ("/me", "/me/profile", "/me/homes", "/me/household", "/me/sign-ins", "/me/claims")
PERSON = {"name": "小林", "relation": "other"}


def test_a_members_token_does_what_its_scopes_name(call: Any) -> None:
    member = factories.make_owner(factories.make_project(slug="own"))
    reader, writer = (call(token=narrow(member, scope)) for scope in ("me:read", "me:write"))
    staff = call(token=narrow(member, "members.view"))
    for path in (*READS, "/p/own/home"):
        assert reader("GET", path).status_code == 200, path
        for other in (writer, staff):
            refused = other("GET", path)
            assert refused.status_code == 403, path
            assert refused.json["type"].endswith(":scope_missing")
            assert refused.json["scope"] == "me:read"
    path = "/me/household/persons"
    assert reader("POST", path, PERSON).json["scope"] == "me:write"
    assert staff("POST", path, PERSON).status_code == 403
    assert writer("POST", path, PERSON).status_code == 201


def test_no_scope_reaches_ones_devices(call: Any) -> None:
    member = factories.make_member()
    both = call(token=narrow(member, "me:read", "me:write"))
    answer = both("POST", "/me/sign-ins/end-others")
    assert answer.status_code == 403
    assert answer.json["type"].endswith(":whole_token_needed")
    for scope in ("me:read", "members.view"):
        gone = call(token=narrow(member, scope))
        assert gone("DELETE", "/sign-in").status_code == 204


def test_the_list_tells_whose_maker_has_left(app: Flask) -> None:
    maker = factories.make_staff("administrator")
    made_by(maker, "members.view")
    maker.state = "closed"
    db.session.commit()
    browser = factories.sign_in(app.test_client(), factories.make_staff("administrator"))
    english = {"Accept-Language": "en"}
    assert "Its maker has left" in browser.get("/centre/tokens", headers=english).text


def test_a_route_for_all_forgets_an_account_that_the_token_may_not_read(call: Any) -> None:
    """A narrow token sees there what everybody sees: whose invitation it is stays untold."""
    project = factories.make_project(slug="own")
    owner = factories.make_owner(project)
    home = call(owner)("GET", "/me/homes").json["items"][0]["id"]
    wish = {"name": "周敏", "phone": factories.make_phone(), "role": "tenant"}
    made = call(owner)("POST", f"/me/homes/{home}/invitations", wish).json
    path = f"/invitations/{made['token']}"
    stranger = factories.make_member()
    assert call(token=narrow(stranger, "me:read"))("GET", path).status_code == 403
    assert call(token=narrow(stranger, "members.view"))("GET", path).status_code == 200
    assert call()("GET", path).status_code == 200


def test_permissions_of_a_narrow_token_need_to_be_named_and_held(call: Any) -> None:
    project = factories.make_project(slug="own")
    staff = factories.make_staff("staff", project)
    desk = call(token=narrow(staff, "me:read", "claims.review"))
    assert desk("GET", "/p/own/staff/claims").status_code == 200
    assert desk("GET", "/p/own/staff/members").status_code == 403
    owner = factories.make_owner(project)
    assert (
        call(token=narrow(owner, "claims.review"))("GET", "/p/own/staff/claims").status_code == 403
    )


def test_signing_in_may_ask_for_less(call: Any) -> None:
    account = factories.make_account(email="lin@example.test")
    account.password_hash = hash_password(PASSWORD)
    db.session.commit()
    wish = {"identity": "lin@example.test", "password": PASSWORD, "scopes": ["me:read"]}
    unknown = call()("POST", "/sign-in", {**wish, "scopes": ["me:everything"]})
    assert (unknown.status_code, unknown.json["errors"].keys()) == (422, {"scopes"})
    reader = call(token=call()("POST", "/sign-in", wish).json["token"])
    assert reader("GET", "/me").status_code == 200
    assert reader("POST", "/me/sign-ins/end-others").status_code == 403


def test_the_second_step_keeps_the_scopes_of_the_first(call: Any) -> None:
    account = factories.make_account(email="lin@example.test")
    account.password_hash = hash_password(PASSWORD)
    account.totp_secret, account.totp_confirmed_at = pyotp.random_base32(), clock.now()
    db.session.commit()
    wish = {"identity": "lin@example.test", "password": PASSWORD, "scopes": ["me:read"]}
    ticket = call()("POST", "/sign-in", wish).json["ticket"]
    code = pyotp.TOTP(account.totp_secret).now()
    # What is asked for with the ticket does not count.
    answer = call()(
        "POST", "/sign-in", {"ticket": ticket, "second_factor": code, "scopes": ["me:write"]}
    )
    assert answer.status_code == 201
    rows = db.session.scalars(sa.select(ApiToken.scopes)).all()
    assert rows == [["me:read"]]


def test_a_service_is_given_no_scope_of_members() -> None:
    with pytest.raises(TokenError, match="unknown_scope"):
        issue_service_token(actor=None, name="Kiosk", scopes=["me:read"], project_id=None)
