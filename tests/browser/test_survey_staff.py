"""A survey at the desk: from its template to what owners read, with a second person's approval."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal import clock
from tests.browser.conftest import faults_of, overflow_of, sign_in
from tests.browser.test_survey import answer_screen, press

pytestmark = pytest.mark.browser
DESK = "/p/binjiang/staff/surveys/"
TITLE = "交房一年回访"


def look(page: Page) -> None:
    """See to it that the screen that is open can be used by everybody."""
    assert faults_of(page) == [], page.url
    assert overflow_of(page) <= 0, page.url


def step(page: Page, wave: str, name: str, state: str) -> None:
    """Take a step from the wave's page and see where it stands then."""
    page.goto(wave)
    look(page)
    with page.expect_navigation():
        page.locator(f"form:has(input[name=step][value={name}]) button").first.click()
    expect(page.locator("h1 .pill")).to_have_text(state)


def make(page: Page) -> str:
    """Write the survey from its template; return the address of its wave."""
    page.goto(f"{DESK}new")
    look(page)
    page.locator("input[name=series][value=after_handover]").check(force=True)
    for language, title in (
        ("zh_Hans_CN", TITLE),
        ("zh_Hant", "交房一年回訪"),
        ("en", "A year on"),
    ):
        page.locator(f"input[name=title_{language}]").fill(title)
    with page.expect_navigation():
        page.locator("form:has(input[name=series]) button[type=submit]").click()
    return page.url.split("/build")[0].split("?")[0]


def write(page: Page, wave: str) -> None:
    """Change a question in three languages, see it on the phone beside it, say whom and when."""
    page.goto(f"{wave}/build?question=satisfied")
    for language, text in (
        ("zh_Hans_CN", "住了一年，您满意吗？"),
        ("zh_Hant", "住了一年，您滿意嗎？"),
        ("en", "After a year, are you satisfied?"),
    ):
        page.locator(f"form [name=text_{language}]").first.fill(text)
    look(page)
    with page.expect_navigation():
        page.locator(f"form:has([name=text_{language}]) button.btn-primary").first.click()
    expect(page.locator(".phone")).to_contain_text("住了一年，您满意吗？")
    page.goto(f"{wave}/terms")
    look(page)
    closes = clock.now() + timedelta(days=9)
    page.locator("input[name=closes_at]").fill(closes.strftime("%Y-%m-%dT%H:%M"))
    page.locator("input[name=points]").fill("0")
    with page.expect_navigation():
        page.locator("form:has(input[name=closes_at]) button[type=submit]").click()


def answer(page: Page, number: str) -> None:
    """Answer on a phone."""
    page.goto(f"/p/binjiang/surveys/{number}")
    page.locator(".action-bar a.btn-primary").click()
    while page.locator('button[value="send"]').count() == 0:
        answer_screen(page)
        press(page, "next")
    press(page, "send")


def test_a_survey_from_its_template_to_what_owners_read(open_browser: Any) -> None:
    staff, manager, phone = (open_browser(each) for each in ("desk", "desk", "phone"))
    sign_in(staff, "staff@demo.test")
    sign_in(manager, "manager@demo.test")
    sign_in(phone, "owner@demo.test")
    wave = make(staff)
    number = wave.rsplit("/", 1)[1]
    write(staff, wave)
    step(staff, wave, "send", "待审阅")
    # Who wrote it does not approve it, and has no button for it.
    assert staff.locator("input[name=step][value=freeze]").count() == 0
    step(manager, wave, "freeze", "已冻结，未开放")
    step(manager, wave, "open", "答卷中")
    answer(phone, number)
    staff.goto(wave)
    look(staff)
    expect(staff.locator(".kpi", has_text="已作答").first).to_contain_text("1")
    expect(staff.locator("caption", has_text="楼栋")).to_have_count(1)
    step(manager, wave, "close", "已截止")
    step(manager, wave, "seal", "已封存")
    manager.goto(f"{wave}/publication")
    look(manager)
    publish = manager.locator("form:has(input[name=sure]) button")
    publish.click()
    expect(manager.get_by_role("alert").first).to_be_visible()
    manager.locator("input[name=sure]").check(force=True)
    with manager.expect_navigation():
        publish.click()
    look(manager)
    staff.goto(f"{wave}/actions")
    staff.locator("[name=said_zh_Hans_CN]").fill("楼道灯太暗")
    staff.locator("[name=did_zh_Hans_CN]").fill("十二月前全部换新")
    with staff.expect_navigation():
        staff.locator("form:has([name=said_zh_Hans_CN]) button[type=submit]").click()
    look(staff)
    phone.goto(f"/p/binjiang/surveys/{number}/results")
    expect(phone.locator("main")).to_contain_text("十二月前全部换新")
    look(phone)
