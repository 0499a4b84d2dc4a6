"""Passkeys: added with a fresh proof, signed in with, taken off; what cheats is refused."""

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Account, AccountState, Passkey, SignIn, SignInMethod
from portal.audit.models import AuditEntry
from portal.extensions import db
from tests import factories
from tests.accounts.authenticator import PRESENT, Authenticator
from tests.accounts.conftest import MovableClock
from tests.carried import Carried

PAGE = "/me/security/passkeys"
EN = {"Accept-Language": "en"}


@pytest.fixture(autouse=True)
def named(app: Flask) -> Iterator[None]:
    """The portal under a name, as passkeys need it."""
    before = app.extensions["portal.settings"]
    app.extensions["portal.settings"] = replace(before, base_url="http://localhost")
    yield
    app.extensions["portal.settings"] = before


@pytest.fixture
def owner(app: Flask) -> Account:
    member = factories.make_owner(factories.make_project())
    found = db.session.get_one(Account, member.account_id)
    found.email = "owner@example.test"
    db.session.commit()
    return found


@pytest.fixture
def phone(client: FlaskClient, owner: Account) -> FlaskClient:
    return factories.sign_in(client, owner)


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


def options(page: str) -> str:
    found = re.search(r'data-passkey="([^"]+)"', page)
    assert found, page
    return html.unescape(found[1])


def add(client: FlaskClient, device: Authenticator, **typed: str) -> Any:
    credential = device.make(options(client.get(PAGE).text))
    sent = {"name": "我的手机", "credential": credential, **typed}
    return client.post(PAGE, data=sent, headers=EN)


def enter(client: FlaskClient, device: Authenticator, **typed: str) -> Any:
    credential = device.sign(options(client.get("/login").text))
    sent = {"credential": credential, **typed}
    return client.post("/login/passkey", data=sent, headers=EN)


@pytest.fixture
def stranger(app: Flask, phone: FlaskClient, device: Authenticator) -> Callable[[], FlaskClient]:
    """Another browser of the owner's, who has a passkey."""
    assert add(phone, device).status_code == 303
    return app.test_client


def is_in(client: FlaskClient) -> bool:
    return client.get("/me/security").status_code == 200


def test_from_the_first_passkey_to_none(
    stranger: Callable[[], FlaskClient],
    phone: FlaskClient,
    device: Authenticator,
    owner: Account,
    mail: Carried,
) -> None:
    assert "我的手机" in phone.get(PAGE).text
    new = stranger()
    answer = enter(new, device, next="/me/points")
    assert (answer.status_code, answer.location) == (303, "/me/points")
    opened = db.session.scalars(sa.select(SignIn).order_by(SignIn.id.desc()).limit(1)).one()
    assert (opened.account_id, opened.method) == (owner.id, SignInMethod.PASSKEY)
    assert opened.second_factor
    found = db.session.scalars(sa.select(Passkey)).one()
    assert (found.sign_count, found.last_used_at is not None) == (1, True)
    asked = phone.get(f"{PAGE}/{found.public_id}/remove", headers=EN)
    assert "Take off this passkey?" in asked.text
    assert phone.post(f"{PAGE}/{found.public_id}/remove").status_code == 303
    assert not is_in(other := stranger())
    assert enter(other, device).location == "/login"
    assert not is_in(other)
    done = db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [each for each in done if "passkey" in each] == [
        "account.passkey_added", "account.passkey_removed"
    ]  # fmt: skip
    assert len(mail.sent) == 2


def test_a_fresh_proof_comes_before(
    phone: FlaskClient, device: Authenticator, time: MovableClock
) -> None:
    assert phone.get(PAGE).status_code == 200
    time.move(minutes=16)
    assert phone.get(PAGE).location.startswith("/me/confirm")
    assert phone.post(PAGE, data={"name": "x", "credential": "{}"}).status_code == 303
    assert db.session.scalars(sa.select(Passkey)).all() == []


@pytest.mark.parametrize(
    "cheat",
    [
        {"origin": "https://portal.example.com"},
        {"host": "example.com"},
        {"flags": PRESENT},
    ],
)
def test_what_another_site_or_nobody_has_signed_is_refused(
    stranger: Callable[[], FlaskClient],
    phone: FlaskClient,
    device: Authenticator,
    cheat: dict[str, Any],
) -> None:
    assert add(phone, replace(Authenticator(), **cheat)).status_code == 422
    assert len(db.session.scalars(sa.select(Passkey)).all()) == 1
    answer = enter(thief := stranger(), replace(device, **cheat))
    assert answer.location == "/login"
    assert not is_in(thief)
    assert "This passkey cannot be used here." in thief.get("/login", headers=EN).text


def test_an_answer_counts_once(stranger: Callable[[], FlaskClient], device: Authenticator) -> None:
    first = stranger()
    credential = device.sign(options(first.get("/login").text))
    kept = first.get_cookie("portal")
    assert kept is not None
    assert first.post("/login/passkey", data={"credential": credential}).location != "/login"
    thief = stranger()
    thief.set_cookie("portal", kept.value)
    assert thief.post("/login/passkey", data={"credential": credential}).location == "/login"
    assert not is_in(thief)


def test_a_challenge_belongs_to_its_browser_and_to_five_minutes(
    stranger: Callable[[], FlaskClient], device: Authenticator, time: MovableClock
) -> None:
    one, other = stranger(), stranger()
    theirs = device.sign(options(one.get("/login").text))
    other.get("/login")
    assert other.post("/login/passkey", data={"credential": theirs}).location == "/login"
    mine = device.sign(options(other.get("/login").text))
    time.move(minutes=6)
    assert other.post("/login/passkey", data={"credential": mine}).location == "/login"
    assert not is_in(other)


def test_a_challenge_for_adding_signs_nobody_in(
    stranger: Callable[[], FlaskClient], phone: FlaskClient, device: Authenticator
) -> None:
    credential = device.sign(options(phone.get(PAGE).text))
    assert phone.post("/login/passkey", data={"credential": credential}).location == "/login"


def test_a_copy_whose_counter_lags_is_refused(
    stranger: Callable[[], FlaskClient], device: Authenticator
) -> None:
    copy = replace(device)
    assert enter(stranger(), device).location != "/login"
    assert enter(thief := stranger(), copy).location == "/login"
    assert not is_in(thief)


def test_another_key_with_the_same_id_is_refused(
    stranger: Callable[[], FlaskClient], device: Authenticator
) -> None:
    forged = Authenticator(credential_id=device.credential_id)
    assert enter(thief := stranger(), forged).location == "/login"
    assert not is_in(thief)


def test_a_key_is_somebodys_only(app: Flask, phone: FlaskClient, device: Authenticator) -> None:
    assert add(phone, device).status_code == 303
    neighbour = factories.sign_in(app.test_client(), factories.make_member())
    told = add(neighbour, device)
    assert (told.status_code, "This device has a passkey here already." in told.text) == (422, True)
    found = db.session.scalars(sa.select(Passkey)).one()
    assert neighbour.get(f"{PAGE}/{found.public_id}/remove").status_code == 404
    assert neighbour.post(f"{PAGE}/{found.public_id}/remove").status_code == 404


def test_who_is_closed_stays_out(
    stranger: Callable[[], FlaskClient], device: Authenticator, owner: Account
) -> None:
    owner.state = AccountState.CLOSED
    db.session.commit()
    assert enter(thief := stranger(), device).location == "/login"
    assert not is_in(thief)


@pytest.mark.parametrize(
    "sent",
    ["", "{", "[]", "7", '{"response": 3}', '{"response": {"clientDataJSON": "!!"}}', "x" * 30_000],
)
def test_what_has_no_form_is_refused_in_words(
    client: FlaskClient, phone: FlaskClient, app: Flask, sent: str
) -> None:
    assert phone.post(PAGE, data={"name": "x", "credential": sent}).status_code == 422
    other = app.test_client()
    other.get("/login")
    assert other.post("/login/passkey", data={"credential": sent}).location == "/login"


def test_parts_of_an_answer_that_are_wrong_are_refused(
    stranger: Callable[[], FlaskClient], device: Authenticator
) -> None:
    for part in ("authenticatorData", "signature", "clientDataJSON"):
        for wrong in ("", "AAAA", 5, None, ["x"]):
            client = stranger()
            told = json.loads(device.sign(options(client.get("/login").text)))
            told["response"][part] = wrong
            answer = client.post("/login/passkey", data={"credential": json.dumps(told)})
            assert answer.location == "/login", (part, wrong)


def test_twenty_are_enough(phone: FlaskClient, owner: Account) -> None:
    for number in range(20):
        key = {"credential_id": bytes([number]), "public_key": b"x", "sign_count": 0}
        db.session.add(Passkey(account_id=owner.id, name="x", **key))
    db.session.commit()
    told = add(phone, Authenticator())
    assert (told.status_code, "You have twenty passkeys already." in told.text) == (422, True)


def test_an_address_in_numbers_offers_none(app: Flask, phone: FlaskClient) -> None:
    settings = app.extensions["portal.settings"]
    app.extensions["portal.settings"] = replace(settings, base_url="http://127.0.0.1:8000")
    assert "data-passkey" not in app.test_client().get("/login").text
    assert phone.get(PAGE).status_code == 404
    assert "Passkeys" not in phone.get("/me/security", headers=EN).text


def test_the_operator_takes_them_off_with_a_new_password(
    app: Flask, stranger: Callable[[], FlaskClient], device: Authenticator, owner: Account
) -> None:
    from portal.operations.accounts import reset_password

    reset_password(identity="owner@example.test", password=None)
    db.session.commit()
    assert enter(stranger(), device).location == "/login"
