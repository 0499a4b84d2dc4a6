"""Take the README's pictures from a running demo.

    make run
    .venv/bin/python -m tools.screenshots [http://127.0.0.1:8000]

Pictures go to docs/images; look at them before committing.
"""

import io
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.services import chromium_path

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1280, height=800)
PASSWORD = "demo-password"  # noqa: S105 — printed for everybody who tries the demo


@dataclass(frozen=True)
class Shot:
    """One picture: who looks at which page; `follow` is a link to press there first."""

    name: str
    size: ViewportSize
    person: str | None
    path: str
    follow: str | None = None


SHOTS = (
    Shot("home-390", PHONE, "owner@demo.test", "/p/binjiang/"),
    Shot("welcome-390", PHONE, None, "/p/binjiang/"),
    Shot("home-detail-390", PHONE, "owner@demo.test", "/me/homes", "main a.item"),
    Shot("home-1280", DESK, "owner@demo.test", "/p/binjiang/"),
    Shot("staff-1280", DESK, "staff@demo.test", "/p/binjiang/staff/"),
)


def main() -> None:
    """Take every picture."""
    url = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000").rstrip("/")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        for shot in SHOTS:
            _take(browser, url, shot)
        browser.close()


def _take(browser: Browser, url: str, shot: Shot) -> None:
    context = browser.new_context(viewport=shot.size, locale="zh-CN", device_scale_factor=2)
    page = context.new_page()
    if shot.person:
        _sign_in(page, url, shot.person)
    page.goto(url + shot.path)
    if shot.follow:
        page.locator(shot.follow).first.click()
        page.wait_for_load_state()
    target = IMAGES / f"{shot.name}.png"
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(target, optimize=True)
    print(f"{target.name}: {target.stat().st_size // 1024} KB")
    context.close()


def _sign_in(page: Page, url: str, person: str) -> None:
    page.goto(f"{url}/login")
    page.locator("input[name=way][value=password]").check(force=True)
    page.fill("input[name=identity]", person)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda address: "/login" not in address)


if __name__ == "__main__":
    main()
