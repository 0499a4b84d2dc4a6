"""One's own security: confirmation, password, e-mail, phone, sessions."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.accounts.confirmation import CONFIRMED_FOR
from portal.accounts.models import Account, SignIn
from portal.accounts.passwords import hash_password, verify_password
from portal.accounts.queries import find_account_by_phone
from portal.audit.models import AuditEntry
from portal.extensions import db
from tests import factories
from tests.accounts.conftest import MovableClock
from tests.carried import Carried

OLD, NEW = "kettle-Moon-42-lamp", "river stone and paper boat"
EMAIL, PHONE = "lin@example.test", "+8613800138000"
SENSITIVE = (
    "/me/security/password",
    "/me/security/email",
    "/me/security/phone",
    "/me/security/phone/code",
    "/me/security/second-step",
)


@pytest.fixture
def account(app: Flask) -> Account:
    return factories.make_account(phone=PHONE, email=EMAIL, password_hash=hash_password(OLD))


@pytest.fixture
def owner(client: FlaskClient, account: Account) -> FlaskClient:
    return factories.sign_in(client, account)


def forget_confirmation() -> None:
    db.session.execute(
        sa.update(SignIn).values(confirmed_at=clock.now() - CONFIRMED_FOR - timedelta(seconds=1))
    )
    db.session.commit()


def actions() -> list[str]:
    return list(db.session.scalars(sa.select(AuditEntry.action)))


def test_visitors_are_sent_to_sign_in(client: FlaskClient) -> None:
    for path in ("/me/security", "/me/sign-ins", "/me/confirm", *SENSITIVE):
        assert client.get(path).location == f"/login?next={path}"


@pytest.mark.parametrize("path", SENSITIVE)
def test_what_matters_asks_again_after_a_quarter_of_an_hour(owner: FlaskClient, path: str) -> None:
    forget_confirmation()
    assert owner.get(path).location == f"/me/confirm?next={path}"
    assert owner.post(path if path != SENSITIVE[-1] else f"{path}/begin").status_code == 303
    answer = owner.post("/me/confirm", data={"password": "wrong", "next": path})
    assert answer.status_code == 422
    assert owner.get(path).status_code == 303
    answer = owner.post("/me/confirm", data={"password": OLD, "next": path})
    assert answer.location == path
    assert owner.get(path).location != f"/me/confirm?next={path}"


def test_a_stale_post_changes_nothing(owner: FlaskClient, account: Account) -> None:
    forget_confirmation()
    owner.post("/me/security/password", data={"password": NEW, "again": NEW})
    db.session.refresh(account)
    assert verify_password(account.password_hash, OLD)


def test_confirming_with_a_code(
    owner: FlaskClient, account: Account, sms: Carried, last_code: Callable[[], str]
) -> None:
    forget_confirmation()
    answer = owner.post("/me/confirm", data={"act": "send", "next": "/me/security/phone"})
    assert answer.location == "/me/confirm?next=/me/security/phone"
    assert sms.sent[-1][0] == PHONE
    assert owner.post("/me/confirm", data={"code": "000000"}).status_code in (303, 422)
    answer = owner.post("/me/confirm", data={"code": last_code(), "next": "//evil.test"})
    assert answer.location == "/me/security"
    assert owner.get("/me/security/phone").status_code == 200


def test_confirming_is_slowed_down_like_signing_in(
    owner: FlaskClient, account: Account, time: MovableClock
) -> None:
    for _ in range(5):
        assert owner.post("/me/confirm", data={"password": "wrong"}).status_code == 422
    assert owner.post("/me/confirm", data={"password": OLD}).status_code == 429


def test_a_new_password_ends_every_other_session(
    owner: FlaskClient, account: Account, browser: Callable[..., FlaskClient], mail: Carried
) -> None:
    other = factories.sign_in(browser(), account)
    stranger = factories.sign_in(browser(), factories.make_account())
    answer = owner.post("/me/security/password", data={"password": NEW, "again": NEW})
    assert answer.location == "/me/security"
    db.session.refresh(account)
    assert verify_password(account.password_hash, NEW)
    assert owner.get("/me/security").status_code == 200
    assert other.get("/me/security").status_code == 302
    assert stranger.get("/me/security").status_code == 200
    assert mail.sent[-1][0] == EMAIL
    assert "account.password_changed" in actions()


def test_a_weak_password_is_said_beside_the_field(owner: FlaskClient) -> None:
    answer = owner.post(
        "/me/security/password", data={"password": "woaini1314", "again": "woaini1314"}
    )
    assert answer.status_code == 422
    assert 'id="password-error"' in answer.text
    assert "woaini1314" not in answer.text


def test_a_new_address_counts_once_its_link_is_opened(
    owner: FlaskClient, account: Account, mail: Carried, browser: Callable[..., FlaskClient]
) -> None:
    answer = owner.post("/me/security/email", data={"email": " New@Example.Test "})
    assert answer.location == "/me/security"
    db.session.refresh(account)
    assert account.email == EMAIL
    to, _, text = mail.sent[-1]
    assert to == "new@example.test"
    link = re.search(r"http://localhost(/\S+)", text)[1]  # type: ignore[index]
    phone = browser("198.51.100.9")
    assert phone.get(link).status_code == 200
    assert phone.get(link).status_code == 200
    assert phone.post(link).status_code == 303
    db.session.refresh(account)
    assert account.email == "new@example.test"
    assert phone.post(link).status_code == 410
    assert "account.email_changed" in actions()


def test_an_address_of_somebody_else_is_not_told_before_it_is_proved(
    owner: FlaskClient, account: Account, mail: Carried
) -> None:
    factories.make_account(email="taken@example.test")
    answer = owner.post("/me/security/email", data={"email": "taken@example.test"})
    assert answer.location == "/me/security"
    link = re.search(r"http://localhost(/\S+)", mail.sent[-1][2])[1]  # type: ignore[index]
    assert owner.post(link).status_code == 409
    db.session.refresh(account)
    assert account.email == EMAIL


@pytest.mark.parametrize(
    "email", ["", "x", "a@b", "a b@example.test", "a@example.test\nBcc: c@d.test"]
)
def test_what_is_no_address_is_refused(owner: FlaskClient, email: str, mail: Carried) -> None:
    assert owner.post("/me/security/email", data={"email": email}).status_code == 422
    assert not mail.sent


def test_a_new_phone_counts_with_the_code_sent_to_it(
    owner: FlaskClient,
    account: Account,
    sms: Carried,
    mail: Carried,
    last_code: Callable[[], str],
) -> None:
    answer = owner.post("/me/security/phone", data={"phone": "139 0013 9000"})
    assert answer.location == "/me/security/phone/code"
    assert sms.sent[-1][0] == "+8613900139000"
    wrong = f"{(int(last_code()) + 1) % 10**6:06d}"
    assert owner.post(answer.location, data={"code": wrong}).status_code == 422
    assert owner.post(answer.location, data={"code": last_code()}).location == "/me/security"
    found = find_account_by_phone("+8613900139000")
    assert found is not None
    assert found.id == account.id
    assert find_account_by_phone(PHONE) is None
    assert "139****9000" in owner.get("/me/security").text
    assert "account.phone_changed" in actions()


def test_a_phone_of_another_account_stays_there(
    owner: FlaskClient, account: Account, sms: Carried, last_code: Callable[[], str]
) -> None:
    other = factories.make_account(phone="+8613900139000")
    owner.post("/me/security/phone", data={"phone": "139 0013 9000"})
    answer = owner.post("/me/security/phone/code", data={"code": last_code()})
    assert answer.status_code == 409
    assert find_account_by_phone("+8613900139000").id == other.id  # type: ignore[union-attr]
    assert find_account_by_phone(PHONE).id == account.id  # type: ignore[union-attr]


def test_the_list_shows_device_network_and_this_one(
    client: FlaskClient, browser: Callable[..., FlaskClient], account: Account
) -> None:
    wechat = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.40"
    )
    data = {"way": "password", "identity": EMAIL, "password": OLD}
    phone = browser("203.0.113.77")
    phone.post("/login", data=data, headers={"User-Agent": wechat})
    client.post("/login", data=data, headers={"User-Agent": "Mozilla/5.0 (Windows NT) Edg/120"})
    text = client.get("/me/sign-ins").text
    assert "WeChat · iPhone" in text
    assert "203.0.113.0/24" in text
    assert "203.0.113.77" not in text
    assert "Edge · Windows" in text
    assert text.count("This device") == 1


def test_ending_one_session_asks_and_is_recorded(
    owner: FlaskClient, account: Account, browser: Callable[..., FlaskClient]
) -> None:
    other = factories.sign_in(browser(), account)
    page = owner.get("/me/sign-ins").text
    link = re.search(r'href="(/me/sign-ins/[^"]+/end)"', page)[1]  # type: ignore[index]
    assert owner.get(link).status_code == 200
    assert other.get("/me/security").status_code == 200, "asking ends nothing"
    assert owner.post(link).location == "/me/sign-ins"
    assert other.get("/me/security").status_code == 302
    assert owner.get("/me/security").status_code == 200
    assert owner.post(link).status_code == 404
    assert actions() == ["sign_in.ended"]


def test_nobody_ends_another_accounts_session_or_ones_own_here(
    owner: FlaskClient, account: Account, browser: Callable[..., FlaskClient]
) -> None:
    other = factories.make_account()
    stranger = factories.sign_in(browser(), other)
    for sign_in in db.session.scalars(sa.select(SignIn)).all():
        link = f"/me/sign-ins/{sign_in.public_id}/end"
        assert owner.get(link).status_code == 404
        assert owner.post(link).status_code == 404
    assert stranger.get("/me/security").status_code == 200


def test_ending_all_others_asks_and_is_recorded(
    owner: FlaskClient, account: Account, browser: Callable[..., FlaskClient]
) -> None:
    others = [factories.sign_in(browser(), account) for _ in range(3)]
    assert owner.get("/me/sign-ins/end-others").status_code == 200
    assert others[0].get("/me/security").status_code == 200
    assert owner.post("/me/sign-ins/end-others").location == "/me/sign-ins"
    assert [other.get("/me/security").status_code for other in others] == [302] * 3
    assert owner.get("/me/security").status_code == 200
    assert actions() == ["sign_in.others_ended"]


def test_the_pages_send_few_statements(
    owner: FlaskClient, account: Account, browser: Callable[..., FlaskClient], query_count: Callable
) -> None:
    for _ in range(5):
        factories.sign_in(browser(), account)
    for path in ("/me/security", "/me/sign-ins"):
        with query_count() as sent:
            assert owner.get(path).status_code == 200
        assert len(sent) <= 6, sent.texts
