"""Signing in with a password, and what slows down those who guess."""

from collections.abc import Callable
from datetime import timedelta

import argon2
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts import passwords, tries
from portal.accounts.models import Account, SignIn, SignInFailure
from portal.accounts.passwords import hash_password, verify_password
from portal.extensions import db
from tests import factories
from tests.accounts.conftest import MovableClock

PASSWORD = "kettle-Moon-42-lamp"
EMAIL = "lin@example.test"
PHONE = "+8613800138000"


@pytest.fixture
def account(app: Flask) -> Account:
    return factories.make_account(
        phone=PHONE, email=EMAIL, password_hash=hash_password(PASSWORD), display_name="林晓芸"
    )


def enter(client: FlaskClient, identity: str = EMAIL, password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    data = {"way": "password", "identity": identity, "password": password, **more}
    return client.post("/login", data=data)


@pytest.mark.parametrize(
    "identity",
    [
        EMAIL,
        "LIN@Example.Test",
        " lin@example.test ",
        "138 0013 8000",
        "００86１３８００１３８０００",
    ],
)
def test_phone_or_address_and_password_open_a_session(
    client: FlaskClient, account: Account, identity: str
) -> None:
    answer = enter(client, identity)
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/me/sign-ins").status_code == 200


@pytest.mark.parametrize(
    ("identity", "password"),
    [
        (EMAIL, "wrong-wrong-wrong"),
        ("nobody@example.test", PASSWORD),
        ("13900139000", PASSWORD),
        ("nobody", PASSWORD),
        (EMAIL, f" {PASSWORD}"),
        (EMAIL, PASSWORD.upper()),
    ],
)
def test_every_wrong_pair_gets_the_same_answer(
    client: FlaskClient, account: Account, identity: str, password: str
) -> None:
    answer = enter(client, identity, password)
    assert answer.status_code == 422
    assert "Number, e-mail address or password is not right." in answer.text
    assert f'value="{identity.strip()}"' in answer.text
    assert password not in answer.text.replace(identity, "")


def test_an_unknown_identity_costs_a_hash_as_well(
    app: Flask, client: FlaskClient, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    true_verify = argon2.PasswordHasher.verify

    def note(self: argon2.PasswordHasher, kept: str, password: str) -> bool:
        seen.append(kept)
        return true_verify(self, kept, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", note)
    enter(client, "nobody@example.test", "some password")
    enter(client, EMAIL, "some password")
    assert len(seen) == 2
    assert argon2.extract_parameters(seen[0]) == argon2.extract_parameters(seen[1])


def test_an_account_without_a_password_has_none(app: Flask, client: FlaskClient) -> None:
    factories.make_account(email=EMAIL)
    for password in ("nobody has this password", "x"):
        assert enter(client, EMAIL, password).status_code == 422
    assert not verify_password(None, "nobody has this password")


def test_no_transaction_is_open_while_the_hash_is_made(
    client: FlaskClient, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[bool] = []

    def look(kept: str | None, password: str) -> bool:
        opened.append(db.session().in_transaction())
        return verify_password(kept, password)

    monkeypatch.setattr("portal.accounts.proofs.verify_password", look)
    enter(client)
    assert opened == [False]


def test_a_hash_of_older_parameters_is_renewed(client: FlaskClient, account: Account) -> None:
    older = argon2.PasswordHasher(time_cost=3, memory_cost=64, parallelism=1).hash(PASSWORD)
    account.password_hash = older
    assert enter(client).status_code == 303
    db.session.refresh(account)
    assert account.password_hash != older
    assert not passwords.needs_rehash(account.password_hash or "")
    assert verify_password(account.password_hash, PASSWORD)


def test_ten_wrong_tries_slow_down_and_keep_what_was_typed(
    client: FlaskClient, account: Account, time: MovableClock
) -> None:
    for _ in range(tries.FREE_TRIES):
        assert enter(client, password="wrong").status_code == 422
    for number in range(5):
        answer = enter(client, password="wrong")
        assert answer.status_code == 429
        wait = tries.FIRST_WAIT * 2**number
        assert int(answer.headers["Retry-After"]) == wait.total_seconds()
        assert f'value="{EMAIL}"' in answer.text
        time.move(seconds=wait.total_seconds() - 1)
        assert enter(client).status_code == 429, "even the right one has to wait"
        time.move(seconds=1)
        assert enter(client, password="wrong").status_code == 422
    time.move(minutes=15)
    assert enter(client).status_code == 303


def test_a_stranger_cannot_lock_the_owner_out(
    account: Account, browser: Callable[..., FlaskClient], time: MovableClock
) -> None:
    stranger, owner = browser("198.51.100.9"), browser("203.0.113.5")
    for _ in range(30):
        enter(stranger, password="wrong")
    assert enter(stranger).status_code == 429
    assert enter(owner).status_code == 303


def test_the_owners_device_is_counted_apart_in_the_strangers_network(
    account: Account, browser: Callable[..., FlaskClient], time: MovableClock
) -> None:
    owner, stranger = browser("203.0.113.5"), browser("203.0.113.77")
    assert enter(owner).status_code == 303
    owner.post("/logout")
    for _ in range(tries.FREE_TRIES):
        enter(stranger, password="wrong")
    assert enter(stranger).status_code == 429
    assert enter(owner).status_code == 303


def test_a_forged_device_cookie_is_a_strangers(
    account: Account, browser: Callable[..., FlaskClient], time: MovableClock
) -> None:
    client = browser()
    for number in range(tries.FREE_TRIES):
        client.set_cookie("device", f'["made-up-{number}",["{account.public_id}"]].signature')
        enter(client, password="wrong")
    client.set_cookie("device", f'["made-up",["{account.public_id}"]].signature')
    assert enter(client).status_code == 429


def test_a_right_password_forgets_the_wrong_ones(
    client: FlaskClient, account: Account, time: MovableClock
) -> None:
    for _ in range(tries.FREE_TRIES - 1):
        enter(client, password="wrong")
    assert enter(client).status_code == 303
    assert db.session.scalars(sa.select(SignInFailure)).all() == []


def test_tries_are_forgotten_after_a_day(
    client: FlaskClient, account: Account, time: MovableClock
) -> None:
    for _ in range(tries.FREE_TRIES + 1):
        enter(client, password="wrong")
    time.move(days=1, seconds=1)
    for _ in range(tries.FREE_TRIES):
        assert enter(client, password="wrong").status_code == 422


def test_the_wait_grows_to_a_quarter_of_an_hour() -> None:
    waits = [tries.wait_after(number) for number in range(4, 20)]
    assert waits[0] == timedelta()
    assert waits[1:4] == [timedelta(seconds=15), timedelta(seconds=30), timedelta(seconds=60)]
    assert waits[-1] == timedelta(minutes=15)
    assert waits == sorted(waits)


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        ("/me/security", "/me/security"),
        ("/p/binjiang/?a=1", "/p/binjiang/?a=1"),
        ("//evil.test/", "/"),
        ("https://evil.test/", "/"),
        ("/\\evil.test/", "/"),
        ("\\\\evil.test", "/"),
        ("/\t/evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("///evil.test", "/"),
        ("/me\r\nSet-Cookie: a=b", "/"),
    ],
)
def test_next_leads_only_to_our_own_paths(
    client: FlaskClient, account: Account, target: str, reached: str
) -> None:
    assert enter(client, next=target).location == reached
    # Signed in already: the page leads on by the same rule.
    assert client.get("/login", query_string={"next": target}).location == reached


def test_demo_people_are_refused_outside_the_demo(
    app: Flask, client: FlaskClient, account: Account, real_settings: None
) -> None:
    account.is_demo = True
    answer = enter(client)
    assert answer.status_code == 422
    assert "is not right" in answer.text
    account.is_demo = False
    assert enter(client).status_code == 303


def test_a_planted_cookie_is_worth_nothing_after(client: FlaskClient, account: Account) -> None:
    with client.session_transaction() as session:
        session["planted"] = "yes"
    enter(client)
    with client.session_transaction() as session:
        assert "planted" not in session


def test_signing_in_over_another_session_ends_that_one(
    client: FlaskClient, account: Account, browser: Callable[..., FlaskClient]
) -> None:
    factories.sign_in(client, factories.make_account())
    with client.session_transaction() as session:
        before = dict(session)
    enter(client)
    with client.session_transaction() as session:
        assert session["_user_id"] != before["_user_id"]
    left_behind = browser()
    with left_behind.session_transaction() as session:
        session.update(before)
    assert left_behind.get("/me/security").status_code == 302


def test_signing_out_ends_the_row_and_the_stolen_cookie(
    client: FlaskClient, account: Account, browser: Callable[..., FlaskClient]
) -> None:
    enter(client)
    with client.session_transaction() as session:
        stolen = dict(session)
    assert client.post("/logout").status_code == 303
    assert db.session.scalars(sa.select(SignIn)).one().ended_at is not None
    thief = browser()
    with thief.session_transaction() as session:
        session.update(stolen)
    assert thief.get("/me/security").location == "/login?next=/me/security"


def test_a_session_ends_after_thirty_idle_days(
    app: Flask, client: FlaskClient, account: Account, time: MovableClock
) -> None:
    app.extensions.pop("portal.seen", None)
    enter(client)
    time.move(days=29)
    answer = client.get("/me/security")
    assert answer.status_code == 200
    answer.close()
    time.move(days=29)
    assert client.get("/me/security").status_code == 200
    time.move(days=30, seconds=1)
    assert client.get("/me/security").status_code == 302


def test_a_session_ends_after_half_a_year_however_often_it_is_used(
    app: Flask, client: FlaskClient, account: Account, time: MovableClock
) -> None:
    enter(client)
    for _ in range(8):
        # A new buffer writes at once.
        app.extensions.pop("portal.seen", None)
        time.move(days=22)
        answer = client.get("/me/security")
        assert answer.status_code == 200
        answer.close()
    time.move(days=5)
    assert client.get("/me/security").status_code == 302


def test_a_get_notes_when_it_was_seen_only_after_the_answer(
    app: Flask, client: FlaskClient, account: Account, time: MovableClock
) -> None:
    app.extensions.pop("portal.seen", None)
    enter(client)
    opened = db.session.scalars(sa.select(SignIn.last_seen_at)).one()
    time.move(seconds=59)
    client.get("/me/security").close()
    db.session.rollback()
    assert db.session.scalars(sa.select(SignIn.last_seen_at)).one() == opened
    time.move(seconds=2)
    answer = client.get("/me/security")
    db.session.rollback()
    assert db.session.scalars(sa.select(SignIn.last_seen_at)).one() == opened
    db.session.rollback()
    answer.close()
    assert db.session.scalars(sa.select(SignIn.last_seen_at)).one() == time.at
