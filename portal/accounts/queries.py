"""Reading accounts and their sessions."""

from datetime import timedelta

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account, Consent, RecoveryCode, SignIn
from portal.crypto import lookup_hash
from portal.extensions import db

SESSION_IDLE = timedelta(days=30)
SESSION_LIFE = timedelta(days=180)
SESSIONS_SHOWN = 50


def find_account_by_phone(e164: str) -> Account | None:
    """Return the account that signs in with this phone, in any state."""
    return db.session.scalar(
        sa.select(Account).where(Account.phone_hash == lookup_hash("phone", e164))
    )


def find_account_by_email(email: str) -> Account | None:
    """Return the account that signs in with this address, in any state."""
    return db.session.scalar(sa.select(Account).where(Account.email == email.strip().lower()))


def find_account(public_id: str) -> Account | None:
    """Return an account by its public id."""
    return db.session.scalar(sa.select(Account).where(Account.public_id == public_id))


def is_live() -> sa.ColumnElement[bool]:
    """Tell of a sign-in whether it is in force: not ended, used of late, and not too old."""
    now = clock.now()
    return sa.and_(
        SignIn.ended_at.is_(None),
        SignIn.last_seen_at > now - SESSION_IDLE,
        SignIn.created_at > now - SESSION_LIFE,
    )


def live_sign_ins(account_id: int) -> list[SignIn]:
    """Return where the account is signed in now, last seen first."""
    statement = (
        sa.select(SignIn)
        .where(SignIn.account_id == account_id, is_live())
        .order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())
        .limit(SESSIONS_SHOWN)
    )
    return list(db.session.scalars(statement))


def find_sign_in(account_id: int, public_id: str) -> SignIn | None:
    """Return one of the account's own live sessions."""
    return db.session.scalar(
        sa.select(SignIn).where(
            SignIn.account_id == account_id,
            SignIn.public_id == public_id,
            SignIn.ended_at.is_(None),
        )
    )


def recovery_codes_left(account_id: int) -> int:
    """Return how many of the account's recovery codes are unused."""
    statement = sa.select(sa.func.count()).where(
        RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(statement) or 0


def accepted_legal_text_ids(account_id: int) -> set[int]:
    """Return the ids of the legal texts that the account has accepted."""
    return set(
        db.session.scalars(sa.select(Consent.legal_text_id).where(Consent.account_id == account_id))
    )
