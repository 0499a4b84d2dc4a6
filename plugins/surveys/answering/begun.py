"""When somebody began: the draft knows, or, where nothing may be kept, the form itself does."""

import hmac
from collections.abc import Mapping
from datetime import datetime

from flask import current_app, request
from itsdangerous import BadSignature, TimestampSigner

from plugins.surveys.answering.finding import Found
from plugins.surveys.answering.pressure import Seen
from portal.sdk import may

FIELD = "begun"


def mark(found: Found, form: Mapping[str, str]) -> str:
    """Return the signed moment at which an anonymous answer was begun, "" for others.

    It names nobody and is written nowhere but into the form.
    """
    if not found.anonymous:
        return ""
    sent = form.get(FIELD, "")
    return sent if sent and _signer(found).validate(sent) else _signer(found).sign("b").decode()


def moment(found: Found, sent: str) -> datetime | None:
    """Return when the answer was begun, None where nobody knows."""
    if not found.anonymous:
        return found.begun_at
    try:
        _, signed_at = _signer(found).unsign(sent, return_timestamp=True)
    except BadSignature:
        return None
    return signed_at


def seen(found: Found) -> Seen:
    """Return what the server sees of who sends: of an anonymous answer nothing.

    The device is a hash that only this server can make, of the wave, the network and the program.
    """
    if found.anonymous:
        return Seen()
    sent = f"{found.wave.public_id}\0{request.remote_addr}\0{request.user_agent.string}"
    key = str(current_app.secret_key).encode()
    helped = request.form.get("helped") == "yes" or may("surveys.results")
    return Seen(hmac.digest(key, sent.encode(), "sha256").hex()[:32], helped)


def _signer(found: Found) -> TimestampSigner:
    return TimestampSigner(current_app.secret_key or "", salt=f"surveys {found.wave.public_id}")
