"""Accounts: who signs in, how, and where they are signed in now."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.columns import Identified, UtcDateTime, created_at, foreign_key, one_of, primary_key
from portal.crypto import Encrypted
from portal.extensions import db


class AccountState(StrEnum):
    """Whether an account may sign in."""

    ACTIVE = "active"
    CLOSED = "closed"


class CodePurpose(StrEnum):
    """What a one-time code or link proves."""

    SIGN_IN = "sign_in"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a code's purpose
    CONFIRM = "confirm"
    CHANGE_PHONE = "change_phone"
    CHANGE_EMAIL = "change_email"


class SignInMethod(StrEnum):
    """How a session was opened."""

    CODE = "code"
    PASSWORD = "password"  # noqa: S105 - a way to sign in
    RESET = "reset"
    PASSKEY = "passkey"


class Account(Identified, db.Model):
    """A sign-in identity: a phone or an e-mail address, at most one member behind it."""

    __tablename__ = "account"
    __table_args__ = (
        one_of("state", AccountState),
        sa.CheckConstraint(
            "phone_hash IS NOT NULL OR email IS NOT NULL OR state = 'closed'", name="reachable"
        ),
        sa.CheckConstraint("(phone IS NULL) = (phone_hash IS NULL)", name="phone_and_hash"),
        sa.CheckConstraint("email = lower(email)", name="email_lower"),
        sa.Index("ix_account_phone_tail_hash", "phone_tail_hash"),
    )

    phone: Mapped[str | None] = mapped_column(Encrypted)
    phone_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True)
    phone_tail_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    email: Mapped[str | None] = mapped_column(sa.String(254), unique=True)
    display_name: Mapped[str] = mapped_column(sa.String(80), default="")
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    totp_secret: Mapped[str | None] = mapped_column(Encrypted)
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    totp_last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    state: Mapped[str] = mapped_column(sa.String(20), default=AccountState.ACTIVE)
    is_demo: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str | None] = mapped_column(sa.String(12))
    large_type: Mapped[bool] = mapped_column(default=False)

    # What Flask-Login asks of a user.
    is_authenticated = True
    is_active = True
    is_anonymous = False


class SignIn(db.Model):
    """One session of an account on one device; the cookie holds the token, this its hash."""

    __tablename__ = "sign_in"
    __table_args__ = (
        one_of("method", SignInMethod),
        sa.Index("ix_sign_in_account_id_last_seen_at", "account_id", "last_seen_at"),
    )

    id: Mapped[primary_key]
    public_id: Mapped[str] = mapped_column(sa.String(22), unique=True)
    account_id: Mapped[int] = foreign_key("account.id", index=False)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    method: Mapped[str] = mapped_column(sa.String(20))
    second_factor: Mapped[bool] = mapped_column(default=False)
    user_agent: Mapped[str] = mapped_column(sa.String(200), default="")
    network: Mapped[str] = mapped_column(sa.String(45), default="")
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[created_at]

    account: Mapped[Account] = relationship(lazy="raise")


class OneTimeCode(db.Model):
    """A code sent to a phone or a link sent by mail: hashed, short-lived, used once.

    A code counts only in the browser that asked for it, whose request token `request_hash` keeps:
    nobody else can use up its tries. A link is found by its own `secret_hash`.
    """

    __tablename__ = "one_time_code"
    __table_args__ = (
        one_of("purpose", CodePurpose),
        sa.CheckConstraint("wrong_tries >= 0", name="wrong_tries_positive"),
        sa.Index("ix_one_time_code_target_hash_created_at", "target_hash", "created_at"),
        sa.Index("ix_one_time_code_place_hash_created_at", "place_hash", "created_at"),
    )

    id: Mapped[primary_key]
    purpose: Mapped[str] = mapped_column(sa.String(20))
    target_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    target: Mapped[str] = mapped_column(Encrypted)
    secret_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), index=True)
    request_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32), unique=True)
    place_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    known_device: Mapped[bool] = mapped_column(default=False)
    account_id: Mapped[int | None] = foreign_key("account.id")
    wrong_tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[created_at]


class SignInFailure(db.Model):
    """Wrong tries on one identity from one place: they slow that place down, nobody else."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (sa.UniqueConstraint("identity_hash", "place_hash"),)

    id: Mapped[primary_key]
    identity_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    place_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    tries: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoveryCode(db.Model):
    """One of the ten codes that stand in for a lost second factor, each used once."""

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("account_id", "code_hash"),)

    id: Mapped[primary_key]
    account_id: Mapped[int] = foreign_key("account.id", index=False)
    code_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[created_at]


class Passkey(Identified, db.Model):
    """A key in a device of the account's owner, by which they sign in; only its public half."""

    __tablename__ = "passkey"
    __table_args__ = (sa.CheckConstraint("sign_count >= 0", name="sign_count_positive"),)

    account_id: Mapped[int] = foreign_key("account.id")
    credential_id: Mapped[bytes] = mapped_column(sa.LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary(2000))
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(60))
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PasskeyChallenge(db.Model):
    """A challenge that a passkey has answered: nobody sends the same answer again."""

    __tablename__ = "passkey_challenge"

    id: Mapped[primary_key]
    challenge_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Consent(db.Model):
    """An account accepted one version of the terms or the privacy notice."""

    __tablename__ = "consent"
    __table_args__ = (sa.UniqueConstraint("account_id", "legal_text_id"),)

    id: Mapped[primary_key]
    account_id: Mapped[int] = foreign_key("account.id", index=False)
    legal_text_id: Mapped[int] = foreign_key("legal_text.id")
    created_at: Mapped[created_at]
