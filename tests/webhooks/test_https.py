"""Names that lead somewhere else, and certificates."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.webhooks import addresses, posting
from portal.webhooks.addresses import parse_address
from tests.webhooks.receiver import receiving


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of hooks.example.com, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("hooks.example.com")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where names lead, look-up by look-up; the last stays. Loopback counts as public here."""
    found = ["127.0.0.1"]

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host[0].isdigit():
            return real(host, port, type=socket.SOCK_STREAM)
        address = found.pop(0) if len(found) > 1 else found[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    public = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda ip: str(ip) == "127.0.0.1" or public(ip))
    return found


def _post(port: int, host: str = "hooks.example.com") -> int:
    return posting.post(parse_address(f"https://{host}:{port}/hooks"), b"{}", {"A": "b"})


def test_by_https_the_certificate_is_checked_by_name(
    certificate: Path, named: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with receiving(tls=context) as receiver:
        with pytest.raises(posting.PostError, match="tls"):
            _post(receiver.port)  # nobody vouches for it
        monkeypatch.setattr(
            posting, "tls_context", lambda: ssl.create_default_context(cafile=certificate)
        )
        assert _post(receiver.port) == 200
        assert receiver.got[-1].headers["host"] == f"hooks.example.com:{receiver.port}"
        with pytest.raises(posting.PostError, match="tls"):
            _post(receiver.port, "other.example.com")
        assert len(receiver.got) == 1
    with receiving() as plain, pytest.raises(posting.PostError, match="tls"):
        _post(plain.port)


def test_a_name_that_changes_leads_nowhere_else(
    certificate: Path, named: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked up once: what was checked is what is connected to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setattr(
        posting, "tls_context", lambda: ssl.create_default_context(cafile=certificate)
    )
    with receiving(tls=context) as receiver:
        named[:] = ["127.0.0.1", "127.0.0.2"]
        assert _post(receiver.port) == 200
        assert named == ["127.0.0.2"]
        for private in ("127.0.0.2", "10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "::1"):
            named[:] = [private]
            with pytest.raises(posting.PostError, match="private"):
                _post(receiver.port)
        assert len(receiver.got) == 1
