"""Changing by program how one signs in: what the pages can, under the same rules."""

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.accounts.models import Account, SignIn
from portal.accounts.passwords import hash_password
from portal.extensions import db
from portal.messages.models import Channel
from tests import factories
from tests.carried import Carried

PASSWORD, NEW = "correct horse battery staple", "another long and quiet sentence"


@pytest.fixture
def sms(app: Flask) -> Any:
    """The text messages that were sent."""
    carried = Carried(app, Channel.SMS)
    yield carried
    carried.stop()


@pytest.fixture
def account(app: Flask) -> Account:
    """An account with phone, e-mail and password."""
    made = factories.make_account(email="lin@example.test")
    made.password_hash = hash_password(PASSWORD)
    db.session.commit()
    return made


def later(minutes: int = 16) -> None:
    """Let all proofs be too old."""
    db.session.execute(
        sa.update(SignIn).values(confirmed_at=clock.now() - timedelta(minutes=minutes))
    )
    db.session.commit()


def code_in(sms: Carried) -> str:
    return re.search(r"\d{6}", sms.sent[-1][1])[0]


def test_a_password_is_changed_after_a_fresh_proof(call: Any, account: Account) -> None:
    me, other = call(account), call(account)
    later()
    wish = {"password": NEW}
    asked = me("PUT", "/me/security/password", wish)
    assert (asked.status_code, asked.json["type"].rpartition(":")[2]) == (
        403,
        "confirmation_needed",
    )
    assert me("POST", "/me/confirm", {"password": "wrong"}).status_code == 422
    assert me("POST", "/me/confirm", {}).status_code == 422
    assert me("POST", "/me/confirm", {"password": PASSWORD}).status_code == 200
    weak = me("PUT", "/me/security/password", {"password": "12345678"})
    assert weak.json["errors"].keys() == {"password"}
    assert me("PUT", "/me/security/password", wish).status_code == 204
    assert other("GET", "/me").status_code == 401
    assert me("GET", "/me").status_code == 200
    signed_in = call()("POST", "/sign-in", {"identity": "lin@example.test", "password": NEW})
    assert signed_in.status_code == 201


def test_a_code_is_proof_too_and_counts_once(call: Any, account: Account, sms: Any) -> None:
    me = call(account)
    later()
    asked = me("POST", "/me/confirm/code")
    assert asked.status_code == 202
    again = me("POST", "/me/confirm/code")
    assert again.status_code == 429
    assert int(again.headers["Retry-After"]) > 0
    proof = {"request": asked.json["request"], "code": code_in(sms)}
    assert me("POST", "/me/confirm", {**proof, "code": "000000"}).status_code == 422
    assert me("POST", "/me/confirm", proof).status_code == 200
    assert me("POST", "/me/confirm", proof).status_code == 422
    assert me("DELETE", "/me/security/second-step").status_code == 204


def test_wrong_proofs_are_held_back(call: Any, account: Account) -> None:
    me = call(account)
    answers = [me("POST", "/me/confirm", {"password": "wrong"}).status_code for _ in range(7)]
    assert answers[0] == 422
    assert answers[-1] == 429


def test_a_phone_is_changed_with_the_code_sent_to_it(call: Any, account: Account, sms: Any) -> None:
    me, phone = call(account), factories.make_phone()
    asked = me("POST", "/me/security/phone", {"phone": phone})
    assert asked.status_code == 202
    proof = {"phone": phone, "request": asked.json["request"], "code": code_in(sms)}
    elsewhere = {**proof, "phone": factories.make_phone()}
    assert me("PUT", "/me/security/phone", elsewhere).status_code == 422
    assert me("PUT", "/me/security/phone", proof).status_code == 204
    db.session.expire_all()
    assert db.session.get_one(Account, account.id).phone == phone


def test_anothers_phone_is_not_taken(call: Any, account: Account, sms: Any) -> None:
    me, theirs = call(account), factories.make_account().phone
    asked = me("POST", "/me/security/phone", {"phone": theirs}).json
    proof = {"phone": theirs, "request": asked["request"], "code": code_in(sms)}
    taken = me("PUT", "/me/security/phone", proof)
    assert (taken.status_code, taken.json["type"].rpartition(":")[2]) == (409, "taken")


def test_an_address_counts_once_its_link_is_opened(app: Flask, call: Any, account: Account) -> None:
    mails = Carried(app, Channel.MAIL)
    me = call(account)
    assert me("POST", "/me/security/email", {"email": "no address"}).status_code == 422
    assert me("POST", "/me/security/email", {"email": "new@example.test"}).status_code == 202
    assert me("GET", "/me/security").json["email"] == "lin@example.test"
    link = next(re.search(r"/email/[\w-]+", str(mail)) for mail in mails.sent)
    assert app.test_client().post(link[0]).status_code == 303
    assert me("GET", "/me/security").json["email"] == "new@example.test"
    mails.stop()


def test_a_second_step_is_set_up_renewed_and_taken_off(call: Any, account: Account) -> None:
    me, other = call(account), call(account)
    path = "/me/security/second-step"
    assert me("POST", f"{path}/recovery-codes").status_code == 409
    begun = me("POST", path)
    assert begun.status_code == 201
    assert begun.json["secret"] in begun.json["uri"]
    assert me("POST", f"{path}/confirm", {"code": "000000"}).status_code == 422
    code = pyotp.TOTP(begun.json["secret"]).now()
    codes = me("POST", f"{path}/confirm", {"code": code}).json["codes"]
    assert len(codes) == 10
    assert other("GET", "/me").status_code == 401
    assert me("GET", "/me/security").json["recovery_codes_left"] == 10
    assert me("POST", path).status_code == 409
    assert not set(codes) & set(me("POST", f"{path}/recovery-codes").json["codes"])
    assert me("DELETE", path).status_code == 204
    assert me("GET", "/me/security").json["second_step"] is False


WRITES = (
    ("POST", "/me/confirm/code", None),
    ("POST", "/me/confirm", {"password": PASSWORD}),
    ("PUT", "/me/security/password", {"password": NEW}),
    ("POST", "/me/security/email", {"email": "new@example.test"}),
    ("POST", "/me/security/phone", {"phone": "13800138000"}),
    ("POST", "/me/security/second-step", None),
    ("DELETE", "/me/security/second-step", None),
)


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_service_has_none_of_it(call: Any, method: str, path: str, body: Any) -> None:
    kiosk = call(token=factories.make_service_token("members.view"))
    assert kiosk(method, path, body).status_code == 403
    assert kiosk("GET", "/me/security").status_code == 403
