"""Signing a program in: code, password, second step, and what ends it."""

import re
from typing import Any

import pyotp
import pytest
from flask import Flask

from portal import clock
from portal.accounts.models import Account
from portal.accounts.passwords import hash_password
from portal.extensions import db
from portal.messages.models import Channel
from tests import factories
from tests.carried import Carried

PASSWORD = "correct horse battery staple"


@pytest.fixture
def sms(app: Flask) -> Any:
    """The text messages that were sent."""
    carried = Carried(app, Channel.SMS)
    yield carried
    carried.stop()


def code_in(sms: Carried) -> str:
    return re.search(r"\d{6}", sms.sent[-1][1])[0]


def test_a_code_gives_a_token_that_works_until_it_signs_out(call: Any, sms: Any) -> None:
    member = factories.make_member()
    account = db.session.get_one(Account, member.account_id)
    nobody = call()
    asked = nobody("POST", "/sign-in/code", {"phone": account.phone})
    assert asked.status_code == 202
    wish = {"phone": account.phone, "request": asked.json["request"]}
    wrong = nobody("POST", "/sign-in", {**wish, "code": "000000"})
    assert wrong.status_code == 422
    assert "code" in wrong.json["errors"]
    answer = nobody("POST", "/sign-in", {**wish, "code": code_in(sms)})
    assert answer.status_code == 201
    me = call(token=answer.json["token"])
    assert me("GET", "/me/sign-ins").json["items"][0]["current"] is True
    assert nobody("POST", "/sign-in", {**wish, "code": code_in(sms)}).status_code == 422
    assert me("DELETE", "/sign-in").status_code == 204
    gone = me("GET", "/me/sign-ins")
    assert gone.status_code == 401
    assert gone.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_code_of_another_request_counts_for_nothing(call: Any, sms: Any) -> None:
    account = factories.make_account()
    call()("POST", "/sign-in/code", {"phone": account.phone})
    wish = {"phone": account.phone, "request": "guessed", "code": code_in(sms)}
    assert call()("POST", "/sign-in", wish).status_code == 422


def test_codes_are_held_back_as_on_the_page(call: Any, sms: Any) -> None:
    phone = factories.make_phone()
    assert call()("POST", "/sign-in/code", {"phone": phone}).status_code == 202
    again = call()("POST", "/sign-in/code", {"phone": phone})
    assert again.status_code == 429
    assert 0 < int(again.headers["Retry-After"]) <= 60
    assert len(sms.sent) == 1


def test_a_password_gives_a_token_and_wrong_ones_slow_down(call: Any) -> None:
    account = factories.make_account(email="lin@example.test")
    account.password_hash = hash_password(PASSWORD)
    db.session.commit()
    wish = {"identity": "lin@example.test", "password": PASSWORD}
    assert call()("POST", "/sign-in", wish).status_code == 201
    for _ in range(5):
        wrong = call()("POST", "/sign-in", {**wish, "password": "no"})
        assert (wrong.status_code, "password" in wrong.json["errors"]) == (422, True)
    slow = call()("POST", "/sign-in", wish)
    assert slow.status_code == 429
    assert int(slow.headers["Retry-After"]) > 0


def test_the_second_step_is_asked_for_with_a_ticket(call: Any) -> None:
    secret = pyotp.random_base32()
    account = factories.make_account(
        email="two@example.test", totp_secret=secret, totp_confirmed_at=clock.now()
    )
    account.password_hash = hash_password(PASSWORD)
    db.session.commit()
    first = call()("POST", "/sign-in", {"identity": account.email, "password": PASSWORD})
    assert first.status_code == 401
    assert first.json["type"].endswith(":second_factor_required")
    wish = {"ticket": first.json["ticket"]}
    wrong = call()("POST", "/sign-in", {**wish, "second_factor": "000000"})
    assert wrong.status_code == 422
    right = {**wish, "second_factor": pyotp.TOTP(secret).now()}
    assert call()("POST", "/sign-in", right).status_code == 201
    assert call()("POST", "/sign-in", right).status_code == 422
    forged = {**right, "ticket": first.json["ticket"][:-6] + "AAAAAA"}
    assert "ticket" in call()("POST", "/sign-in", forged).json["errors"]


def test_a_closed_account_gets_no_token(call: Any) -> None:
    account = factories.make_account(email="gone@example.test", state="closed")
    account.password_hash = hash_password(PASSWORD)
    db.session.commit()
    wish = {"identity": "gone@example.test", "password": PASSWORD}
    assert call()("POST", "/sign-in", wish).status_code == 422


def test_ending_the_other_sign_ins_ends_programs_and_browsers(app: Flask, call: Any) -> None:
    member = factories.make_member()
    browser = factories.sign_in(app.test_client(), member)
    one, other = call(member), call(member)
    assert len(one("GET", "/me/sign-ins").json["items"]) == 3
    assert one("POST", "/me/sign-ins/end-others").json == {"ended": 2}
    assert other("GET", "/me/sign-ins").status_code == 401
    assert browser.get("/me/security").status_code == 302
    assert one("GET", "/me/sign-ins").status_code == 200


def test_a_browsers_page_lists_and_ends_a_program(app: Flask, call: Any) -> None:
    member = factories.make_member()
    program = call(member)
    browser = factories.sign_in(app.test_client(), member)
    assert "API" in browser.get("/me/sign-ins").text
    browser.post("/me/sign-ins/end-others")
    assert program("GET", "/me/sign-ins").status_code == 401


def test_anothers_sign_in_is_not_found(call: Any) -> None:
    mine, theirs = call(factories.make_member()), call(factories.make_member())
    key = theirs("GET", "/me/sign-ins").json["items"][0]["id"]
    assert mine("DELETE", f"/me/sign-ins/{key}").status_code == 404
    assert theirs("DELETE", f"/me/sign-ins/{key}").status_code == 204
    assert theirs("GET", "/me/sign-ins").status_code == 401
