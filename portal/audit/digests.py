"""The one form of an entry and of a seal from which their digests are made."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from datetime import UTC

from portal.audit.models import AuditEntry

FIRST = "0" * 64
"""What stands for the seal before the first."""
_SALT_BYTES = 16


def new_salt() -> bytes:
    """Return what keeps a reason from being guessed by its digest."""
    return secrets.token_bytes(_SALT_BYTES)


def text_digest(salt: bytes, text: str) -> bytes:
    """Return the digest that stands in for a reason."""
    return hashlib.sha256(salt + text.encode()).digest()


def row_digest(entry: AuditEntry, reason_digest: bytes | None) -> bytes:
    """Return the digest of an entry, its reason by `reason_digest`."""
    form = [
        entry.id,
        entry.action,
        entry.actor_id,
        entry.project_id,
        entry.subject_kind,
        entry.subject_key,
        entry.facts,
        entry.created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        reason_digest and reason_digest.hex(),
    ]
    text = json.dumps(form, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def seal_digest(number: int, previous: str, sealed_at: str, rows: Iterable[bytes]) -> str:
    """Return a seal's digest in hexadecimal: over the seal before and its entries in order."""
    digests = list(rows)
    head = f"portal audit seal 1\n{number}\n{previous}\n{sealed_at}\n{len(digests)}\n"
    return hashlib.sha256(head.encode() + b"".join(digests)).hexdigest()
