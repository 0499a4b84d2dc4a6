"""What is kept of an account: handed out, erased, let grow old."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.accounts.models import (
    Account,
    AccountState,
    Consent,
    OneTimeCode,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    SignIn,
    SignInFailure,
)
from portal.audit.privacy import blank_reasons_about
from portal.crypto import lookup_hash
from portal.extensions import db
from portal.i18n import lazy
from portal.personal_data import Coverage, ErasureNote, ExportPart, RetentionRule, rows_rule

if TYPE_CHECKING:
    from portal.members.models import Member

_CODES_WHY = "hashes of codes and links that live for minutes; nothing of them can be read"
TABLES = {
    "account": Coverage(),
    "sign_in": Coverage(),
    "one_time_code": Coverage(exported=False, why=_CODES_WHY),
    "recovery_code": Coverage(exported=False, why="hashes; the codes were shown once"),
    "passkey": Coverage(),
    "passkey_challenge": Coverage(exported=False, why=_CODES_WHY),
    "consent": Coverage(erased=False, why="the proof that consent was given; ids and a date"),
}
_legal_text = sa.table("legal_text", sa.column("id"), sa.column("kind"), sa.column("version"))


def export_member_data(member: "Member") -> list[ExportPart]:
    """Return the account, where it signed in, and what it consented to."""
    account = db.session.get_one(Account, member.account_id)
    return [_account(account), _passkeys(account), _sign_ins(account), _consents(account)]


def erase_member_data(member: "Member") -> None:
    """Close the account and take off everything by which it could be found or opened."""
    account = db.session.get_one(Account, member.account_id)
    # Who belongs to which address is known to the hashes of tries and codes, too.
    identities = [account.public_id, f"second:{account.public_id}"]
    for target in filter(None, (account.phone, account.email)):
        found = lookup_hash("code_target", target)
        identities += [target, f"code:{found.hex()}"]
        db.session.execute(sa.delete(OneTimeCode).where(OneTimeCode.target_hash == found))
    hashes = [lookup_hash("identity", identity) for identity in identities]
    db.session.execute(sa.delete(SignInFailure).where(SignInFailure.identity_hash.in_(hashes)))
    for model in (OneTimeCode, SignIn, RecoveryCode, Passkey):
        db.session.execute(sa.delete(model).where(model.account_id == account.id))
    blank_reasons_about(subjects=[("account", account.public_id)], actor_id=account.id)
    account.phone = account.phone_hash = account.phone_tail_hash = None
    account.email = account.password_hash = account.totp_secret = None
    account.totp_confirmed_at = account.locale = None
    account.display_name = ""
    account.state = AccountState.CLOSED


def erasure_notes(member: "Member") -> list[ErasureNote]:
    """Return what goes of the account and what stays."""
    return [
        ErasureNote(lazy("Your name, mobile number, e-mail address, password and sign-ins")),
        ErasureNote(
            lazy("That you accepted our terms, and when"),
            kept=lazy("Without your name; it proves that we had your consent."),
        ),
    ]


def retention_rules() -> list[RetentionRule]:
    """Return how long sign-ins, codes and counts of tries are kept."""
    return [
        # Seen last before the shortest time allowed: ended, or older than a session lives.
        rows_rule(
            "sign_ins", lazy("Ended sign-ins"), 180, 31,
            SignIn, lambda before: SignIn.last_seen_at < before,
        ),
        rows_rule(
            "codes", lazy("Used and expired codes and links"), 30, 2,
            OneTimeCode, lambda before: OneTimeCode.created_at < before,
        ),
        rows_rule(
            "passkey_challenges", lazy("Used challenges of passkeys"), 30, 2,
            PasskeyChallenge, lambda before: PasskeyChallenge.created_at < before,
        ),
        rows_rule(
            "tries", lazy("Counts of wrong tries"), 30, 2,
            SignInFailure, lambda before: SignInFailure.last_at < before,
        ),
    ]  # fmt: skip


def _account(account: Account) -> ExportPart:
    columns = {
        "phone": lazy("Mobile number"),
        "email": lazy("E-mail address"),
        "name": lazy("Full name"),
        "language": lazy("Language"),
        "large_type": lazy("Large type"),
        "two_step": lazy("Two-step sign-in since"),
        "since": lazy("Since"),
    }
    row = {
        "phone": account.phone,
        "email": account.email,
        "name": account.display_name,
        "language": account.locale,
        "large_type": account.large_type,
        "two_step": account.totp_confirmed_at,
        "since": account.created_at,
    }
    return ExportPart("account", lazy("Sign-in"), columns, [row])


def _passkeys(account: Account) -> ExportPart:
    columns = {
        "name": lazy("Name of the device"),
        "since": lazy("Since"),
        "last_used": lazy("Last used"),
    }
    mine = sa.select(Passkey).where(Passkey.account_id == account.id).order_by(Passkey.id)
    rows = [
        {"name": row.name, "since": row.created_at, "last_used": row.last_used_at}
        for row in db.session.scalars(mine)
    ]
    return ExportPart("passkeys", lazy("Passkeys"), columns, rows)


def _sign_ins(account: Account) -> ExportPart:
    columns = {
        "from": lazy("Signed in"),
        "last_seen": lazy("Last seen"),
        "ended": lazy("Signed out"),
        "device": lazy("Device"),
        "network": lazy("Network"),
    }
    rows = db.session.scalars(
        sa.select(SignIn).where(SignIn.account_id == account.id).order_by(SignIn.created_at)
    )
    return ExportPart(
        "sign_ins",
        lazy("My sign-ins"),
        columns,
        [
            {
                "from": row.created_at,
                "last_seen": row.last_seen_at,
                "ended": row.ended_at,
                "device": row.user_agent,
                "network": row.network,
            }
            for row in rows
        ],
    )


def _consents(account: Account) -> ExportPart:
    columns = {
        "text": lazy("Text"),
        "version": lazy("Version"),
        "accepted": lazy("Accepted"),
    }
    rows = db.session.execute(
        sa.select(_legal_text.c.kind, _legal_text.c.version, Consent.created_at)
        .join(_legal_text, _legal_text.c.id == Consent.legal_text_id)
        .where(Consent.account_id == account.id)
        .order_by(Consent.created_at)
    )
    return ExportPart(
        "consents",
        lazy("Consents"),
        columns,
        [{"text": kind, "version": version, "accepted": at} for kind, version, at in rows],
        words={"text": "legal_text"},
    )
