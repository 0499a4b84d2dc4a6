"""Which addresses are sent to: those of the public internet, by https, and looked up once."""

import ipaddress
import re
import socket
import threading
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from flask import current_app

LONGEST = 500
LOCAL_HOST = "127.0.0.1"
_PORTS = {443}
_FIRST_FREE_PORT = 1024
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))+")
_SAFE = "/%:@!$&'()*+,;=~-._?"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAMES_OF_HERE = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressError(Exception):
    """Nothing is sent to this address; `code` says why: unreadable, not_https, userinfo, port,
    private, no_name, timeout."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Target:
    """An address taken apart; `path` begins with a slash and holds the query, too."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        """Return host and port: what lists show."""
        usual = 443 if self.secure else 80
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the whole address."""
        return f"{'https' if self.secure else 'http'}://{self.place}{self.path}"


def local_allowed() -> bool:
    """Tell whether http://127.0.0.1 is taken: for trying things out, never in production."""
    settings = current_app.extensions["portal.settings"]
    return bool(settings.demo or settings.development)


def parse_address(text: str, *, local: bool = False) -> Target:
    """Take an address apart. `local`: also http://127.0.0.1. Raises AddressError."""
    if not text or len(text) > LONGEST or re.search(r"[\s\\\x00-\x1f\x7f]", text):
        raise AddressError("unreadable")
    try:
        parts = urlsplit(text)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
    except ValueError:
        raise AddressError("unreadable") from None
    if parts.scheme not in ("http", "https") or not host:
        raise AddressError("unreadable")
    if "@" in parts.netloc:
        raise AddressError("userinfo")
    if parts.fragment or parts.netloc.endswith(":"):
        raise AddressError("unreadable")
    path = quote(parts.path or "/", safe=_SAFE)
    if parts.query:
        path += "?" + quote(parts.query, safe=_SAFE)
    if parts.scheme == "http":
        if not (local and host == LOCAL_HOST):
            raise AddressError("not_https")
        return Target(secure=False, host=host, port=80 if port is None else port, path=path)
    port = 443 if port is None else port
    if port not in _PORTS and port < _FIRST_FREE_PORT:
        raise AddressError("port")
    return Target(secure=True, host=_host(host), port=port, path=path)


def _host(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        if not is_public(address):
            raise AddressError("private")
        return str(address)
    try:
        name = host.encode("idna").decode().lower()
    except UnicodeError:
        raise AddressError("unreadable") from None
    if name == "localhost" or name.endswith(_NAMES_OF_HERE):
        raise AddressError("private")
    # A last part that is a number makes it an address in a form that resolvers read their own way.
    if not _NAME.fullmatch(name) or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", name.rpartition(".")[2]):
        raise AddressError("unreadable")
    return name


def is_public(address: Address) -> bool:
    """Tell whether an address is anybody's on the internet; of IPv6 forms that carry an IPv4
    address, whether that one is."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local or address.scope_id:
            return False
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )


def resolve(target: Target, seconds: float) -> list[str]:
    """Look a host up and return its addresses: to be used as they are, so that a later look-up
    cannot lead elsewhere. Raises AddressError: no_name, timeout, private (if any of them is)."""
    if not target.secure:
        return [target.host]
    found = [ipaddress.ip_address(each.partition("%")[0]) for each in _look_up(target, seconds)]
    if not found:
        raise AddressError("no_name")
    if not all(is_public(each) for each in found):
        raise AddressError("private")
    return [str(each) for each in dict.fromkeys(found)]


def _look_up(target: Target, seconds: float) -> list[str]:
    """Ask the resolver, which cannot be told how long to wait, in a thread that is left behind."""
    answers: list[list[str]] = []

    def ask() -> None:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        answers.append([str(each[4][0]) for each in found])

    thread = threading.Thread(target=ask, name="webhook-name", daemon=True)
    thread.start()
    thread.join(seconds)
    if not answers:
        raise AddressError("timeout")
    return answers[0]
