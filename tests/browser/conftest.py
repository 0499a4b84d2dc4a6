"""A real server with the demo, and a real Chromium to look at it."""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import services

AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
PASSWORD = "demo-password"
PATIENCE_MS = 60_000
"""A machine that runs two windows and their servers at once may be slow; nothing here is timed."""
VIEWPORTS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 800}}
START_SECONDS = 60
PORTAL = (sys.executable, "-m", "portal")
expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Server:
    """A running portal: its address and the folder it keeps its things in."""

    url: str
    home: Path
    log: Path


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: Any) -> Path:
    """A folder with the demo as it was loaded, for copies: nothing runs on it."""
    home: Path = tmp_path_factory.mktemp("demo")
    for command in (["db", "upgrade"], ["demo", "load", "--if-empty"]):
        subprocess.run(
            [*PORTAL, *command], env=_environment(home, 0), check=True, capture_output=True
        )
    return home


@pytest.fixture(scope="session")
def server(demo_home: Path, tmp_path_factory: Any) -> Iterator[Server]:
    """Start the product as `make run` does, on a fresh folder and a free port."""
    home = tmp_path_factory.mktemp("portal")
    shutil.copytree(demo_home, home, dirs_exist_ok=True)
    with serving(home) as running:
        yield running


@contextmanager
def serving(home: Path, host: str = "127.0.0.1") -> Iterator[Server]:
    """Run the portal on a folder and a free port; `host`: what it is called."""
    port = services._free_port()
    log = home / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*PORTAL, "run", "--port", str(port)],
            env=_environment(home, port, host),
            stdout=output,
            stderr=output,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/readyz", process)
            yield Server(f"http://{host}:{port}", home, log)
        finally:
            process.terminate()
            process.wait(20)


def _environment(home: Path, port: int, host: str = "127.0.0.1") -> dict[str, str]:
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")},
        "PORTAL_HOME": str(home),
        "PORTAL_DEMO": "1",
        "PORTAL_BASE_URL": f"http://{host}:{port}",
    }


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(services.chromium_path()), args=arguments
        )
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Open a window: `open_browser("phone", "zh-CN")`; closed after the test."""
    contexts: list[BrowserContext] = []

    def open_window(viewport: str = "phone", locale: str = "zh-CN", **options: Any) -> Page:
        context = chromium.new_context(
            base_url=server.url, viewport=VIEWPORTS[viewport], locale=locale, **options
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return context.new_page()

    yield open_window
    for context in contexts:
        context.close()


def sign_in(page: Page, identity: str, password: str = PASSWORD) -> None:
    """Sign in with a password, as a person would."""
    page.goto("/login?way=password")
    page.locator("label", has=page.locator("input[name=way][value=password]")).click()
    page.locator("form:visible input[name=identity]").fill(identity)
    page.locator("form:visible input[name=password]").fill(password)
    page.locator("form:has(input[name=password]:visible) button[type=submit]:visible").last.click()
    page.wait_for_url(lambda url: "/login" not in url)


def faults_of(page: Page) -> list[str]:
    """Return what axe-core finds wrong with the page that is open, one line each."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a',"
        " 'wcag21aa', 'wcag22aa', 'best-practice']})).violations"
        ".map(v => v.id + ': ' + v.help + ' @ ' + v.nodes.map(n => n.target.join(' ')).join(' | '))"
    )
    return [str(fault) for fault in found]


def overflow_of(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended at its start"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (our own address)
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"no answer from {url}")
