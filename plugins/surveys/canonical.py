"""The one form of a JSON value, and its hash; pure."""

import hashlib
import json


def canonical(value: object) -> bytes:
    """Return the one form of a JSON value: keys in order, no spaces, UTF-8."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def sha256(value: object) -> str:
    """Return the SHA-256 of a JSON value's one form, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def digest(words: str) -> str:
    """Return the SHA-256 of a text, in hex."""
    return hashlib.sha256(words.encode()).hexdigest()
