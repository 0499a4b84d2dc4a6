"""Whoever had a way into an account has none after its owner has put things right."""

import re
from collections.abc import Callable

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Account
from portal.accounts.passwords import hash_password
from portal.extensions import db
from tests import factories
from tests.accounts.conftest import MovableClock
from tests.carried import Carried

OLD, NEW = "kettle-Moon-42-lamp", "river stone and paper boat"
EMAIL, PHONE, NEW_PHONE = "lin@example.test", "+8613800138000", "+8613900139000"
THIEF = "thief@example.test"


@pytest.fixture
def account(app: Flask) -> Account:
    return factories.make_account(phone=PHONE, email=EMAIL, password_hash=hash_password(OLD))


@pytest.fixture
def owner(client: FlaskClient, account: Account) -> FlaskClient:
    return factories.sign_in(client, account)


@pytest.fixture
def thief(browser: Callable[..., FlaskClient], account: Account) -> FlaskClient:
    """Somebody else who is signed in to the account."""
    return factories.sign_in(browser("198.51.100.7"), account)


def link_in(mail: Carried) -> str:
    found = re.search(r"http://localhost(/\S+)", mail.sent[-1][2])
    assert found
    return found[1]


def change_password(browser: FlaskClient) -> None:
    answer = browser.post("/me/security/password", data={"password": NEW, "again": NEW})
    assert answer.location == "/me/security"


def change_phone(browser: FlaskClient, code: Callable[[], str]) -> None:
    browser.post("/me/security/phone", data={"phone": NEW_PHONE})
    assert browser.post("/me/security/phone/code", data={"code": code()}).status_code == 303


def test_a_new_password_ends_a_thiefs_link_to_another_address(
    owner: FlaskClient, thief: FlaskClient, account: Account, mail: Carried
) -> None:
    thief.post("/me/security/email", data={"email": THIEF})
    link = link_in(mail)
    change_password(owner)
    assert thief.post(link).status_code == 410
    db.session.refresh(account)
    assert account.email == EMAIL


def test_a_new_address_ends_the_links_to_the_old_one(
    owner: FlaskClient, browser: Callable[..., FlaskClient], account: Account, mail: Carried
) -> None:
    stranger = browser("198.51.100.7")
    stranger.post("/forgot", data={"identity": EMAIL})
    reset = link_in(mail)
    owner.post("/me/security/email", data={"email": "new@example.test"})
    assert owner.post(link_in(mail)).status_code == 303
    assert stranger.get(reset).status_code == 410


def test_a_new_phone_ends_the_links_that_the_old_one_opened(
    owner: FlaskClient,
    browser: Callable[..., FlaskClient],
    sms: Carried,
    last_code: Callable[[], str],
    mail: Carried,
) -> None:
    finder = browser("198.51.100.7")
    finder.post("/forgot", data={"identity": PHONE})
    reset = finder.post("/forgot/code", data={"code": last_code()}).location
    assert reset.startswith("/reset/")
    change_phone(owner, last_code)
    assert finder.get(reset).status_code == 410


def test_the_old_address_is_told_of_a_new_one(
    owner: FlaskClient, account: Account, mail: Carried
) -> None:
    owner.post("/me/security/email", data={"email": THIEF})
    owner.post(link_in(mail))
    assert mail.sent[-1][0] == EMAIL


def test_the_old_phone_is_told_of_a_new_one(
    owner: FlaskClient, account: Account, sms: Carried, last_code: Callable[[], str]
) -> None:
    account.email = None
    db.session.commit()
    change_phone(owner, last_code)
    assert sms.sent[-1][0] == PHONE


def test_sessions_from_before_the_second_step_end_with_it(
    owner: FlaskClient, thief: FlaskClient, time: MovableClock, mail: Carried, account: Account
) -> None:
    assert thief.get("/me/").status_code == 200
    owner.post("/me/security/second-step/begin")
    db.session.refresh(account)
    code = pyotp.TOTP(account.totp_secret or "").at(time.at)
    assert owner.post("/me/security/second-step/confirm", data={"code": code}).status_code == 200
    assert thief.get("/me/").status_code == 302
    assert owner.get("/me/").status_code == 200
