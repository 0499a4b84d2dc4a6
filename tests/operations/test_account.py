"""`portal account`: the first administrator, roles, forgotten passwords."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.accounts.models import Account, SignIn
from portal.accounts.passwords import verify_password
from portal.accounts.queries import find_account_by_email, find_account_by_phone
from portal.audit.models import AuditEntry
from portal.club.models import Club, LegalText
from portal.extensions import db
from portal.operations.account_cli import commands
from portal.permissions.queries import rights_of
from tests import factories as make

GOOD = "seven quiet herons at noon"
ADMIN = ["create-admin", "--name", "罗欣", "--email", "Admin@Example.com", "--password", GOOD]


@pytest.fixture
def run(app: Flask) -> Any:
    def invoke(*args: str, typed: str | None = None) -> Any:
        db.session.commit()
        result = app.test_cli_runner().invoke(commands, list(args), input=typed)
        db.session.rollback()
        return result

    return invoke


def count(model: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_the_first_administrator_sets_up_the_club(run: Any) -> None:
    result = run(*ADMIN, "--club", "云栖会")
    assert result.exit_code == 0, result.output
    account = find_account_by_email("admin@example.com")
    assert account is not None
    assert verify_password(account.password_hash, GOOD)
    assert not account.is_demo
    assert "club.settings" in rights_of(account.id).club
    assert db.session.scalars(sa.select(Club)).one().name == {"zh_Hans_CN": "云栖会"}
    texts = db.session.scalars(sa.select(LegalText)).all()
    assert {(text.kind, text.version) for text in texts} == {("terms", 1), ("privacy", 1)}
    assert GOOD not in result.output


def test_what_is_left_out_is_asked_for(run: Any) -> None:
    result = run("create-admin", typed=f"罗欣\nadmin@example.com\n{GOOD}\n{GOOD}\n")
    assert result.exit_code == 0, result.output
    assert GOOD not in result.output
    assert find_account_by_email("admin@example.com") is not None


def test_an_administrator_may_sign_in_by_phone(run: Any) -> None:
    result = run("create-admin", "--name", "罗欣", "--phone", "199 0000 7001", "--password", GOOD)
    assert result.exit_code == 0, result.output
    assert find_account_by_phone("+8619900007001") is not None


def test_a_second_administrator_leaves_club_and_texts_as_they_are(run: Any) -> None:
    run(*ADMIN, "--club", "云栖会")
    again = run("create-admin", "--name", "B", "--email", "b@example.com", "--password", GOOD)
    assert again.exit_code == 0, again.output
    assert "set up" not in again.output
    assert (count(Club), count(LegalText), count(Account)) == (1, 2, 2)


def test_an_address_that_is_taken_is_refused_and_nothing_is_kept(run: Any) -> None:
    make.make_account(email="admin@example.com")
    result = run(*ADMIN)
    assert result.exit_code == 1
    assert "portal account grant admin@example.com administrator" in result.output
    assert (count(Account), count(Club)) == (1, 0)


@pytest.mark.parametrize("password", ["short", "woaini1314520", "1234567890123", "admin@example"])
def test_weak_passwords_are_refused(run: Any, password: str) -> None:
    result = run(*ADMIN[:-1], password)
    assert result.exit_code == 1
    assert result.output.startswith("Error: Password: ")
    assert count(Account) == 0


@pytest.mark.parametrize(
    ("option", "value"), [("--email", "nobody"), ("--phone", "0571-88888888"), ("--phone", "12")]
)
def test_what_is_no_address_is_refused(run: Any, option: str, value: str) -> None:
    result = run("create-admin", "--name", "B", option, value, "--password", GOOD)
    assert result.exit_code == 2
    assert option in result.output


def test_a_role_is_given_for_a_project_or_for_the_club(run: Any) -> None:
    project = make.make_project()
    account = make.make_account(phone="+8619900007002", email="s@example.com")
    id_ = account.id
    assert run("grant", "s@example.com", "staff", "--project", "binjiang").exit_code == 0
    assert rights_of(id_).by_project.keys() == {project.id}
    assert run("grant", "199-0000-7002", "centre").exit_code == 0
    assert "members.view" in rights_of(id_).club
    actions = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert actions.count("role.granted") == 2


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("nobody@example.com", "staff"), 1, "No account"),
        (("19900009999", "staff"), 1, "No account"),
        (("hello", "staff"), 1, "neither"),
        (("s@example.com", "king"), 2, "king"),
        (("s@example.com", "staff", "--project", "nowhere"), 1, "no project nowhere"),
        (("s@example.com", "leader"), 1, "holds this role already"),
    ],
)
def test_a_role_that_cannot_be_given_is_said(
    run: Any, args: tuple[str, ...], code: int, words: str
) -> None:
    make.make_staff("leader", email="s@example.com")
    result = run("grant", *args)
    assert result.exit_code == code
    assert words in result.output


def test_a_password_is_reset_and_every_session_ends(run: Any, client: Any) -> None:
    account = make.make_account(email="s@example.com")
    id_ = account.id
    make.sign_in(client, account)
    result = run("reset-password", "s@example.com", typed=f"{GOOD}\n{GOOD}\n")
    assert result.exit_code == 0, result.output
    assert GOOD not in result.output
    assert verify_password(db.session.get_one(Account, id_).password_hash, GOOD)
    assert db.session.scalars(sa.select(SignIn)).one().ended_at is not None


def test_a_generated_password_is_printed_and_works(run: Any) -> None:
    id_ = make.make_account(phone="+8619900007003").id
    result = run("reset-password", "19900007003", "--generate")
    assert result.exit_code == 0, result.output
    printed = result.output.rsplit("New password: ", 1)[1].strip()
    assert len(printed) >= 16
    assert verify_password(db.session.get_one(Account, id_).password_hash, printed)


def test_an_unknown_account_has_no_password_to_reset(run: Any) -> None:
    result = run("reset-password", "nobody@example.com", "--generate")
    assert result.exit_code == 1
    assert "No account" in result.output


def test_a_lost_second_step_is_taken_off_and_every_session_ends(run: Any, client: Any) -> None:
    account = make.make_account(email="s@example.com", totp_confirmed_at=clock.now())
    id_ = account.id
    make.sign_in(client, account)
    refused = run("reset-second-step", "s@example.com", typed="n\n")
    assert refused.exit_code == 1
    assert db.session.get_one(Account, id_).totp_confirmed_at is not None
    done = run("reset-second-step", "s@example.com", "--yes")
    assert done.exit_code == 0, done.output
    db.session.expire_all()
    assert db.session.get_one(Account, id_).totp_confirmed_at is None
    assert db.session.scalars(sa.select(SignIn)).one().ended_at is not None
    again = run("reset-second-step", "s@example.com", "--yes")
    assert again.exit_code == 1
    assert "no second step" in again.output
