"""A passkey on a phone: added, signed in with, taken off; Chromium's own authenticator answers."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import VIEWPORTS, faults_of, overflow_of, serving, sign_in

pytestmark = pytest.mark.browser
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def phone(chromium: Browser, demo_home: Path, tmp_path: Path) -> Iterator[Page]:
    """A phone with an authenticator, at a portal with a name."""
    home = tmp_path / "named"
    shutil.copytree(demo_home, home)
    with serving(home, "localhost") as server:
        context = chromium.new_context(
            base_url=server.url, viewport=VIEWPORTS["phone"], locale="zh-CN"
        )
        page = context.new_page()
        wire = context.new_cdp_session(page)
        wire.send("WebAuthn.enable")
        wire.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        yield page
        context.close()


@pytest.fixture
def whole(phone: Page) -> Callable[[], None]:
    """Look at the page that is open: accessible, no wider than the phone."""

    def look() -> None:
        assert faults_of(phone) == []
        assert overflow_of(phone) <= 0

    return look


def test_a_passkey_from_the_first_to_the_last_day(phone: Page, whole: Any) -> None:
    sign_in(phone, "owner@demo.test")
    phone.goto("/me/security")
    phone.get_by_text("通行密钥", exact=True).click()
    phone.wait_for_url("**/me/security/passkeys")
    whole()
    phone.get_by_label("设备名称").fill("我的手机")
    phone.get_by_role("button", name="用这台设备添加通行密钥").click()
    expect(phone.get_by_text("从现在起，可以用这个通行密钥登录了。")).to_be_visible()
    expect(phone.get_by_text("我的手机", exact=True)).to_be_visible()
    whole()
    phone.context.clear_cookies()
    phone.goto("/login?next=/me/points")
    whole()
    phone.get_by_role("button", name="用通行密钥登录").click()
    phone.wait_for_url(lambda url: urlsplit(url).path == "/me/points")
    phone.goto("/me/security/passkeys")
    phone.get_by_role("link", name="移除：我的手机").click()
    phone.wait_for_url("**/remove")
    whole()
    phone.get_by_role("button", name="移除").click()
    expect(phone.get_by_text("通行密钥已移除。", exact=False)).to_be_visible()
    phone.context.clear_cookies()
    phone.goto("/login")
    phone.get_by_role("button", name="用通行密钥登录").click()
    expect(phone.get_by_text("这个通行密钥不能在此使用。", exact=False)).to_be_visible()
    assert "/login" in phone.url
