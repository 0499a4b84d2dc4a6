"""Signing in with a code sent to the phone."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts import codes
from portal.accounts.models import AccountState, OneTimeCode, SignIn
from portal.crypto import token_hash
from portal.extensions import db
from tests import factories
from tests.accounts.conftest import MovableClock
from tests.carried import Carried

PHONE = "+8613800138000"
TYPED = "138 0013 8000"
CodeReader = Callable[[], str]


def ask(client: FlaskClient, phone: str = TYPED) -> object:
    return client.post("/login", data={"way": "code", "phone": phone, "act": "send"})


def enter(client: FlaskClient, code: str, phone: str = TYPED, **more: str):  # type: ignore[no-untyped-def]
    return client.post("/login", data={"way": "code", "phone": phone, "code": code, **more})


def session_of(client: FlaskClient) -> dict[str, object]:
    with client.session_transaction() as session:
        return dict(session)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


@pytest.mark.parametrize(
    "typed",
    ["13800138000", "138-0013-8000", "+86 138 0013 8000", "0086 138 0013 8000",
     "１３８００１３８０００", "＋８６１３８００１３８０００", " 138 0013 8000\u3000"],
)  # fmt: skip
def test_every_way_to_write_a_phone_is_one_phone(
    client: FlaskClient, sms: Carried, last_code: CodeReader, typed: str
) -> None:
    account = factories.make_account(phone=PHONE)
    assert ask(client, typed).status_code == 303
    assert sms.sent[-1][0] == PHONE
    answer = enter(client, last_code(), phone=typed)
    assert answer.status_code == 303
    assert answer.location == "/"
    sign_in = db.session.scalars(sa.select(SignIn)).one()
    assert sign_in.account_id == account.id
    assert client.get("/me/security").status_code == 200


@pytest.mark.parametrize(
    "typed", ["", "12345", "010-6552 9988", "abc", "138001380001234", "1" * 41]
)
def test_what_is_no_mobile_number_is_refused_and_kept(
    client: FlaskClient, sms: Carried, typed: str
) -> None:
    answer = ask(client, typed)
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text
    assert not sms.sent


def test_full_width_digits_of_a_code_are_read(
    client: FlaskClient, sms: Carried, last_code: CodeReader
) -> None:
    factories.make_account(phone=PHONE)
    ask(client)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in last_code())
    assert enter(client, f" {wide[:3]} {wide[3:]} ").status_code == 303


def test_the_page_never_tells_whether_a_phone_has_an_account(
    client: FlaskClient, sms: Carried, browser: Callable[..., FlaskClient]
) -> None:
    factories.make_account(phone=PHONE)
    known, unknown = ask(client), ask(browser("198.51.100.7"), "139 0013 9000")
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert len(sms.sent) == 2
    for path in ("wrong", "again"):
        first = enter(client, "000000") if path == "wrong" else ask(client)
        second = (
            enter(browser("198.51.100.8"), "000000", "139 0013 9000")
            if path == "wrong"
            else ask(browser("198.51.100.7"), "139 0013 9000")
        )
        assert first.status_code == second.status_code


def test_a_proved_phone_without_account_leads_to_joining(
    client: FlaskClient, sms: Carried, last_code: CodeReader
) -> None:
    ask(client)
    answer = enter(client, last_code(), next="/p/binjiang/")
    assert answer.location == "/join?next=/p/binjiang/"
    assert session_of(client)["verified_phone"]["phone"] == PHONE
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 0


def test_a_code_works_once(client: FlaskClient, sms: Carried, last_code: CodeReader) -> None:
    factories.make_account(phone=PHONE)
    ask(client)
    kept = session_of(client)
    assert enter(client, last_code()).status_code == 303
    client.post("/logout")
    with client.session_transaction() as session:
        session.update(kept)
    answer = enter(client, last_code())
    assert answer.status_code == 422
    assert "no longer valid" in answer.text


def test_a_code_is_valid_for_five_minutes(
    client: FlaskClient, sms: Carried, last_code: CodeReader, time: MovableClock
) -> None:
    factories.make_account(phone=PHONE)
    ask(client)
    time.move(minutes=5, seconds=1)
    assert enter(client, last_code()).status_code == 422


def test_after_five_wrong_tries_the_right_code_is_worthless(
    client: FlaskClient, sms: Carried, last_code: CodeReader
) -> None:
    factories.make_account(phone=PHONE)
    ask(client)
    for _ in range(codes.WRONG_TRIES):
        assert enter(client, other_than(last_code())).status_code == 422
    assert enter(client, last_code()).status_code == 422
    assert db.session.scalars(sa.select(OneTimeCode)).one().wrong_tries == codes.WRONG_TRIES


def test_a_stranger_cannot_use_up_the_tries_of_a_code(
    client: FlaskClient,
    sms: Carried,
    last_code: CodeReader,
    browser: Callable[..., FlaskClient],
) -> None:
    factories.make_account(phone=PHONE)
    ask(client)
    stranger = browser("198.51.100.9")
    for _ in range(10):
        assert enter(stranger, "000000").status_code in (303, 422)
    assert enter(client, first_code(sms)).status_code == 303


def test_a_code_counts_only_in_the_browser_that_asked(
    client: FlaskClient,
    sms: Carried,
    last_code: CodeReader,
    browser: Callable[..., FlaskClient],
) -> None:
    factories.make_account(phone=PHONE)
    ask(client)
    code = last_code()
    thief = browser()
    thief.get("/login")
    with thief.session_transaction() as session:
        session["code.sign_in"] = [PHONE, "guessed"]
    assert enter(thief, code).status_code == 422


def test_a_second_code_waits_a_minute(
    client: FlaskClient, sms: Carried, last_code: CodeReader, time: MovableClock
) -> None:
    factories.make_account(phone=PHONE)
    ask(client)
    first = last_code()
    answer = ask(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert len(sms.sent) == 1
    assert enter(client, first).status_code == 303
    client.post("/logout")
    time.move(seconds=61)
    assert ask(client).status_code == 303


def test_a_phone_gets_ten_codes_a_day_and_its_own_device_ten_more(
    client: FlaskClient,
    sms: Carried,
    last_code: CodeReader,
    time: MovableClock,
    browser: Callable[..., FlaskClient],
) -> None:
    factories.make_account(phone=PHONE)
    ask(client)
    enter(client, last_code())
    client.post("/logout")
    for number in range(codes.PER_TARGET_A_DAY + 5):
        time.move(seconds=61)
        ask(browser(f"198.51.{number}.7"))
    assert len(sms.sent) == codes.PER_TARGET_A_DAY
    answer = ask(browser("203.0.113.5"))
    assert answer.status_code == 429
    assert ask(client).status_code == 303


def test_a_network_gets_forty_codes_a_day(
    sms: Carried, browser: Callable[..., FlaskClient], time: MovableClock, app: Flask
) -> None:
    for number in range(codes.PER_PLACE_A_DAY):
        # All of them in one /24.
        assert ask(browser(f"198.51.100.{number + 1}"), f"139{number:08d}").status_code == 303
    assert ask(browser("198.51.100.200"), "138 0013 8000").status_code == 429
    assert ask(browser("198.51.101.200"), "138 0013 8000").status_code == 303


def test_a_code_is_kept_as_a_keyed_hash(
    client: FlaskClient, sms: Carried, last_code: CodeReader
) -> None:
    ask(client)
    kept = db.session.execute(sa.text("SELECT * FROM one_time_code")).mappings().one()
    code = last_code()
    for value in kept.values():
        raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        assert code.encode() not in raw
        assert raw != token_hash(code)
        assert b"13800138000" not in raw


def test_a_closed_account_is_not_let_in(
    client: FlaskClient, sms: Carried, last_code: CodeReader
) -> None:
    factories.make_account(phone=PHONE, state=AccountState.CLOSED)
    ask(client)
    answer = enter(client, last_code())
    assert answer.status_code == 422
    assert "_user_id" not in session_of(client)


def test_enter_without_a_code_asks_for_one(client: FlaskClient, sms: Carried) -> None:
    answer = client.post("/login", data={"way": "code", "phone": TYPED})
    assert answer.status_code == 303
    assert len(sms.sent) == 1
    assert client.post("/login", data={"way": "code", "phone": TYPED}).status_code == 422
    assert len(sms.sent) == 1


def test_huge_input_is_a_refusal(client: FlaskClient, sms: Carried) -> None:
    for field in ("phone", "code", "identity", "password", "next"):
        data = {"way": "code", "phone": TYPED, field: "9" * 20_000}
        assert client.post("/login", data=data).status_code == 422
    assert client.post("/login", data={"way": "x" * 400_000}).status_code == 422
    assert not sms.sent


def first_code(sms: Carried) -> str:
    """Return the code that was sent first."""
    return "".join(char for char in sms.sent[0][1] if char.isdigit())[:6]
