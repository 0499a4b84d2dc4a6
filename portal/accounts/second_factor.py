"""The second step of signing in: a time-based code (RFC 6238) or a recovery code."""

import hmac
import secrets
from dataclasses import dataclass

import pyotp
import segno
import sqlalchemy as sa
from flask import current_app

from portal import clock
from portal.accounts.models import Account, RecoveryCode
from portal.audit.service import record
from portal.crypto import lookup_hash
from portal.extensions import db

STEP_SECONDS = 30
DRIFT_STEPS = (0, -1, 1)
RECOVERY_CODES = 10
_RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""31 characters that nobody mistakes for each other: ten of them are 49 bits."""


class SecondFactorError(Exception):
    """The second step cannot be set up so; the text is a code: wrong, not_started, confirmed."""


@dataclass(frozen=True)
class SetUp:
    """What a new authenticator app needs."""

    secret: str
    account_name: str

    def uri(self, issuer: str) -> str:
        """Return the otpauth: address that an app reads."""
        return pyotp.TOTP(self.secret).provisioning_uri(name=self.account_name, issuer_name=issuer)

    def qr(self, issuer: str) -> str:
        """Return the address as a QR picture: a data: URI of an SVG."""
        return segno.make(self.uri(issuer), error="m").svg_data_uri(scale=4, border=2)

    @property
    def spaced(self) -> str:
        """Return the secret in groups of four, for typing."""
        return " ".join(self.secret[at : at + 4] for at in range(0, len(self.secret), 4))


def needs_set_up(account: Account, *, has_role: bool) -> bool:
    """Tell whether the account must set up a second step before it goes on.

    Everybody who holds a role must, except in a demo installation.
    """
    demo = current_app.extensions["portal.settings"].demo
    return has_role and not demo and account.totp_confirmed_at is None


def begin_set_up(*, account: Account) -> None:
    """Give the account a new secret, not in force yet. Raises SecondFactorError("confirmed")."""
    if account.totp_confirmed_at is not None:
        raise SecondFactorError("confirmed")
    account.totp_secret = pyotp.random_base32()


def confirm_set_up(*, account: Account, code: str) -> list[str]:
    """Put the second step in force with a right code, and return the ten recovery codes.

    Raises SecondFactorError("not_started"), ("confirmed") or ("wrong").
    """
    if account.totp_secret is None:
        raise SecondFactorError("not_started")
    if account.totp_confirmed_at is not None:
        raise SecondFactorError("confirmed")
    if not take_totp(account=account, code=code):
        raise SecondFactorError("wrong")
    account.totp_confirmed_at = clock.now()
    record(
        actor=account,
        action="account.second_factor_on",
        subject=("account", account.public_id),
        project_id=None,
    )
    return renew_recovery_codes(account=account)


def remove(*, actor: Account | None, account: Account) -> None:
    """Take the second step off, with its recovery codes; the operator acts as nobody."""
    account.totp_secret = None
    account.totp_confirmed_at = None
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    record(
        actor=actor,
        action="account.second_factor_off",
        subject=("account", account.public_id),
        project_id=None,
    )


def renew_recovery_codes(*, account: Account) -> list[str]:
    """Replace the account's recovery codes and return the new ones: they are shown once."""
    db.session.execute(sa.delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    db.session.add_all(
        RecoveryCode(account_id=account.id, code_hash=_recovery_hash(account, code))
        for code in codes
    )
    return codes


def take(*, account: Account, code: str) -> bool:
    """Tell whether `code` is right, and use it up: six digits, or a recovery code."""
    if len(code) == 6 and code.isdigit():
        return take_totp(account=account, code=code)
    return _take_recovery_code(account, code)


def take_totp(*, account: Account, code: str) -> bool:
    """Tell whether a code of the app is right, and use up its time step: no code counts twice."""
    if not account.totp_secret or not code.isascii():
        return False
    totp = pyotp.TOTP(account.totp_secret)
    today = int(clock.now().timestamp()) // STEP_SECONDS
    for step in (today + drift for drift in DRIFT_STEPS):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), code):
            taken = db.session.scalar(
                sa.update(Account)
                .where(Account.id == account.id, Account.totp_last_step < step)
                .values(totp_last_step=step)
                .returning(Account.id)
                .execution_options(synchronize_session=False)
            )
            return taken is not None
    return False


def _take_recovery_code(account: Account, code: str) -> bool:
    taken = db.session.scalar(
        sa.update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.code_hash == _recovery_hash(account, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
        .execution_options(synchronize_session=False)
    )
    if taken is None:
        return False
    record(
        actor=account,
        action="account.recovery_code_used",
        subject=("account", account.public_id),
        project_id=None,
    )
    return True


def _recovery_code() -> str:
    letters = "".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _recovery_hash(account: Account, code: str) -> bytes:
    plain = code.lower().replace("-", "").replace(" ", "")
    return lookup_hash("recovery_code", f"{account.id}\0{plain}")
