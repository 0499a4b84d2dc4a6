"""Accounts from the terminal: the first administrator, roles, forgotten passwords."""

import secrets

import sqlalchemy as sa

from portal import clock
from portal.accounts import passkeys, second_factor
from portal.accounts.models import Account
from portal.accounts.passwords import hash_password
from portal.accounts.queries import find_account_by_email, find_account_by_phone
from portal.accounts.service import change_password, create_account, end_other_sign_ins
from portal.audit.service import record
from portal.club.drafts import legal_draft
from portal.club.models import Club, LegalKind, LegalText
from portal.club.queries import CLUB_ID
from portal.extensions import db
from portal.i18n import DEFAULT_LANGUAGE, LANGUAGES
from portal.permissions.models import RoleGrant
from portal.permissions.roles import RoleName
from portal.permissions.service import grant_role
from portal.phones import PhoneError, normalize_phone
from portal.projects.queries import find_project

CLUB_NAMES = {"zh_Hans_CN": "业主会", "zh_Hant": "業主會", "en": "Owners' club"}


class OperationError(Exception):
    """What was asked cannot be done; the text says why and what to do."""


def find(identity: str) -> Account:
    """Return the account of a phone or an e-mail address. Raises OperationError."""
    if "@" in identity:
        account = find_account_by_email(identity)
    else:
        try:
            account = find_account_by_phone(normalize_phone(identity))
        except PhoneError:
            raise OperationError(
                f"{identity} is neither an e-mail address nor a mobile number."
            ) from None
    if account is None:
        raise OperationError(f"No account signs in with {identity}.")
    return account


def has_administrator() -> bool:
    """Tell whether somebody may administer the whole club."""
    held = sa.exists().where(
        RoleGrant.role == RoleName.ADMINISTRATOR,
        RoleGrant.project_id.is_(None),
        RoleGrant.revoked_at.is_(None),
    )
    return bool(db.session.scalar(sa.select(held)))


def set_up_club(*, name: str | None) -> bool:
    """Add the club and its first legal texts where they are missing; tell whether any was."""
    added = False
    if db.session.get(Club, CLUB_ID) is None:
        added = True
        db.session.add(
            Club(
                name={DEFAULT_LANGUAGE: name} if name else CLUB_NAMES,
                tagline={},
                languages=list(LANGUAGES),
                default_language=DEFAULT_LANGUAGE,
            )
        )
    published = set(db.session.scalars(sa.select(LegalText.kind)))
    for kind in LegalKind:
        if kind not in published:
            added = True
            db.session.add(
                LegalText(kind=kind, version=1, body=legal_draft(kind), published_at=clock.now())
            )
    return added


def create_administrator(
    *, name: str, email: str | None, phone: str | None, password: str
) -> Account:
    """Make an account that administers the whole club; `phone` in E.164.

    Raises AccountExistsError and EmailError of portal.accounts.service.
    """
    account = create_account(email=email, phone=phone, password=password, display_name=name)
    db.session.flush()
    grant_role(actor=None, account=account, role=RoleName.ADMINISTRATOR, project_id=None)
    return account


def grant(*, identity: str, role: str, project: str | None) -> Account:
    """Give a role for a project (its slug) or for the club. Raises OperationError, RoleError."""
    account = find(identity)
    project_id = None
    if project is not None:
        found = find_project(project)
        if found is None:
            raise OperationError(f"There is no project {project}.")
        project_id = found.id
    grant_role(actor=None, account=account, role=role, project_id=project_id)
    return account


def reset_password(*, identity: str, password: str | None) -> str:
    """Set a password, a random one without `password`, and return it; every session ends."""
    account = find(identity)
    password = password or secrets.token_urlsafe(12)
    change_password(account=account, password_hash=hash_password(password), keep=None)
    # Who had the account may have left a key.
    passkeys.remove_all(actor=None, account=account)
    record(
        actor=None,
        action="account.password_reset_by_operator",
        subject=("account", account.public_id),
        project_id=None,
    )
    return password


def reset_second_step(*, identity: str) -> None:
    """Take off the second step of somebody who lost phone and codes; every session ends.

    Raises OperationError when there is none.
    """
    account = find(identity)
    if account.totp_confirmed_at is None:
        raise OperationError(f"{identity} has no second step.")
    second_factor.remove(actor=None, account=account)
    passkeys.remove_all(actor=None, account=account)
    end_other_sign_ins(account=account, keep=None)
