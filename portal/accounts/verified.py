"""A phone that this browser has just proved, until its owner has joined."""

from datetime import timedelta

from flask import session

from portal import clock

VERIFIED_FOR = timedelta(minutes=15)
_KEY = "verified_phone"


def remember_verified_phone(e164: str) -> None:
    """Keep a proved phone for 15 minutes."""
    session[_KEY] = {"phone": e164, "at": clock.now().timestamp()}


def verified_phone() -> str | None:
    """Return the phone proved on this browser in the last 15 minutes, as E.164."""
    kept = session.get(_KEY)
    if kept is None or clock.now().timestamp() - kept["at"] > VERIFIED_FOR.total_seconds():
        return None
    return str(kept["phone"])


def forget_verified_phone() -> None:
    """Let the proof be of no more use."""
    session.pop(_KEY, None)
