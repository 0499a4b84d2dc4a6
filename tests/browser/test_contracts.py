"""The pages of contracts in a real browser: sound on a phone and a desk, in Chinese and English."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import faults_of, overflow_of, sign_in

pytestmark = pytest.mark.browser
AT = "/p/binjiang/staff/contracts"
LISTS = ("", "?state=uneven", "?state=waiting", "/payments", "/payments?state=alone", "/fees",
         "/fees?state=nobodys", "/imports")  # fmt: skip


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("viewport", ["phone", "desk"])
def test_the_pages_of_contracts_are_sound(open_browser: object, viewport: str, locale: str) -> None:
    page: Page = open_browser(viewport, locale, bypass_csp=True)  # type: ignore[operator]
    sign_in(page, "admin@demo.test")
    faults: list[str] = []
    for path in LISTS:
        faults += _look(page, AT + path)
    page.goto(AT)
    contract = page.locator("a.go").first.get_attribute("href") or ""
    faults += _look(page, contract)
    faults += _look(page, contract + "/correct")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state()
    assert page.locator("textarea[aria-invalid=true]").count() == 1
    faults += _faults(page, "correct-refused")
    page.context.clear_cookies()
    sign_in(page, "owner@demo.test")
    page.goto("/me/homes")
    home = page.locator("main a[href*='/me/homes/']").first.get_attribute("href") or ""
    faults += _look(page, home)
    assert not faults, "\n".join(faults)


def _look(page: Page, path: str) -> list[str]:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200, path
    return _faults(page, path)


def _faults(page: Page, path: str) -> list[str]:
    if shots := os.environ.get("SHOTS"):
        size = page.viewport_size or {"width": 0}
        language = page.locator("html").get_attribute("lang")
        name = "-".join(path.replace("?", "/").split("/")[-2:])
        page.screenshot(path=Path(shots) / f"{size['width']}-{language}-{name}.png", full_page=True)
    wider = overflow_of(page)
    found = [f"{path}: {wider} px wider than the window"] if wider > 0 else []
    return found + [f"{path}: {fault}" for fault in faults_of(page)]
