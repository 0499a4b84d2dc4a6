"""Two at once: a code, a link, a time step, a phone, a guess counts for one of them only."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.accounts import codes, second_factor, service, tries
from portal.accounts.codes import Asker, CodeError
from portal.accounts.models import Account, CodePurpose, SignInFailure
from portal.accounts.service import AccountExistsError
from portal.accounts.tries import SlowDownError
from portal.extensions import db
from tests import factories

THREADS = 8
PHONE = "+8613800138000"
ASKER = Asker(place="network:test", known=False)


def at_once(app: Flask, act: Callable[[], object]) -> list[object]:
    """Run `act` in several threads, each in a transaction of its own; return what came of it."""
    db.session.commit()
    barrier = Barrier(THREADS)

    def run(_: int) -> object:
        with app.app_context():
            barrier.wait(10)
            try:
                result = act()
                db.session.commit()
            except (CodeError, SlowDownError, AccountExistsError) as error:
                db.session.commit()
                return type(error)
            return result

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_one_code_opens_one_session(app: Flask) -> None:
    code = codes.issue_code(
        purpose=CodePurpose.SIGN_IN, phone=PHONE, request_token="token", asker=ASKER
    )
    results = at_once(
        app,
        lambda: codes.redeem_code(
            purpose=CodePurpose.SIGN_IN, phone=PHONE, request_token="token", code=code
        ),
    )
    assert results.count(None) == 1
    assert results.count(CodeError) == THREADS - 1


def test_many_guesses_at_once_are_all_counted(app: Flask) -> None:
    code = codes.issue_code(
        purpose=CodePurpose.SIGN_IN, phone=PHONE, request_token="token", asker=ASKER
    )
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    at_once(
        app,
        lambda: codes.redeem_code(
            purpose=CodePurpose.SIGN_IN, phone=PHONE, request_token="token", code=wrong
        ),
    )
    with pytest.raises(CodeError, match="expired"):
        codes.redeem_code(
            purpose=CodePurpose.SIGN_IN, phone=PHONE, request_token="token", code=code
        )


def test_one_link_is_used_once(app: Flask) -> None:
    account = factories.make_account()
    token = codes.issue_link(
        purpose=CodePurpose.RESET_PASSWORD, target="a@example.test", account=account, asker=ASKER
    )
    results = at_once(
        app,
        lambda: codes.redeem_link(purpose=CodePurpose.RESET_PASSWORD, token=token) is not None,
    )
    assert results.count(True) == 1


def test_one_time_step_is_used_once(app: Flask) -> None:
    import pyotp

    account = factories.make_account(totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    account_id = account.id
    code = pyotp.TOTP(account.totp_secret or "").at(clock.now())
    results = at_once(
        app,
        lambda: second_factor.take(account=db.session.get_one(Account, account_id), code=code),
    )
    assert results.count(True) == 1


def test_one_recovery_code_is_used_once(app: Flask) -> None:
    account = factories.make_account()
    account_id = account.id
    code = second_factor.renew_recovery_codes(account=account)[0]
    results = at_once(
        app,
        lambda: second_factor.take(account=db.session.get_one(Account, account_id), code=code),
    )
    assert results.count(True) == 1


def test_one_phone_gets_one_account(app: Flask) -> None:
    results = at_once(app, lambda: service.create_account(phone=PHONE) is not None)
    assert results.count(True) == 1
    assert results.count(AccountExistsError) == THREADS - 1


def test_guesses_at_once_do_not_pass_the_limit_together(app: Flask) -> None:
    for _ in range(3):
        at_once(app, lambda: tries.begin_try(identity="who", place="network:test"))
    row = db.session.scalars(sa.select(SignInFailure)).one()
    assert row.tries <= tries.FREE_TRIES + 1
    results = at_once(app, lambda: tries.begin_try(identity="who", place="network:test"))
    assert results.count(SlowDownError) >= THREADS - 1
