"""Passwords: which are accepted, and how they are kept (argon2id)."""

from functools import cache

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

_OWASP_MEMORY_KIB = 19 * 1024
"""OWASP's second profile (19 MiB, 2 passes, 1 lane): eight at once stay below 160 MB."""


def hasher() -> PasswordHasher:
    """Return the hasher with this installation's parameters; a cheap one under test."""
    if current_app.extensions["portal.settings"].testing:
        return PasswordHasher.from_parameters(profiles.CHEAPEST)
    return PasswordHasher(time_cost=2, memory_cost=_OWASP_MEMORY_KIB, parallelism=1)


@cache
def _decoy(parameters: str) -> str:
    """Return a hash made with today's parameters, which name the cache's entry."""
    return hasher().hash("nobody has this password")


def hash_password(password: str) -> str:
    """Return the argon2id hash; takes tens of milliseconds, so call it outside transactions."""
    return hasher().hash(password)


def verify_password(kept: str | None, password: str) -> bool:
    """Tell whether `password` is the one behind `kept`.

    Without a hash the same work is done on a decoy, so that the time tells nothing.
    """
    today = hasher()
    try:
        return today.verify(kept or _decoy(repr(today)), password) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(kept: str) -> bool:
    """Tell whether `kept` was made with other parameters than today's."""
    return hasher().check_needs_rehash(kept)
