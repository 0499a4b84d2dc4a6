"""What stands under a posting's key: how long its words may be, and digests of what was said."""

import hashlib
import json
from collections.abc import Sequence

from portal.crypto import lookup_hash
from portal.points.accounts import Place
from portal.points.errors import PointsError
from portal.points.kinds import Kind
from portal.points.terms import Why

KEY_LENGTH, NOTE_LENGTH = 160, 500


def check_lengths(key: str, why: Why) -> None:
    """Raise PointsError: key_invalid, too_long."""
    if not key or len(key) > KEY_LENGTH:
        raise PointsError("key_invalid")
    limits = ((why.source, 60), (why.source_key, 80), (why.rule or "", 60), (why.note, NOTE_LENGTH))
    if not why.source or any(len(text) > most for text, most in limits):
        raise PointsError("too_long")


def note_digest(salt: bytes, text: str) -> bytes:
    """Return what a transaction keeps of its free text."""
    return hashlib.sha256(salt + text.encode()).digest()


def body_hash(place: Place, kind: Kind, why: Why, body: Sequence[object]) -> bytes:
    """Return the digest of what was asked under a key: the same again is the same posting."""
    said = [
        kind,
        place.account_id,
        why.source,
        why.source_key,
        dict(why.facts),
        why.project_id,
        str(why.business_date),
        why.rule,
        why.rule_version,
        lookup_hash("points note", why.note).hex() if why.note else None,
        [str(each) for each in body],
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()
