"""Proposals, books and rules of points, as staff use them on a phone and at a desk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import faults_of, overflow_of, sign_in

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("viewport", "locale"), [("phone", "zh-CN"), ("desk", "en-GB")])
def test_a_proposal_is_refused_and_the_books_and_rules_are_read(
    open_browser: Callable[..., Page], viewport: str, locale: str, tmp_path: Path
) -> None:
    def look(page: Page, name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert not faults_of(page), name
        assert overflow_of(page) <= 0, name

    staff = open_browser(viewport, locale)
    sign_in(staff, "staff@demo.test")
    staff.goto("/p/binjiang/staff/members")
    staff.locator("tbody a[href*='/staff/members/']").first.click()
    staff.locator("a[href$='/points']").first.click()
    staff.fill("input[name=points]", "9000")
    staff.locator("form[action$='/adjust'] textarea").fill("an example")
    staff.locator("form[action$='/adjust'] button[type=submit]").click()
    staff.locator("a[href*='/points/proposals/']").first.click()
    expect(staff.locator("main form")).to_have_count(0)
    look(staff, "own")

    page = open_browser(viewport, locale)
    sign_in(page, "admin@demo.test")
    page.goto("/p/binjiang/staff/points/proposals")
    look(page, "queue")
    page.locator("tbody a.go").first.click()
    look(page, "proposal")
    page.check("input[name=decision][value=refuse]")
    page.locator("main button[type=submit]").click()
    expect(page.locator(".invalid-feedback")).to_have_count(1)
    page.fill("textarea[name=note]", "too much at once")
    page.locator("main button[type=submit]").click()
    page.goto("/p/binjiang/staff/points/proposals?state=refused")
    expect(page.locator("tbody")).to_contain_text("too much at once")
    look(page, "refused")

    for name, address in (
        ("statement", "/centre/points"),
        ("liability", "/centre/points/liability"),
        ("proofs", "/centre/points/proofs"),
        ("rules", "/centre/points/rules"),
    ):
        page.goto(address)
        look(page, name)
    page.goto("/centre/points/rules/redeemable")
    page.fill("input[name=decay_parts]", "4")
    page.fill("textarea[name=reason]", "an example")
    page.locator("button[value=preview]").click()
    expect(page.locator("#preview .diff").first).to_be_visible()
    look(page, "preview")
