"""No answer tells a stranger who has an account."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts import tries
from portal.accounts.models import Account, OneTimeCode
from portal.accounts.passwords import hash_password
from portal.extensions import db
from tests import factories
from tests.accounts.conftest import MovableClock
from tests.carried import AFTER_REQUEST, Carried, deliver

EMAIL, PHONE = "lin@example.test", "+8613800138000"


@pytest.fixture
def account(app: Flask) -> Account:
    return factories.make_account(
        phone=PHONE, email=EMAIL, password_hash=hash_password("kettle-Moon-42-lamp")
    )


def test_an_unknown_address_costs_the_same_statements(
    client: FlaskClient,
    browser: Callable[..., FlaskClient],
    account: Account,
    mail: Carried,
    query_count: Callable[..., object],
) -> None:
    # What a runner does later is in no answer's time.
    mail.app.extensions.pop(AFTER_REQUEST)
    counts = []
    for number, identity in enumerate((EMAIL, "nobody@example.test")):
        with query_count() as sent:  # type: ignore[attr-defined]
            browser(f"198.51.{number}.1").post("/forgot", data={"identity": identity})
        counts.append([text.split()[0] for text in sent.texts])
    assert counts[0] == counts[1]
    deliver(mail.app)
    assert len(mail.sent) == 1
    assert db.session.query(OneTimeCode).filter_by(account_id=None).count() == 1


def test_waiting_does_not_tell_that_phone_and_address_are_one_persons(
    client: FlaskClient, account: Account, time: MovableClock
) -> None:
    def wrong(identity: str) -> int:
        data = {"way": "password", "identity": identity, "password": "wrong"}
        return client.post("/login", data=data).status_code

    assert [wrong(PHONE) for _ in range(tries.FREE_TRIES + 1)][-1] == 429
    assert wrong(EMAIL) == wrong("nobody@example.test") == 422
