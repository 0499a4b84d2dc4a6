"""Signing what is sent, as Standard Webhooks (standardwebhooks.com) describes."""

import base64
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """Return a new secret as its receiver keeps it: `whsec_` and 32 bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signed_headers(
    message: str, at: int, body: bytes, shared_secrets: Sequence[str]
) -> dict[str, str]:
    """Return the headers that name and sign a message. `at`: seconds since 1970."""
    signed = f"{message}.{at}.".encode() + body
    return {
        "Webhook-Id": message,
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": " ".join(
            f"v1,{_signature(secret, signed)}" for secret in shared_secrets
        ),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
