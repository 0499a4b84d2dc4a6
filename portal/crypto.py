"""Personal numbers at rest: AES-256-GCM to keep them, keyed HMAC-SHA-256 to find them.

The keys lie outside the database (PORTAL_DATA_KEYS, or keys.json). Each ciphertext begins with the
version of its key, so that a newer key can be added while the older ones still decrypt: `portal
keys` adds one and encrypts anew. A process that meets a version it does not know looks into
keys.json once more. Look-up hashes are made with the lowest version, which therefore stays for the
life of the database.
"""

import hashlib
import hmac
import os
from functools import lru_cache

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

from portal.config import Settings, with_kept_keys

_NONCE_BYTES = 12


def encrypt(text: str) -> bytes:
    """Return version byte + nonce + ciphertext of `text` under the newest key."""
    version, key = key_in_use()
    nonce = os.urandom(_NONCE_BYTES)
    head = bytes([version])
    return head + nonce + _cipher(key).encrypt(nonce, text.encode(), head)


def decrypt(sealed: bytes) -> str:
    """Return the text in `sealed`; raises cryptography's InvalidTag when it was altered."""
    head, nonce, body = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    return _cipher(_key_of(head[0])).decrypt(nonce, body, head).decode()


def key_in_use() -> tuple[int, bytes]:
    """Return version and key that encrypt: PORTAL_DATA_KEY_VERSION, or the highest there is."""
    settings = _settings()
    version = settings.data_key_version or max(settings.data_keys)
    return version, settings.data_keys[version]


def key_version(sealed: bytes) -> int:
    """Return the version of the key that `sealed` is under."""
    return sealed[0]


def lookup_hash(purpose: str, text: str) -> bytes:
    """Return 32 bytes that find `text` again without telling it; `purpose` keeps uses apart."""
    key = min(_settings().data_keys.items())[1]
    return hmac.digest(key, f"{purpose}\0{text}".encode(), "sha256")


def token_hash(token: str) -> bytes:
    """Return the SHA-256 of a random token: what the database keeps of it."""
    return hashlib.sha256(token.encode()).digest()


class Encrypted(sa.TypeDecorator[str]):
    """A text column that holds ciphertext and reads as text."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> bytes | None:
        return None if value is None else encrypt(value)

    def process_result_value(self, value: bytes | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else decrypt(value)


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    # Setting a key up costs as much as encrypting a number with it.
    return AESGCM(key)


def _key_of(version: int) -> bytes:
    if version not in _settings().data_keys:
        current_app.extensions["portal.settings"] = with_kept_keys(_settings())
    return _settings().data_keys[version]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["portal.settings"]
    return settings
