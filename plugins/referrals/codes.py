"""Codes that people read aloud and type: no character looks like another."""

import secrets
import unicodedata

# Without 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
LENGTH = 8


def new_code() -> str:
    """Return a random code of eight characters."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def read_code(text: str) -> str:
    """Return a code as it is kept, however it was typed; empty for what cannot be one."""
    plain = unicodedata.normalize("NFKC", text[:40]).upper()
    plain = "".join(character for character in plain if character not in " -·")
    return plain if len(plain) == LENGTH and set(plain) <= set(ALPHABET) else ""


def show_code(code: str) -> str:
    """Return a code in two groups of four."""
    return f"{code[:4]} {code[4:]}"
