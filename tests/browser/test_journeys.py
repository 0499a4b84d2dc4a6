"""The main journeys, as people do them, on a phone and at a desk."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, sign_in

pytestmark = pytest.mark.browser

ROSTER = Path(__file__).parents[1] / "roster" / "data"


def last_code(server: Server, phone: str) -> str:
    """Return the newest code that the console sent to a phone."""
    tail = re.escape(phone[-4:])
    end = time.monotonic() + 10
    while time.monotonic() < end:
        codes = re.findall(rf"\[sms to \S*{tail}\].*?(\d{{6}})", server.log.read_text("utf-8"))
        if codes:
            return str(codes[-1])
        time.sleep(0.1)
    raise AssertionError("no code was sent")


def ask_for_code(page: Page, server: Server, phone: str) -> None:
    """Sign in by code up to the page after it."""
    page.goto("/login")
    page.locator("input[name=phone]").fill(phone)
    page.locator("button[name=act][value=send]").click()
    expect(page.locator("[role=status]").first).to_be_visible()
    page.locator("input[name=code]").fill(last_code(server, phone))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def join(page: Page, name: str) -> None:
    """Fill in the joining form and send it."""
    page.locator("input[name=name]").fill(name)
    for box in page.locator("form input[type=checkbox]").all():
        box.check()
    page.locator("form button[type=submit]").last.click()
    page.wait_for_url(lambda url: "/join" not in url)


def test_somebody_on_the_roster_joins_and_is_verified_at_once(
    open_browser: object, server: Server
) -> None:
    page: Page = open_browser("phone")  # type: ignore[operator]
    ask_for_code(page, server, "１９９ 0000 9101")
    join(page, "许文静")
    page.goto("/me/homes")
    expect(page.get_by_text("滨江府").first).to_be_visible()
    expect(page.get_by_text("已认证").first).to_be_visible()


def test_somebody_else_joins_claims_and_staff_verify(open_browser: object, server: Server) -> None:
    page: Page = open_browser("phone")  # type: ignore[operator]
    ask_for_code(page, server, "19900008765")
    join(page, "温如玉")
    page.goto("/me/claims/new?project=binjiang")
    page.locator("input[name=building]").fill("3栋")
    page.locator("input[name=entrance]").fill("1单元")
    page.locator("input[name=number]").fill("2904")
    proof = Path(__file__).with_name("proof.png")
    page.locator("input[type=file]").set_input_files(proof)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(re.compile("/me/(claims|homes)"))
    expect(page.get_by_text("审核中").first).to_be_visible()

    desk: Page = open_browser("desk")  # type: ignore[operator]
    sign_in(desk, "staff@demo.test")
    desk.goto("/p/binjiang/staff/claims")
    desk.get_by_role("link", name=re.compile("温如玉")).first.click()
    expect(desk.locator("main img").first).to_be_visible()
    shown = desk.locator("main img").first
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    desk.locator("input[name=decision]").first.check()
    if desk.locator("input[name=add_unit]").count():
        desk.locator("input[name=add_unit]").check()
    desk.locator("main form button[type=submit]").last.click()
    desk.wait_for_load_state()

    page.goto("/me/homes")
    expect(page.get_by_text("已认证").first).to_be_visible()


def upload_roster(page: Page, name: str) -> None:
    """Send a roster file and arrive at its preview."""
    page.goto("/p/binjiang/staff/roster")
    page.locator("input[type=file]").set_input_files(ROSTER / name)
    page.locator("form:has(input[type=file]) button[type=submit]").click()
    page.wait_for_url(re.compile(r"/staff/roster/[\w-]{22}$"))


def test_staff_import_a_roster_see_its_copies_change_nothing_and_undo_it(
    open_browser: object, server: Server
) -> None:
    page: Page = open_browser("desk")  # type: ignore[operator]
    sign_in(page, "manager@demo.test")
    upload_roster(page, "roster-utf8.csv")
    page.locator("form[action$='/start'] button").click()
    undo = page.locator("a[href$='/undo']")
    expect(undo).to_be_visible(timeout=60_000)
    imported = page.url
    for name in ("roster-gb18030.csv", "roster.xlsx"):
        upload_roster(page, name)
        expect(page.locator("form[action$='/cancel'] button")).to_be_visible()
        expect(page.locator("form[action$='/start']")).to_have_count(0)
    page.goto(imported)
    undo.click()
    page.locator("form[action$='/undo'] button").click()
    expect(page.get_by_text("已撤销").first).to_be_visible(timeout=30_000)


def test_one_page_is_the_same_without_javascript(open_browser: object, server: Server) -> None:
    page: Page = open_browser("phone", java_script_enabled=False)  # type: ignore[operator]
    sign_in(page, "owner@demo.test")
    page.goto("/me/profile")
    page.locator("input[name=name]").fill("林晓芸")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state()
    expect(page.locator("[role=status]").first).to_be_visible()


def test_language_and_large_type_stay_chosen(open_browser: object, server: Server) -> None:
    page: Page = open_browser("phone")  # type: ignore[operator]
    page.goto("/settings/display")
    page.locator("input[name=language][value=en]").check()
    page.locator("input[name=large]").last.check()
    page.locator("main form button[type=submit]").last.click()
    page.goto("/login")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-type", "large")
