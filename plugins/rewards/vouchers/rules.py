"""Codes and their rotating QR: pure functions."""

import hmac
import re
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime

from plugins.rewards.vouchers.models import Voucher

SECONDS = 60
_CODE = re.compile(r"[0-9A-Z]{6,24}")


@dataclass(frozen=True)
class Typed:
    """What was scanned or typed: a code, with its proof when it comes from the rotating QR."""

    code: str
    step: int | None = None
    proof: str = ""

    @classmethod
    def read(cls, text: str) -> "Typed | None":
        """Read a code, what a camera reads, or an address with it; None for neither."""
        plain = re.sub(r"[\s-]", "", text[:300].rsplit("code=", 1)[-1]).upper()
        code, _, rest = plain.partition(".")
        if not _CODE.fullmatch(code):
            return None
        if not rest:
            return cls(code)
        step, _, proof = rest.partition(".")
        if not (step.isascii() and step.isdecimal() and len(step) < 13):
            return None
        return cls(code, int(step), proof)


def shown_code(voucher: Voucher, at: datetime) -> str:
    """Return what the QR says now: the code, the minute, and the proof for it."""
    step = _step(at)
    return f"{voucher.code}.{step}.{_proof(voucher, step)}"


def shown_until(at: datetime) -> datetime:
    """Return when what the QR says now is stale: at the end of the next minute."""
    return datetime.fromtimestamp((_step(at) + 2) * SECONDS, UTC)


def is_genuine(voucher: Voucher, typed: Typed) -> bool:
    """Tell whether a proof was made with the voucher's own secret."""
    if typed.step is None:
        return True
    return hmac.compare_digest(_proof(voucher, typed.step).encode(), typed.proof.encode())


def is_fresh(typed: Typed, at: datetime) -> bool:
    """Tell whether a QR is of this minute or the last: a screenshot soon is not."""
    return typed.step is None or 0 <= _step(at) - typed.step <= 1


def _step(at: datetime) -> int:
    return int(at.timestamp()) // SECONDS


def _proof(voucher: Voucher, step: int) -> str:
    text = f"{voucher.code}.{step}".encode()
    return b32encode(hmac.digest(voucher.secret.encode(), text, "sha256")).decode()[:10]
