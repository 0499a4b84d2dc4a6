"""The code of a card: its number and six digits that change every minute (TOTP, RFC 6238)."""

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyotp import TOTP

SECONDS = 60
_DIGITS = 6
_STALE = 30
_CODE = re.compile(r"\d{8,18}", re.ASCII)


@dataclass(frozen=True)
class Typed:
    """What was scanned or typed: the card's number, and the digits of the minute."""

    number: str
    digits: str

    @classmethod
    def read(cls, text: str) -> "Typed | None":
        """Read a code as a camera or a person gives it, or an address with it; None for neither."""
        plain = re.sub(r"[\s.-]", "", text[:300].rsplit("code=", 1)[-1])
        if not _CODE.fullmatch(plain):
            return None
        return cls(plain[:-_DIGITS], plain[-_DIGITS:])


def digits_of(secret: str, number: str, at: datetime) -> str:
    """Return the six digits of a card in this minute. `secret`: the portal's own."""
    return _totp(secret, number).at(int(at.timestamp()))


def ends_at(at: datetime) -> datetime:
    """Return when the minute of a code is over."""
    return datetime.fromtimestamp((int(at.timestamp()) // SECONDS + 1) * SECONDS, UTC)


def is_now(secret: str, typed: Typed, at: datetime) -> bool:
    """Tell whether the digits are of this minute or the last: a screenshot soon is not."""
    return _is_of(secret, typed, at, range(2))


def was_once(secret: str, typed: Typed, at: datetime) -> bool:
    """Tell whether the digits were the card's in the last half-hour."""
    return _is_of(secret, typed, at, range(2, _STALE))


def _is_of(secret: str, typed: Typed, at: datetime, minutes: range) -> bool:
    card = _totp(secret, typed.number)
    return any(
        card.verify(typed.digits, for_time=at - timedelta(seconds=SECONDS * back))
        for back in minutes
    )


def _totp(secret: str, number: str) -> TOTP:
    """A secret for each card, drawn from the portal's: nothing of it is stored."""
    key = hmac.digest(secret.encode(), f"rewards.card:{number}".encode(), "sha256")
    return TOTP(b32encode(key).decode(), digits=_DIGITS, interval=SECONDS, digest=hashlib.sha256)
