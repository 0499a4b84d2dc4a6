"""The second step of signing in."""

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts import second_factor
from portal.accounts.models import Account, RecoveryCode, SignIn
from portal.accounts.passwords import hash_password
from portal.extensions import db
from tests import factories
from tests.accounts.conftest import MovableClock
from tests.carried import Carried

PASSWORD = "kettle-Moon-42-lamp"
EMAIL = "lin@example.test"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PAGE = "/me/security/second-step"


@pytest.fixture
def account(app: Flask, time: MovableClock) -> Account:
    return factories.make_account(
        email=EMAIL,
        password_hash=hash_password(PASSWORD),
        totp_secret=SECRET,
        totp_confirmed_at=time.at,
    )


def code_at(time: MovableClock, steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(time.at + timedelta(seconds=30 * steps))


def first_step(client: FlaskClient, **more: str):  # type: ignore[no-untyped-def]
    data = {"way": "password", "identity": EMAIL, "password": PASSWORD, **more}
    return client.post("/login", data=data)


def second_step(client: FlaskClient, code: str, query: str = ""):  # type: ignore[no-untyped-def]
    return client.post(f"/login/second-step{query}", data={"code": code})


def test_a_password_alone_opens_nothing(
    client: FlaskClient, account: Account, time: MovableClock
) -> None:
    answer = first_step(client, next="/me/sign-ins")
    assert answer.location == "/login/second-step?next=/me/sign-ins"
    assert db.session.scalars(sa.select(SignIn)).all() == []
    assert client.get("/me/security").status_code == 302
    answer = second_step(client, code_at(time), "?next=/me/sign-ins")
    assert answer.location == "/me/sign-ins"
    assert db.session.scalars(sa.select(SignIn)).one().second_factor


def test_the_second_step_needs_the_first(client: FlaskClient, account: Account) -> None:
    assert client.get("/login/second-step").location == "/login"
    assert second_step(client, "123456").location == "/login"


def test_the_first_step_is_good_for_ten_minutes(
    client: FlaskClient, account: Account, time: MovableClock
) -> None:
    first_step(client)
    time.move(minutes=10, seconds=1)
    assert second_step(client, code_at(time)).location == "/login"


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_phone_may_be_half_a_minute_off(
    client: FlaskClient, account: Account, time: MovableClock, steps: int
) -> None:
    first_step(client)
    assert second_step(client, code_at(time, steps)).status_code == 303


@pytest.mark.parametrize("steps", [-2, 2, 100])
def test_not_more_than_that(
    client: FlaskClient, account: Account, time: MovableClock, steps: int
) -> None:
    first_step(client)
    assert second_step(client, code_at(time, steps)).status_code == 422


def test_a_code_is_never_taken_twice(
    client: FlaskClient, account: Account, time: MovableClock, browser: Callable[..., FlaskClient]
) -> None:
    first_step(client)
    assert second_step(client, code_at(time)).status_code == 303
    thief = browser("198.51.100.9")
    first_step(thief)
    assert second_step(thief, code_at(time)).status_code == 422
    assert second_step(thief, code_at(time, -1)).status_code == 422, "nor one before it"
    time.move(seconds=30)
    assert second_step(thief, code_at(time)).status_code == 303


def test_guessing_is_slowed_down_from_wherever_it_comes(
    account: Account, time: MovableClock, browser: Callable[..., FlaskClient]
) -> None:
    owner = browser("203.0.113.5")
    first_step(owner)
    assert second_step(owner, code_at(time)).status_code == 303
    owner.post("/logout")
    for number in range(5):
        guesser = browser(f"198.51.{number}.9")
        first_step(guesser)
        assert second_step(guesser, "000000").status_code == 422
    guesser = browser("198.51.77.9")
    first_step(guesser)
    answer = second_step(guesser, "000000")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "15"
    first_step(owner)
    time.move(seconds=30 - 15 % 30)
    assert second_step(owner, code_at(time, 1)).status_code == 303, "the owner's device goes on"


def test_a_recovery_code_works_once(
    client: FlaskClient, account: Account, time: MovableClock
) -> None:
    codes = second_factor.renew_recovery_codes(account=account)
    db.session.commit()
    assert len(set(codes)) == 10
    first_step(client)
    assert second_step(client, codes[0].upper().replace("-", " ")).status_code == 303
    client.post("/logout")
    first_step(client)
    assert second_step(client, codes[0]).status_code == 422
    assert second_step(client, codes[1]).status_code == 303
    kept = db.session.scalars(sa.select(RecoveryCode.code_hash)).all()
    assert not {code.encode() for code in codes} & set(kept)


def test_another_accounts_recovery_code_is_worth_nothing(
    client: FlaskClient, account: Account, time: MovableClock
) -> None:
    codes = second_factor.renew_recovery_codes(account=factories.make_account())
    db.session.commit()
    first_step(client)
    assert second_step(client, codes[0]).status_code == 422


def test_setting_it_up(client: FlaskClient, app: Flask, time: MovableClock, mail: Carried) -> None:
    account = factories.make_account(email=EMAIL, password_hash=hash_password(PASSWORD))
    first_step(client)
    assert "data:image/svg" not in client.get(PAGE).text
    assert client.post(f"{PAGE}/begin").location == PAGE
    page = client.get(PAGE)
    db.session.refresh(account)
    assert account.totp_secret
    assert "data:image/svg" in page.text
    assert account.totp_secret[:4] in page.text
    assert "style=" not in page.text
    assert client.post(f"{PAGE}/confirm", data={"code": "000000"}).status_code == 422
    db.session.refresh(account)
    assert account.totp_confirmed_at is None
    code = pyotp.TOTP(account.totp_secret).at(time.at)
    answer = client.post(f"{PAGE}/confirm", data={"code": code})
    assert answer.status_code == 200
    assert answer.text.count('<li class="num') == 10
    assert mail.sent
    assert client.post(f"{PAGE}/confirm", data={"code": code}).location == PAGE, "not again"
    assert client.post(f"{PAGE}/begin").location == PAGE
    db.session.refresh(account)
    assert pyotp.TOTP(account.totp_secret or "").at(time.at) == code, "the secret stays"


def test_taking_it_off_and_renewing_codes(
    client: FlaskClient, account: Account, time: MovableClock, mail: Carried
) -> None:
    first_step(client)
    second_step(client, code_at(time))
    assert client.post(f"{PAGE}/recovery-codes").text.count('<li class="num') == 10
    assert "10" in client.get(PAGE).text
    assert client.post(f"{PAGE}/remove").location == "/me/security"
    db.session.refresh(account)
    assert account.totp_secret is None
    assert db.session.scalars(sa.select(RecoveryCode)).all() == []
    client.post("/logout")
    assert first_step(client).location == "/"
    assert client.post(f"{PAGE}/recovery-codes").location == PAGE


def test_who_must_set_it_up(app: Flask, real_settings: None, time: MovableClock) -> None:
    account = factories.make_account()
    assert second_factor.needs_set_up(account, has_role=True)
    assert not second_factor.needs_set_up(account, has_role=False)
    account.totp_confirmed_at = time.at
    assert not second_factor.needs_set_up(account, has_role=True)


def test_in_a_demo_it_is_only_offered(app: Flask) -> None:
    assert not second_factor.needs_set_up(factories.make_account(), has_role=True)


def test_the_secret_is_sealed_in_the_database(app: Flask, account: Account) -> None:
    kept = db.session.execute(sa.text("SELECT totp_secret FROM account")).scalar_one()
    assert SECRET.encode() not in bytes(kept)
