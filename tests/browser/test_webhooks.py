"""An administrator registers, changes, tries and searches webhooks, on a phone and at a desk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import faults_of, overflow_of, sign_in
from tests.webhooks.receiver import receiving

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("viewport", "locale"), [("phone", "zh-CN"), ("desk", "en-GB")])
def test_from_the_empty_list_to_the_deleted_webhook(
    open_browser: Callable[..., Page], viewport: str, locale: str, tmp_path: Path
) -> None:
    page = open_browser(viewport, locale)
    sign_in(page, "admin@demo.test")

    def look(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert not faults_of(page), name
        assert overflow_of(page) <= 0, name

    with receiving() as receiver:
        page.goto("/centre/webhooks")
        look("empty")
        page.locator("a.btn-primary").click()
        # Nothing chosen: what was typed stays.
        page.fill("input[name=name]", "Customer system")
        page.locator("button.btn-primary").click()
        expect(page.locator(".invalid-feedback").first).to_be_visible()
        expect(page.locator("input[name=name]")).to_have_value("Customer system")
        look("refused")
        page.fill("input[name=address]", receiver.url)
        page.check("input[name=kinds][value='member.joined']")
        page.locator("button.btn-primary").click()
        expect(page.locator("p.mono.user-select-all")).to_contain_text("whsec_")
        look("secret")
        page.locator("a.btn-primary").click()
        look("nothing_told")
        page.locator("a[href$='/edit']").click()
        expect(page.locator("input[name=address]")).to_have_value(receiver.url)
        look("edit")
        page.fill("input[name=name]", "Kiosk")
        page.locator("form.narrow-form button.btn-primary").click()
        expect(page.locator("h1")).to_have_text("Kiosk")
        page.locator("form[action$='/test'] button").click()
        told = page.locator("td .pill.c-green")
        for _ in range(60):
            page.goto(page.url)
            if told.count():
                break
            page.wait_for_timeout(500)
        expect(told).to_have_count(1)
        assert len(receiver.got) == 1
        look("told")
        page.select_option("form.filters select[name=state]", "failed")
        page.locator("form.filters button").click()
        expect(page.locator(".empty")).to_be_visible()
        look("filtered")
        page.locator("form.filters a.link").click()
        with page.expect_download() as download:
            page.locator("form[action*='export.csv'] button").click()
        assert b"webhook.test" in Path(download.value.path()).read_bytes()
        page.goto("/centre/webhooks?q=kio&state=active&project=-")
        expect(page.locator("tbody tr")).to_have_count(1)
        look("found")
        page.locator("tbody a.go").click()
        page.locator("a[href$='/delete']").click()
        look("delete")
        page.locator("button.btn-danger").click()
        expect(page.locator(".empty")).to_be_visible()
