"""Between two calls of signing in: sealed notes that the caller carries and cannot read."""

import base64
import json
from datetime import timedelta

from cryptography.exceptions import InvalidTag

from portal import clock
from portal.crypto import decrypt, encrypt

LONGEST = 4000


class TicketError(Exception):
    """The ticket is not ours, is for another purpose, or is too old."""


def seal(purpose: str, **facts: str) -> str:
    """Return a ticket that holds `facts`, to be opened for the same purpose."""
    note = json.dumps([purpose, clock.now().timestamp(), facts])
    return base64.urlsafe_b64encode(encrypt(note)).decode().rstrip("=")


def unseal(purpose: str, ticket: str, *, life: timedelta) -> dict[str, str]:
    """Return the facts in a ticket that is at most `life` old. Raises TicketError."""
    try:
        sealed = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        kept, at, facts = json.loads(decrypt(sealed))
    except (ValueError, KeyError, IndexError, InvalidTag) as error:
        raise TicketError from error
    if kept != purpose or clock.now().timestamp() - at > life.total_seconds():
        raise TicketError
    return dict(facts)
