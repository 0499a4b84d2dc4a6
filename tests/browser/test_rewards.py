"""Points spent on a phone: why not, redeemed, fetched, a voucher in parts, the fee, the card."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import faults_of, overflow_of, sign_in
from tests.browser.test_door import CAMERA

pytestmark = pytest.mark.browser
OWNER, DESK = "/p/binjiang/rewards/", "/p/binjiang/staff/rewards/"


def look(page: Page) -> None:
    """See to it that the screen that is open can be used by everybody."""
    assert faults_of(page) == [], page.url
    assert overflow_of(page) <= 0, page.url


def redeem(page: Page, title: str) -> None:
    """Find an item in the catalogue, redeem it, and come to what is to be confirmed."""
    page.goto(f"{OWNER}?q={title}")
    page.locator("a.ev").first.click()
    look(page)
    page.get_by_role("button", name="立即兑换").click()
    expect(page.locator("form[action$='/confirm']")).to_be_visible()
    look(page)


def confirm(page: Page) -> None:
    """Confirm the order."""
    page.locator("form[action$='/confirm'] button[type=submit]").click()
    expect(page.get_by_role("status").first).to_contain_text("已下单")
    look(page)


def show(desk: Page, phone: Page) -> None:
    """Hold the QR of the phone's screen before the desk's camera."""
    # Windows behind others draw nothing, and a camera sees nothing there.
    desk.bring_to_front()
    # The code lies before the camera as it starts: it may be read at the first look.
    desk.evaluate("url => hold(url)", phone.locator("img.qr").get_attribute("src"))
    desk.locator("[data-scan]").click()


def test_points_are_spent_and_everything_is_had(open_browser: Any) -> None:
    phone: Page = open_browser("phone")
    sign_in(phone, "owner@demo.test")
    phone.goto(OWNER)
    look(phone)
    phone.get_by_role("link", name=re.compile("江景音乐会双人席")).click()
    expect(phone.locator("#may")).to_have_text("暂时不能兑换的原因")
    expect(phone.locator(".action-bar")).to_contain_text("钻石卡")
    look(phone)
    redeem(phone, "绿萝")
    confirm(phone)

    desk: Page = open_browser("desk")
    desk.add_init_script(f"({CAMERA})()")
    sign_in(desk, "staff@demo.test")
    desk.goto(f"{DESK}desk")
    look(desk)
    show(desk, phone)
    expect(desk.locator("#found")).to_contain_text("绿萝")
    look(desk)
    desk.locator("form:has(input[value=hand_out]) button").click()
    expect(desk.get_by_role("status").first).to_contain_text("已领取")
    phone.reload()
    expect(phone.locator(".ticket .pill").first).to_have_text("已领取")
    assert phone.locator("img.qr").count() == 0

    # A voucher of 50 yuan, half of it used: ten of what is left.
    phone.goto(f"{OWNER}orders/")
    look(phone)
    phone.get_by_role("link", name=re.compile("迎新礼")).first.click()
    phone.get_by_role("link", name=re.compile("25.00")).click()
    expect(phone.locator("main")).to_contain_text("余 25.00 元")
    look(phone)
    desk.evaluate("sessionStorage.clear()")
    desk.goto(f"{DESK}vouchers")
    show(desk, phone)
    desk.locator("#amount").fill("10")
    look(desk)
    desk.locator("form[data-found] button").click()
    expect(desk.get_by_role("status").first).to_contain_text("15.00")
    phone.reload()
    expect(phone.locator("main")).to_contain_text("使用 10.00 元，余 15.00 元")

    redeem(phone, "物业费")
    confirm(phone)
    expect(phone.locator(".ticket")).to_contain_text("1,000")

    # A partner's phone reads the card: the tier and what it gets there, and no name.
    desk.goto(f"{DESK}partners")
    desk.locator("tbody a").first.click()
    desk.locator("button[value=link]").click()
    link = desk.locator(".notice .num").inner_text()
    phone.goto(f"{OWNER}card")
    look(phone)
    typed = re.sub(r"\D", "", phone.locator(".card-no").first.inner_text())
    digits = re.sub(r"\D", "", phone.locator("strong.card-no").inner_text())
    till: Page = open_browser("phone")
    till.goto(link)
    till.fill("#code", f"{typed} {digits}")
    look(till)
    till.locator("form.card button[type=submit]").click()
    expect(till.locator(".tier-card")).to_contain_text("金卡")
    expect(till.locator("main")).not_to_contain_text("林晓芸")
    look(till)
