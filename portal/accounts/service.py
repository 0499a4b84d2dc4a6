"""Accounts: making them and changing how they sign in."""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.codes import void_links
from portal.accounts.models import Account, AccountState, Consent, SignIn
from portal.accounts.passwords import hash_password
from portal.audit.service import record
from portal.crypto import lookup_hash
from portal.extensions import db
from portal.phones import phone_tail


class AccountExistsError(Exception):
    """The phone or the e-mail address belongs to another account already."""


class EmailError(ValueError):
    """The text is not an e-mail address."""


def normalize_email(text: str) -> str:
    """Return an e-mail address in lower case. Raises EmailError."""
    try:
        # Demo and test addresses lie under .test; whether mail arrives, the link shows.
        return validate_email(
            text.strip(), check_deliverability=False, test_environment=True
        ).normalized.lower()
    except EmailNotValidError as error:
        raise EmailError(text) from error


def create_account(
    *,
    phone: str | None = None,
    email: str | None = None,
    password: str | None = None,
    display_name: str = "",
    locale: str | None = None,
) -> Account:
    """Make an account for a phone (E.164), an e-mail address or both, flushed.

    Raises AccountExistsError, also when two make the same one at once; EmailError.
    """
    account = Account(display_name=display_name, locale=locale)
    if phone is not None:
        set_phone(account=account, phone=phone)
    if email is not None:
        account.email = normalize_email(email)
    if password is not None:
        account.password_hash = hash_password(password)
    try:
        with db.session.begin_nested():
            db.session.add(account)
    except IntegrityError as error:
        raise AccountExistsError from error
    return account


def set_phone(*, account: Account, phone: str) -> None:
    """Put a phone (E.164) into the account's columns: sealed, findable, findable by its tail."""
    account.phone = phone
    account.phone_hash = lookup_hash("phone", phone)
    account.phone_tail_hash = lookup_hash("phone_tail", phone_tail(phone))


def accept_legal_texts(
    *, account: Account, legal_text_ids: set[int], at: datetime | None = None
) -> None:
    """Note that the account accepts these texts; what it accepted before stays as it is."""
    accepted = set(
        db.session.scalars(sa.select(Consent.legal_text_id).where(Consent.account_id == account.id))
    )
    for id_ in sorted(legal_text_ids - accepted):
        db.session.add(
            Consent(account_id=account.id, legal_text_id=id_, created_at=at or clock.now())
        )
    if legal_text_ids - accepted:
        record(
            actor=account,
            action="account.consented",
            subject=("account", account.public_id),
            project_id=None,
            facts={"legal_text_ids": sorted(legal_text_ids - accepted)},
        )


def change_password(*, account: Account, password_hash: str, keep: SignIn | None) -> None:
    """Set a password (already hashed) and end every session but `keep`; open links end too."""
    account.password_hash = password_hash
    void_links(account=account)
    end_other_sign_ins(account=account, keep=keep)
    _note(account, "account.password_changed")


def change_phone(*, account: Account, phone: str) -> None:
    """Sign in with another phone (E.164, proved) from now on. Raises AccountExistsError."""
    with_unique(lambda: set_phone(account=account, phone=phone))
    void_links(account=account)
    _note(account, "account.phone_changed")


def change_email(*, account: Account, email: str) -> None:
    """Sign in with another e-mail address (normalised, proved). Raises AccountExistsError."""

    def put() -> None:
        account.email = email

    with_unique(put)
    void_links(account=account)
    _note(account, "account.email_changed")


def end_sign_in(*, actor: Account, sign_in: SignIn) -> None:
    """End one of the actor's own sessions."""
    if sign_in.ended_at is None:
        sign_in.ended_at = clock.now()
        _note(actor, "sign_in.ended", {"sign_in": sign_in.public_id})


def end_other_sign_ins(*, account: Account, keep: SignIn | None) -> int:
    """End every session of the account but `keep`, and return how many were ended."""
    others = [SignIn.account_id == account.id, SignIn.ended_at.is_(None)]
    if keep is not None:
        others.append(SignIn.id != keep.id)
    ended = len(
        db.session.scalars(
            sa.update(SignIn)
            .where(*others)
            .values(ended_at=clock.now())
            .returning(SignIn.id)
            .execution_options(synchronize_session=False)
        ).all()
    )
    if ended:
        _note(account, "sign_in.others_ended", {"count": ended})
    return ended


def with_unique(change: Callable[[], None]) -> None:
    """Flush a change to an account. Raises AccountExistsError when phone or e-mail is taken."""
    try:
        with db.session.begin_nested():
            change()
    except IntegrityError as error:
        raise AccountExistsError from error


def may_sign_in(account: Account, *, demo: bool) -> bool:
    """Tell whether the account may sign in: it is open, and demo people only in a demo."""
    return account.state == AccountState.ACTIVE and (demo or not account.is_demo)


def _note(account: Account, action: str, facts: dict[str, object] | None = None) -> None:
    record(
        actor=account,
        action=action,
        subject=("account", account.public_id),
        project_id=None,
        facts=facts,
    )
