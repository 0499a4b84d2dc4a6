"""The owner's pages of points on the smallest phone, in large type, and as a person uses them."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, faults_of, overflow_of, sign_in

pytestmark = pytest.mark.browser

SMALL = {"width": 320, "height": 640}
PAGES = ("/me/points", "/me/points?show=used", "/me/points/lots", "/me/points/lots?show=all",
         "/me/points/give")  # fmt: skip


@pytest.mark.parametrize("locale", ["zh-CN", "zh-TW", "en-GB"])
def test_points_fit_a_small_phone_in_large_type(
    open_browser: object, server: Server, locale: str
) -> None:
    page: Page = open_browser("phone", locale)  # type: ignore[operator]
    page.set_viewport_size(SMALL)  # type: ignore[arg-type]
    sign_in(page, "owner@demo.test")
    page.goto("/me/points")
    line = page.locator("a[href*='/me/points/lines/']").nth(3).get_attribute("href")
    month = page.locator("h2 a[href*='/me/points/20']").first.get_attribute("href")
    assert line
    assert month
    faults = []
    for path in (*PAGES, line, month):
        page.goto(path)
        page.evaluate("document.documentElement.dataset.type = 'large'")
        if overflow_of(page) > 0:
            faults.append(f"{path}: {overflow_of(page)} px wider than the window")
        faults += [f"{path}: {fault}" for fault in faults_of(page)]
    assert not faults, "\n".join(faults)


def test_an_owner_finds_out_why_and_gives_points(open_browser: object, server: Server) -> None:
    page: Page = open_browser("phone", "en-GB")  # type: ignore[operator]
    sign_in(page, "owner@demo.test")
    page.goto("/me/points")
    page.get_by_role("link", name="Why is it 12,680?").click()
    expect(page.get_by_text("Both sums are the same")).to_be_visible()
    page.goto("/me/points/give")
    page.locator("input[name=points]").fill("99,999")
    page.locator("label.pick").first.click()
    page.get_by_role("button", name="Next: look at it again").click()
    expect(page.get_by_text("There are not that many points available.")).to_be_visible()
    assert page.locator("input[name=points]").input_value() == "99,999"
    assert not faults_of(page)
    page.locator("input[name=points]").fill("12.5")
    page.get_by_role("button", name="Next: look at it again").click()
    assert not faults_of(page)
    page.get_by_role("button", name="Give 12.5 points").click()
    expect(page.get_by_text("Given: 12.5 points to")).to_be_visible()
    expect(page.get_by_text("From which points")).to_be_visible()
