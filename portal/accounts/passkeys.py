"""Passkeys (WebAuthn level 2): a key in somebody's device signs a challenge of this page's.

The device asks for finger, face or PIN before it signs, so that a passkey is both steps at once. A
challenge is random, belongs to the browser session in which the page was shown, lives five minutes
and is used once: its hash is a unique row when it is taken. Needs the extra `passkeys`.
"""

import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app, session

from portal import clock
from portal.accounts.models import Account, AccountState, Passkey, PasskeyChallenge
from portal.audit.service import record
from portal.crypto import token_hash
from portal.database.statements import insert_new
from portal.extensions import db

CHALLENGE_LIFE = timedelta(minutes=5)
CHALLENGES_KEPT = 4
"""Pages of one browser that may wait for an answer at the same time."""
MOST_PASSKEYS = 20
_KEPT = "passkey_challenges"


class PasskeyError(Exception):
    """A passkey was not taken; the text is a code: refused, too_many, known."""


def are_offered() -> bool:
    """Tell whether this installation takes passkeys: by a name and the library; never by an
    address in numbers, which browsers refuse."""
    host, _ = _place()
    try:
        ip_address(host)
    except ValueError:
        return find_spec("webauthn") is not None
    return False


def passkeys_of(account: Account) -> Sequence[Passkey]:
    """Return an account's passkeys, oldest first."""
    mine = sa.select(Passkey).where(Passkey.account_id == account.id).order_by(Passkey.id)
    return db.session.scalars(mine).all()


def find_passkey(account: Account, public_id: str) -> Passkey | None:
    """Return one of an account's own passkeys."""
    mine = sa.select(Passkey).filter_by(account_id=account.id, public_id=public_id)
    return db.session.scalars(mine).one_or_none()


def options_to_add(account: Account, club: str) -> str:
    """Return what the browser needs to make a passkey, as JSON; `club`: the name it is shown."""
    import webauthn
    from webauthn.helpers import structs

    verified = structs.AuthenticatorSelectionCriteria(
        resident_key=structs.ResidentKeyRequirement.REQUIRED,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    known = [
        structs.PublicKeyCredentialDescriptor(id=each.credential_id)
        for each in passkeys_of(account)
    ]
    name = account.display_name or account.email or club
    options = webauthn.generate_registration_options(
        rp_id=_place()[0],
        rp_name=club,
        user_id=account.public_id.encode(),
        user_name=name,
        user_display_name=name,
        challenge=_new_challenge("add"),
        authenticator_selection=verified,
        exclude_credentials=known,
    )
    return webauthn.options_to_json(options)


def options_to_sign_in() -> str:
    """Return what the browser needs to sign in with any passkey of this portal's, as JSON."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=_place()[0],
        challenge=_new_challenge("sign_in"),
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def add(*, account: Account, credential: str, name: str) -> Passkey:
    """Take a passkey that the account's device has made. Raises PasskeyError."""
    import webauthn

    if len(passkeys_of(account)) >= MOST_PASSKEYS:
        raise PasskeyError("too_many")
    host, origin = _place()
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=_take_challenge("add", credential),
            expected_rp_id=host,
            expected_origin=origin,
            require_user_verification=True,
        )
    except PasskeyError:
        raise
    except Exception as error:
        # Whatever somebody sends: the library's parsers raise many kinds.
        raise PasskeyError("refused") from error
    found = Passkey(
        account_id=account.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
    )
    try:
        with db.session.begin_nested():
            db.session.add(found)
    except sa.exc.IntegrityError as error:
        raise PasskeyError("known") from error
    _note(account, account, "account.passkey_added")
    return found


def prove(credential: str) -> Account:
    """Return whose passkey has signed this page's challenge. Raises PasskeyError("refused")."""
    import webauthn
    from webauthn.helpers import parse_authentication_credential_json

    host, origin = _place()
    try:
        sent = parse_authentication_credential_json(credential)
        found = db.session.scalars(
            sa.select(Passkey).where(Passkey.credential_id == sent.raw_id)
        ).one_or_none()
        challenge = _take_challenge("sign_in", credential)
        if found is None:
            raise PasskeyError("refused")
        signed = webauthn.verify_authentication_response(
            credential=sent,
            expected_challenge=challenge,
            expected_rp_id=host,
            expected_origin=origin,
            credential_public_key=found.public_key,
            credential_current_sign_count=found.sign_count,
            require_user_verification=True,
        )
    except PasskeyError:
        raise
    except Exception as error:
        raise PasskeyError("refused") from error
    _count(found, signed.new_sign_count)
    account = db.session.get_one(Account, found.account_id)
    if account.state != AccountState.ACTIVE:
        raise PasskeyError("refused")
    return account


def remove(*, actor: Account, passkey: Passkey) -> None:
    """Take one of the actor's own passkeys off."""
    db.session.delete(passkey)
    _note(actor, actor, "account.passkey_removed")


def remove_all(*, actor: Account | None, account: Account) -> None:
    """Take every passkey off; the operator acts as nobody."""
    gone = db.session.scalars(
        sa.delete(Passkey).where(Passkey.account_id == account.id).returning(Passkey.id)
    ).all()
    if gone:
        _note(actor, account, "account.passkey_removed")


def _count(passkey: Passkey, count: int) -> None:
    """Keep a passkey's counter, which only grows; a device that does not count says 0 for ever."""
    grows = Passkey.sign_count < count if count else Passkey.sign_count == 0
    counted = db.session.scalar(
        sa.update(Passkey)
        .where(Passkey.id == passkey.id, grows)
        .values(sign_count=count, last_used_at=clock.now())
        .returning(Passkey.id)
        .execution_options(synchronize_session=False)
    )
    if counted is None:
        raise PasskeyError("refused")


def _place() -> tuple[str, str]:
    """Return the host and the origin that passkeys belong to, by PORTAL_BASE_URL."""
    base = urlsplit(current_app.extensions["portal.settings"].base_url)
    return base.hostname or "", f"{base.scheme}://{base.netloc}"


def _new_challenge(purpose: str) -> bytes:
    challenge = secrets.token_urlsafe(32)
    kept = [*session.get(_KEPT, []), [purpose, challenge, clock.now().isoformat()]]
    session[_KEPT] = kept[-CHALLENGES_KEPT:]
    return challenge.encode()


def _take_challenge(purpose: str, credential: str) -> bytes:
    """Return the challenge that was answered, and use it up. Raises PasskeyError."""
    answered = _answered(credential)
    for wanted, challenge, at in session.get(_KEPT, []):
        fresh = clock.now() - datetime.fromisoformat(at) <= CHALLENGE_LIFE
        if not hmac.compare_digest(answered, challenge.encode()):
            continue
        row = {"challenge_hash": token_hash(challenge), "created_at": clock.now()}
        if wanted == purpose and fresh and insert_new(PasskeyChallenge, [row]):
            return answered
    raise PasskeyError("refused")


def _answered(credential: str) -> bytes:
    from webauthn.helpers import base64url_to_bytes, parse_client_data_json

    told: dict[str, Any] = json.loads(credential)
    return parse_client_data_json(base64url_to_bytes(told["response"]["clientDataJSON"])).challenge


def _note(actor: Account | None, account: Account, action: str) -> None:
    record(actor=actor, action=action, subject=("account", account.public_id), project_id=None)
