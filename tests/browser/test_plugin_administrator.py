"""An administrator with a phone looks after plugins while two workers of gunicorn serve."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS, VIEWPORTS, faults_of, overflow_of, sign_in
from tests.plugin_host.installation import Installation, installed, serving

pytestmark = pytest.mark.browser

LOST = "没有加载出来"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: Any) -> Iterator[Installation]:
    """An installation with the demo and both toys."""
    with installed("sqlite://", tmp_path_factory.mktemp("plugins")) as found:
        found.install("notes")
        found.install("hostile")
        yield found


@pytest.fixture(scope="module")
def url(installation: Installation) -> Iterator[str]:
    """Two workers of the production server."""
    with serving(installation, "gunicorn", "-w", "2", "wsgi:app", bind="-b") as found:
        yield found


@pytest.fixture
def people(chromium: Browser, url: str) -> Iterator[tuple[Page, Page]]:
    """The administrator and an owner, signed in on phones."""
    contexts = [
        chromium.new_context(base_url=url, viewport=VIEWPORTS["phone"], locale="zh-CN")
        for _ in range(2)
    ]
    pages = []
    for context, identity in zip(contexts, ("admin@demo.test", "owner@demo.test"), strict=True):
        context.set_default_timeout(PATIENCE_MS)
        pages.append(context.new_page())
        sign_in(pages[-1], identity)
    yield pages[0], pages[1]
    for context in contexts:
        context.close()


def set_mood(installation: Installation, *lines: str) -> None:
    """Make the hostile toy of both workers misbehave."""
    file = installation.site / "hostile_toy" / "mood.txt"
    file.write_text("\n".join(lines), "utf-8")


def look(page: Page, shots: Path, name: str) -> None:
    """Keep a picture, and hold the page to what every page is held to."""
    page.screenshot(path=shots / f"{name}.png", full_page=True)
    assert overflow_of(page) <= 0, name
    assert faults_of(page) == [], name


def test_an_administrator_switches_a_plugin_and_sees_it_break(
    people: tuple[Page, Page], installation: Installation, tmp_path: Path
) -> None:
    administrator, owner = people
    # Another plugin, whose card lives on while this one breaks.
    done = installation.portal("plugin", "enable", "notes", "--project", "binjiang")
    assert done.returncode == 0, done.stderr

    administrator.goto("/centre/plugins")
    look(administrator, tmp_path, "1-plugins")
    switch = administrator.get_by_role("switch", name="捣蛋鬼 · 滨江府")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(administrator.get_by_role("status")).to_contain_text("捣蛋鬼")
    expect(switch).to_have_attribute("aria-checked", "true")
    look(administrator, tmp_path, "2-switched-on")

    owner.goto("/p/binjiang/")
    look(owner, tmp_path, "3-home")
    expect(owner.get_by_text("notes of binjiang")).to_be_visible()
    owner.get_by_role("link", name="hostile page").click()
    expect(owner.get_by_role("heading", name="hostile page")).to_be_visible()
    look(owner, tmp_path, "4-page")
    answer = owner.goto("/p/shanju/hostile/")
    assert answer is not None
    assert answer.status == 404
    expect(owner.get_by_role("heading", level=1)).to_contain_text("捣蛋鬼")
    look(owner, tmp_path, "5-not-open")

    set_mood(installation, "member_home raises")
    owner.goto("/p/binjiang/")
    look(owner, tmp_path, "6-broken")
    expect(owner.get_by_text("notes of binjiang")).to_be_visible()
    lost = owner.get_by_role("status").filter(has_text=LOST)
    reference = re.search(r"[0-9a-f]{16}", lost.inner_text())
    assert reference is not None

    administrator.goto("/centre/plugins")
    look(administrator, tmp_path, "7-faults")
    administrator.get_by_role("link", name="捣蛋鬼").click()
    faults = administrator.get_by_role("region", name="故障记录")
    look(administrator, tmp_path, "8-plugin")
    for text in ("member_home", "滨江府", reference[0], "RuntimeError"):
        expect(faults).to_contain_text(text)
    faults.locator("summary").click()
    expect(faults.get_by_text("hostile on purpose")).to_be_visible()
    look(administrator, tmp_path, "9-trace")
    faults.get_by_role("button", name=re.compile("滨江府")).click()
    expect(administrator.get_by_role("status")).to_contain_text("捣蛋鬼")
    look(administrator, tmp_path, "10-switched-off")
    owner.goto("/p/binjiang/")
    expect(owner.get_by_text("notes of binjiang")).to_be_visible()
    expect(owner.get_by_text(LOST)).to_have_count(0)


def test_all_of_it_from_the_shell(
    people: tuple[Page, Page], installation: Installation, tmp_path: Path
) -> None:
    _, owner = people
    set_mood(installation)
    assert "hostile" in told(installation, "list")
    assert told(installation, "enable", "hostile", "--project", "binjiang")
    owner.goto("/p/binjiang/hostile/")
    expect(owner.get_by_role("heading", name="hostile page")).to_be_visible()
    answer = owner.goto("/p/shanju/hostile/")
    assert answer is not None
    assert answer.status == 404

    set_mood(installation, "member_home exits")
    owner.goto("/p/binjiang/")
    lost = owner.get_by_role("status").filter(has_text=LOST)
    reference = re.search(r"[0-9a-f]{16}", lost.inner_text())
    assert reference is not None
    said = told(installation, "faults", "hostile", "--trace")
    for text in ("member_home", "binjiang", reference[0], "SystemExit", "hostile exit"):
        assert text in said
    told(installation, "disable", "hostile", "--project", "binjiang")
    owner.goto("/p/binjiang/")
    expect(owner.get_by_text(LOST)).to_have_count(0)
    look(owner, tmp_path, "1-off-again")


def told(installation: Installation, *words: str) -> str:
    """Run `portal plugin` and return what it said."""
    done = installation.portal("plugin", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout
