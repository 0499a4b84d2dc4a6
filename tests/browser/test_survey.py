"""The yearly survey on a phone: begun without JavaScript, put off, gone on with and sent."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import faults_of, overflow_of, sign_in

pytestmark = pytest.mark.browser

LIMIT_SECONDS = 120
"""What the club promises; a thumb is slower than a test, and this machine slower than a phone."""


def answer_screen(page: Page) -> None:
    """Take the second highest of each group of choices; leave what is optional and in words."""
    for group in {each.get_attribute("name") for each in page.locator("input[type=radio]").all()}:
        marks = page.locator(f'input[type=radio][name="{group}"]')
        marks.nth(max(0, marks.count() - 2)).check(force=True)


def press(page: Page, act: str) -> None:
    """Press a button of the screen and wait for the next one."""
    with page.expect_navigation():
        page.locator(f'button[name=act][value="{act}"]:not([tabindex="-1"])').last.click()


def go_to_survey(page: Page) -> None:
    """Find the survey that waits, as an owner does, from the list."""
    page.goto("/p/binjiang/surveys/")
    page.locator("main a[href*='/surveys/']").filter(has_text="满意度").first.click()
    page.locator(".action-bar a.btn-primary").click()


def test_the_yearly_survey_is_begun_put_off_and_sent(open_browser: object) -> None:
    first: Page = open_browser("phone", java_script_enabled=False)  # type: ignore[operator]
    sign_in(first, "owner@demo.test")
    go_to_survey(first)
    answer_screen(first)
    press(first, "next")
    kept = first.locator("main").inner_text()
    first.close()

    page: Page = open_browser("phone")  # type: ignore[operator]
    sign_in(page, "owner@demo.test")
    begin = time.monotonic()
    go_to_survey(page)
    assert page.locator("main").inner_text() == kept
    screens = 0
    while page.locator('button[value="send"]').count() == 0:
        screens += 1
        assert screens < 20
        answer_screen(page)
        if screens <= 2:
            assert faults_of(page) == []
            assert overflow_of(page) == 0
        press(page, "next")
    press(page, "send")
    assert time.monotonic() - begin < LIMIT_SECONDS
    expect(page.get_by_role("status")).to_contain_text("积分已入账")
    # It is taken once: the same address asks nothing any more.
    page.reload()
    expect(page.get_by_role("link", name="全部问卷")).to_be_visible()
    expect(page.locator(".action-bar")).to_have_count(0)
