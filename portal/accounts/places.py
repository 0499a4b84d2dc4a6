"""Where a request comes from: its network, and whether this device has signed in before."""

import ipaddress
import secrets
from dataclasses import dataclass

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from portal.accounts.models import Account

DEVICE_COOKIE = "device"
_DEVICE_SECONDS = 400 * 24 * 3600
"""The longest that browsers keep a cookie."""
_ACCOUNTS_A_DEVICE = 6
_PREFIX = {4: 24, 6: 64}


@dataclass(frozen=True)
class Device:
    """What the signed cookie says: a random id, and the accounts that signed in here."""

    key: str
    accounts: tuple[str, ...] = ()

    def knows(self, account: Account | None) -> bool:
        """Tell whether `account` has signed in on this device."""
        return account is not None and account.public_id in self.accounts


def network() -> str:
    """Return the requester's network: a /24 of IPv4, a /64 of IPv6, "unknown" without one."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network(f"{address}/{_PREFIX[address.version]}", strict=False))


def device() -> Device:
    """Return this device; one without a good cookie is new and knows nobody."""
    try:
        key, accounts = _serializer().loads(request.cookies.get(DEVICE_COOKIE, ""))
        return Device(str(key), tuple(map(str, accounts)))
    except (BadSignature, TypeError, ValueError):
        return Device(secrets.token_urlsafe(16))


def place_of(account: Account | None) -> str:
    """Return what tries on `account` are counted by: its own device, else the network."""
    here = device()
    return f"device:{here.key}" if here.knows(account) else f"network:{network()}"


def remember_device(response: Response, account_public_id: str) -> None:
    """Mark the device as one on which the account has signed in."""
    here = device()
    others = [id_ for id_ in here.accounts if id_ != account_public_id]
    accounts = [account_public_id, *others][:_ACCOUNTS_A_DEVICE]
    response.set_cookie(
        DEVICE_COOKIE,
        str(_serializer().dumps([here.key, accounts])),
        max_age=_DEVICE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="device")
