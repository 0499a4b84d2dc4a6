"""A forgotten password."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Account, SignIn
from portal.accounts.passwords import hash_password, verify_password
from portal.audit.models import AuditEntry
from portal.extensions import db
from tests import factories
from tests.accounts.conftest import MovableClock
from tests.carried import Carried

OLD, NEW = "kettle-Moon-42-lamp", "river stone and paper boat"
EMAIL, PHONE = "lin@example.test", "+8613800138000"


@pytest.fixture
def account(app: Flask) -> Account:
    return factories.make_account(phone=PHONE, email=EMAIL, password_hash=hash_password(OLD))


def ask(client: FlaskClient, identity: str = EMAIL):  # type: ignore[no-untyped-def]
    return client.post("/forgot", data={"identity": identity})


def link_in(mail: Carried) -> str:
    found = re.search(r"http://localhost(/\S+)", mail.sent[-1][2])
    assert found
    return found[1]


def save(client: FlaskClient, link: str, password: str = NEW, again: str | None = None):  # type: ignore[no-untyped-def]
    return client.post(link, data={"password": password, "again": again or password})


def test_a_link_by_mail_sets_a_new_password_and_ends_all_sessions(
    client: FlaskClient, account: Account, mail: Carried, browser: Callable[..., FlaskClient]
) -> None:
    elsewhere = factories.sign_in(browser(), account)
    answer = ask(client)
    assert answer.status_code == 200
    link = link_in(mail)
    assert client.get(link).status_code == 200
    assert client.get(link).status_code == 200, "looking does not use it up"
    assert save(client, link).status_code == 303
    db.session.refresh(account)
    assert verify_password(account.password_hash, NEW)
    assert elsewhere.get("/me/security").status_code == 302
    assert client.get("/me/security").status_code == 200
    assert mail.sent[-1][0] == EMAIL
    assert "was changed" in mail.sent[-1][2]
    actions = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert "account.password_changed" in actions


def test_the_answer_is_the_same_for_an_unknown_address(
    client: FlaskClient, account: Account, mail: Carried, browser: Callable[..., FlaskClient]
) -> None:
    known, unknown = ask(client), ask(browser(), "nobody@example.test")
    assert known.status_code == unknown.status_code == 200
    hide = re.compile(r"lin@example.test|nobody@example.test|nonce-\S+|value=\"[^\"]+\"")
    assert hide.sub("", known.text) == hide.sub("", unknown.text)
    assert [sent[0] for sent in mail.sent] == [EMAIL]
    # A second time within the minute nothing is sent, and nothing else is said.
    assert ask(client).status_code == 200
    assert len(mail.sent) == 1


def test_a_forged_host_does_not_reach_the_mail(
    client: FlaskClient, account: Account, mail: Carried
) -> None:
    client.post("/forgot", data={"identity": EMAIL}, headers={"Host": "evil.test"})
    assert "evil.test" not in mail.sent[-1][2]
    assert "http://localhost/reset/" in mail.sent[-1][2]


def test_a_used_link_is_over_and_leads_on(
    client: FlaskClient, account: Account, mail: Carried
) -> None:
    ask(client)
    link = link_in(mail)
    save(client, link)
    client.post("/logout")
    for answer in (client.get(link), save(client, link, "another river and a stone")):
        assert answer.status_code == 410
        assert "/forgot" in answer.text
    db.session.refresh(account)
    assert verify_password(account.password_hash, NEW)


def test_an_older_link_ends_with_the_newer_ones_use(
    client: FlaskClient, account: Account, mail: Carried, time: MovableClock
) -> None:
    ask(client)
    older = link_in(mail)
    time.move(minutes=2)
    ask(client)
    newer = link_in(mail)
    assert older != newer
    save(client, newer)
    assert client.get(older).status_code == 410


def test_a_link_is_valid_for_half_an_hour(
    client: FlaskClient, account: Account, mail: Carried, time: MovableClock
) -> None:
    ask(client)
    link = link_in(mail)
    time.move(minutes=30, seconds=1)
    assert client.get(link).status_code == 410
    assert save(client, link).status_code == 410


@pytest.mark.parametrize("token", ["x", "A" * 43, "../../etc/passwd", "é" * 10, "0" * 3000])
def test_a_made_up_link_is_over(client: FlaskClient, account: Account, token: str) -> None:
    assert client.get(f"/reset/{token}").status_code in (404, 410)


def test_the_link_for_an_address_is_none_for_a_password(
    client: FlaskClient, account: Account, mail: Carried
) -> None:
    factories.sign_in(client, account)
    client.post("/me/security/email", data={"email": "new@example.test"})
    token = link_in(mail).rsplit("/", 1)[1]
    assert client.get(f"/reset/{token}").status_code == 410
    assert client.get(f"/email/{token}").status_code == 200


@pytest.mark.parametrize("password", ["woaini1314", "13800138000ab", "short", "", "1" * 400])
def test_a_weak_password_is_refused_and_the_link_lives_on(
    client: FlaskClient, account: Account, mail: Carried, password: str
) -> None:
    ask(client)
    link = link_in(mail)
    answer = save(client, link, password)
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.text
    assert save(client, link).status_code == 303


def test_two_different_passwords_are_refused(
    client: FlaskClient, account: Account, mail: Carried
) -> None:
    ask(client)
    assert save(client, link_in(mail), NEW, NEW + "!").status_code == 422


def test_a_code_to_the_phone_leads_to_a_new_password(
    client: FlaskClient, account: Account, sms: Carried, last_code: Callable[[], str]
) -> None:
    answer = ask(client, "138 0013 8000")
    assert answer.location == "/forgot/code"
    assert client.post("/forgot/code", data={"code": "12"}).status_code == 422
    answer = client.post("/forgot/code", data={"code": last_code()})
    assert answer.location.startswith("/reset/")
    assert save(client, answer.location).status_code == 303
    db.session.refresh(account)
    assert verify_password(account.password_hash, NEW)


def test_a_code_for_an_unknown_phone_looks_the_same_and_leads_to_joining(
    client: FlaskClient, sms: Carried, last_code: Callable[[], str]
) -> None:
    assert ask(client, "138 0013 8000").location == "/forgot/code"
    assert client.post("/forgot/code", data={"code": last_code()}).location == "/join"


def test_a_code_for_signing_in_is_none_for_the_password(
    client: FlaskClient, account: Account, sms: Carried, last_code: Callable[[], str]
) -> None:
    client.post("/login", data={"way": "code", "phone": "13800138000", "act": "send"})
    code = last_code()
    with client.session_transaction() as session:
        session["code.reset_password"] = session["code.sign_in"]
    assert client.post("/forgot/code", data={"code": code}).status_code == 422


def test_a_reset_does_not_pass_by_the_second_step(
    client: FlaskClient, account: Account, mail: Carried, time: MovableClock
) -> None:
    account.totp_secret, account.totp_confirmed_at = "A" * 32, time.at
    ask(client)
    answer = save(client, link_in(mail))
    assert answer.location == "/login/second-step"
    assert db.session.scalars(sa.select(SignIn)).all() == []


@pytest.mark.parametrize("identity", ["", "x", "a@b", "@", "12345", "a" * 300 + "@example.test"])
def test_what_is_neither_phone_nor_address_is_refused(client: FlaskClient, identity: str) -> None:
    answer = ask(client, identity)
    assert answer.status_code == 422
    assert identity in answer.text
