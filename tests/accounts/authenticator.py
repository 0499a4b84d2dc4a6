"""A device that makes passkeys and signs with them, as WebAuthn level 2 says; it may cheat."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One passkey: `count` is what it says of its uses, `flags` what it says of its owner."""

    origin: str = "http://localhost"
    host: str = "localhost"
    count: int = 0
    flags: int = PRESENT | VERIFIED
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, options: str) -> str:
        """Answer the page that adds a passkey."""
        client = self._client("webauthn.create", options)
        at = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32, "big"), -3: at.y.to_bytes(32, "big")}
        size = len(self.credential_id).to_bytes(2, "big")
        key = bytes(16) + size + self.credential_id + encode_cbor(cose)
        told = {"fmt": "none", "attStmt": {}, "authData": self._data(WITH_KEY) + key}
        return self._said(client, attestationObject=encode_cbor(told))

    def sign(self, options: str) -> str:
        """Answer the page that signs in."""
        client, self.count = self._client("webauthn.get", options), self.count + 1
        data = self._data()
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._said(client, authenticatorData=data, signature=signature)

    def _client(self, kind: str, options: str) -> bytes:
        challenge = json.loads(options)["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, more: int = 0) -> bytes:
        whose = hashlib.sha256(self.host.encode()).digest()
        return whose + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _said(self, client: bytes, **response: bytes) -> str:
        ours = bytes_to_base64url(self.credential_id)
        told: dict[str, Any] = {name: bytes_to_base64url(each) for name, each in response.items()}
        told["clientDataJSON"] = bytes_to_base64url(client)
        return json.dumps({"id": ours, "rawId": ours, "type": "public-key", "response": told})
