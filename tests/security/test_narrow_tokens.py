"""A token that holds less than its account gets no wider one, and shuts nobody else out."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Account, SignIn, SignInMethod
from portal.club.models import LegalKind
from portal.club.queries import current_legal_texts
from portal.extensions import db
from portal.members.models import Member
from portal.members.service import join
from portal.tokens.models import ApiToken
from portal.tokens.service import open_sign_in
from tests import factories


@pytest.fixture
def joining(app: Flask) -> dict[str, Any]:
    """What an account sends that joins."""
    texts = current_legal_texts()
    versions = {str(kind): texts[kind].version if kind in texts else 1 for kind in LegalKind}
    return {"name": "小林", "adult": True, "consents": versions}


def bearer(account: Account, *scopes: str) -> tuple[dict[str, str], SignIn]:
    """Return the header of an account's token for an hour, and its sign-in."""
    row, token = open_sign_in(
        account=account,
        method=SignInMethod.CODE,
        second_factor=True,
        name="tests",
        network="tests",
        scopes=scopes,
        life=timedelta(hours=1),
    )
    db.session.commit()
    assert row.sign_in is not None
    return {"Authorization": f"Bearer {token}"}, row.sign_in


def test_who_joins_by_token_gets_no_other_token(
    client: FlaskClient, joining: dict[str, Any]
) -> None:
    scopes = ("me:read", "me:write", "members.view")
    headers, _sign_in = bearer(factories.make_account(), *scopes)
    before = client.get("/api/v1/me", headers=headers).json
    answer = client.post("/api/v1/join", json=joining, headers=headers)
    assert answer.status_code == 201, answer.text
    assert f"Bearer {answer.json['token']}" == headers["Authorization"]
    assert answer.json["expires_at"] == before["expires_at"]
    assert answer.json["consent_needed"] is False
    assert answer.json["messages"]
    assert db.session.scalars(sa.select(ApiToken.scopes)).all() == [list(scopes)]
    assert db.session.scalar(sa.select(sa.func.count(Member.id))) == 1


def test_who_joins_by_token_needs_the_scope(client: FlaskClient, joining: dict[str, Any]) -> None:
    headers, _sign_in = bearer(factories.make_account(), "me:read")
    answer = client.post("/api/v1/join", json=joining, headers=headers)
    assert (answer.status_code, answer.json.get("scope")) == (403, "me:write")
    assert db.session.scalar(sa.select(sa.func.count(Member.id))) == 0


def test_a_narrow_token_ends_its_own_sign_in_alone(client: FlaskClient) -> None:
    account = factories.make_account()
    wide, others = bearer(account)
    narrow, own = bearer(account, "members.view", "me:read", "me:write")
    path = "/api/v1/me/sign-ins"
    assert client.post(f"{path}/end-others", headers=narrow).status_code == 403
    assert client.delete(f"{path}/{others.public_id}", headers=narrow).status_code == 403
    assert client.get("/api/v1/me", headers=wide).status_code == 200
    assert client.delete(f"{path}/{own.public_id}", headers=narrow).status_code == 403
    gone = client.delete("/api/v1/sign-in", headers=narrow)
    assert (gone.status_code, gone.headers.get("Content-Type")) == (204, None)
    assert client.get("/api/v1/me", headers=narrow).status_code == 401
    assert client.post(f"{path}/end-others", headers=wide).status_code == 200


def test_a_service_is_no_member_even_if_its_account_became_one(client: FlaskClient) -> None:
    """As one may have, before joining was closed to services."""
    token = factories.make_service_token("members.view")
    account = db.session.scalars(sa.select(ApiToken)).one().account_id
    join(account=db.session.get_one(Account, account), name="Kiosk", salutation="none")
    db.session.commit()
    for path in ("/me/profile", "/me/homes", "/me/claims", "/me/household"):
        answer = client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 403, path
