"""What is sent to, and what is not: by how it is written, and by where its name leads."""

import ipaddress
import socket
import time
from typing import Any

import pytest

from portal.webhooks.addresses import AddressError, is_public, parse_address, resolve


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.com", "https://example.com/"),
        ("https://Example.COM./Hooks?key=a%20b&c", "https://example.com/Hooks?key=a%20b&c"),
        ("https://example.com:443/", "https://example.com/"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://例子.中国/钩子", "https://xn--fsqu00a.xn--fiqs8s/%E9%92%A9%E5%AD%90"),
        ("https://8.8.8.8/a", "https://8.8.8.8/a"),
        ("https://[2001:4860:4860::8888]:9443/", "https://[2001:4860:4860::8888]:9443/"),
    ],
)
def test_addresses_of_the_internet_are_taken(text: str, url: str) -> None:
    assert parse_address(text).url == url
    assert parse_address(url).url == url


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "unreadable"),
        ("example.com/hooks", "unreadable"),
        ("ftp://example.com/", "unreadable"),
        ("https://", "unreadable"),
        ("https:///path", "unreadable"),
        ("https://example.com/#part", "unreadable"),
        ("https://example.com:/", "unreadable"),
        ("https://example.com:0/", "port"),
        ("https://example.com:22/", "port"),
        ("https://example.com:25/", "port"),
        ("https://example.com:99999/", "unreadable"),
        ("https://example.com:-1/", "unreadable"),
        ("https://example.com:４４３/", "unreadable"),
        ("https://exa mple.com/", "unreadable"),
        ("https://example.com/a\r\nHost: b", "unreadable"),
        ("https://example.com\\@10.0.0.1/", "unreadable"),
        ("https://" + "a" * 600 + ".com/", "unreadable"),
        ("https://" + "a" * 64 + ".com/", "unreadable"),
        ("https://.com/", "unreadable"),
        ("https://a..b/", "unreadable"),
        ("https://db/", "unreadable"),
        ("https://[::1", "unreadable"),
        ("https://[not-an-address]/", "unreadable"),
        ("https://user:secret@example.com/", "userinfo"),
        ("https://@example.com/", "userinfo"),
        ("https://example.com@10.0.0.1/", "userinfo"),
        ("http://example.com/", "not_https"),
        ("http://127.0.0.1/", "not_https"),
        ("https://localhost/", "private"),
        ("https://a.localhost/", "private"),
        ("https://metadata.google.internal/", "private"),
        ("https://127.0.0.1/", "private"),
        ("https://10.1.2.3/", "private"),
        ("https://169.254.169.254/latest/meta-data", "private"),
        ("https://[::1]/", "private"),
        ("https://[::ffff:127.0.0.1]/", "private"),
        ("https://[::ffff:7f00:1]/", "private"),
        ("https://[fe80::1%25eth0]/", "private"),
        ("https://2130706433/", "unreadable"),
        ("https://0x7f000001/", "unreadable"),
        ("https://0x7f.0.0.1/", "unreadable"),
        ("https://127.1/", "unreadable"),
        ("https://0177.0.0.1/", "unreadable"),
    ],
)
def test_other_addresses_are_refused(text: str, code: str) -> None:
    with pytest.raises(AddressError) as refused:
        parse_address(text)
    assert refused.value.code == code


def test_this_machine_is_for_trying_things_out_only() -> None:
    assert parse_address("http://127.0.0.1:9/a", local=True).url == "http://127.0.0.1:9/a"
    for text in ("http://localhost:9/", "http://127.0.0.2/", "http://10.0.0.1/", "http://a.com/"):
        with pytest.raises(AddressError, match="not_https"):
            parse_address(text, local=True)
    with pytest.raises(AddressError, match="private"):
        parse_address("https://127.0.0.1/", local=True)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1",
        "2001:0:7f00:1::1", "2002:7f00:1::", "2002:a00:1::1", "fc00::1", "fd12:3456::1", "fe80::1",
        "fec0::1", "ff02::1", "ff0e::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_everybodys(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_addresses_that_are_everybodys(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def _answers(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    def look_up(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def test_names_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    target = parse_address("https://hooks.example.com/")
    _answers(monkeypatch, "8.8.8.8", "2606:4700::1111", "8.8.8.8")
    assert resolve(target, 1) == ["8.8.8.8", "2606:4700::1111"]
    for private in ("127.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0"):
        _answers(monkeypatch, "8.8.8.8", private)
        with pytest.raises(AddressError, match="private"):
            resolve(target, 1)
    _answers(monkeypatch)
    with pytest.raises(AddressError, match="no_name"):
        resolve(target, 1)


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(1.5) or [])
    begun = time.monotonic()
    with pytest.raises(AddressError, match="timeout"):
        resolve(parse_address("https://hooks.example.com/"), 0.1)
    assert time.monotonic() - begun < 1
