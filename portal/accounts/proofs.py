"""Proving who one is: a password or a second step, with tries counted before they are compared."""

from collections.abc import Callable

from portal import phones
from portal.accounts import second_factor
from portal.accounts.flow import may_enter
from portal.accounts.models import Account
from portal.accounts.passwords import hash_password, needs_rehash, verify_password
from portal.accounts.queries import find_account_by_email, find_account_by_phone
from portal.accounts.tries import begin_try, forget_tries
from portal.extensions import db


class NotProvedError(Exception):
    """Number, address, password or code is not right; which of them stays untold."""


def prove_password(
    typed: str, password: str, *, place_of: Callable[[Account | None], str]
) -> Account:
    """Return the account behind a phone or an e-mail address whose password this is.

    The try is committed; what follows a right one is the caller's to commit. `place_of` tells what
    tries on an account are counted by. Raises SlowDownError, NotProvedError.
    """
    account, identity = _find(typed)
    place = place_of(account)
    kept = account.password_hash if account else None
    begin_try(identity=identity, place=place)
    # The slow hash is made while no transaction is open.
    db.session.commit()
    right = verify_password(kept, password)
    renewed = hash_password(password) if right and kept and needs_rehash(kept) else None
    if account is None or not right or not may_enter(account):
        raise NotProvedError
    forget_tries(identity=identity, place=place)
    if renewed and account.password_hash == kept:
        account.password_hash = renewed
    return account


def prove_own_password(account: Account, password: str, *, place: str) -> None:
    """Prove that who is signed in knows the account's password; commits as `prove_password` does.

    Raises SlowDownError, NotProvedError.
    """
    identity, kept = account.public_id, account.password_hash
    begin_try(identity=identity, place=place)
    db.session.commit()
    if not verify_password(kept, password):
        raise NotProvedError
    forget_tries(identity=identity, place=place)


def prove_second_step(account: Account, code: str, *, place: str) -> None:
    """Use up a code of the account's app or a recovery code; commits as `prove_password` does.

    Raises SlowDownError, NotProvedError.
    """
    identity = f"second:{account.public_id}"
    begin_try(identity=identity, place=place)
    db.session.commit()
    if not second_factor.take(account=account, code=code):
        raise NotProvedError
    forget_tries(identity=identity, place=place)


def _find(typed: str) -> tuple[Account | None, str]:
    """Return the account behind a phone or an e-mail address, and the key its tries count by.

    Phone and address count apart: one's wait would tell that the other is the same person's.
    """
    key = typed.strip().lower()
    if "@" in key:
        return find_account_by_email(key), key
    try:
        key = phones.normalize_phone(key)
    except phones.PhoneError:
        return None, key
    return find_account_by_phone(key), key
