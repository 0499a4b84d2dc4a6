"""Walk the site as each demo person, and look at every page that a link leads to."""

import re
from collections import deque
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Server, faults_of, overflow_of, sign_in

pytestmark = pytest.mark.browser

OWNERS = (None, "owner@demo.test", "newowner@demo.test")
STAFF = ("staff@demo.test", "admin@demo.test")
# Everybody in Chinese; in the other languages, whose words and widths are what differs, the two
# who see the most.
WALKS = [
    *((who, window, "zh-CN") for who in OWNERS + STAFF for window in ("phone", "desk")),
    *((who, "phone", "en-GB") for who in ("owner@demo.test", "admin@demo.test")),
    *((who, "desk", "zh-TW") for who in ("owner@demo.test", "admin@demo.test")),
]
PUBLIC_ID = re.compile(r"(?<=/)[A-Za-z0-9_-]{22}(?=/|$)")
SLUG = re.compile(r"(?<=^/p/)[a-z0-9-]+")
MONTH = re.compile(r"(?<=/)20[0-9]{2}-[01][0-9](?=/|$)")
NAMED = re.compile(
    r"/(notifications|points/rules|draft/tiers|draft/figures|draft/rules|benefits|plugins)"
    r"/[a-z0-9_.-]+"
)
SAME_PAGE = {"cursor", "state", "stage", "subject", "channel", "back", "version", "by", "project"}
"""What only chooses among a list's rows."""
NOT_PAGES = re.compile(
    r"^/(static|files|brand\.css|logout)|\.(csv|xlsx|svg|png|pdf|ics|json)\?|/export|format="
)
MOST_PAGES = 400
"""More kinds than there are: a walk that does not end is a fault."""
AXED: set[str] = set()
"""The kinds of pages that axe has looked at in this process, as whoever came first."""


@pytest.mark.parametrize(
    ("person", "viewport", "locale"),
    WALKS,
    ids=["-".join([(who or "visitor").split("@")[0], *window]) for who, *window in WALKS],
)
def test_every_page_is_sound(
    open_browser: object, server: Server, person: str | None, viewport: str, locale: str
) -> None:
    page: Page = open_browser(viewport, locale, bypass_csp=False)  # type: ignore[operator]
    complaints: list[str] = []
    page.on("console", lambda message: _note(message, complaints))
    page.on("pageerror", lambda error: complaints.append(f"script error: {error}"))
    if person is not None:
        sign_in(page, person)
    start = _open_drafts(page) if person == "admin@demo.test" else ["/"]
    # Owners read on phones, staff at desks; what axe finds is the same in every language.
    at_home = viewport == ("phone" if person in OWNERS else "desk")
    with_axe = locale == "zh-CN" and at_home
    seen, faults = _walk(page, server.url, complaints, start, with_axe=with_axe)
    assert (4 if person is None else 8) <= len(seen) < MOST_PAGES, sorted(seen)
    assert not faults, "\n".join(faults)


def _open_drafts(page: Page) -> list[str]:
    """Begin drafts of tiers and of rules and a backtest, unless they are there; return where their
    forms are."""
    for address in ("/centre/tiers/club", "/centre/earning"):
        page.goto(address)
        begin = page.locator("form[action$='/draft'] button, form[action$='/draft/start'] button")
        if begin.count():
            with page.expect_navigation():
                begin.first.click()
    page.goto("/centre/earning/backtests")
    if not page.locator("main a[href*='/backtests/']").count():
        with page.expect_navigation(url="**/backtests/*"):
            page.locator("main form button[type=submit]").click()
    return ["/centre/earning/draft", "/centre/tiers/club", "/"]


def _walk(
    page: Page, origin: str, complaints: list[str], start: list[str], *, with_axe: bool
) -> tuple[set[str], list[str]]:
    """Look at every kind of page once; return the kinds and what is wrong."""
    seen: set[str] = set()
    faults = []
    complaints.clear()
    for path, status in walk(page, origin, start, seen):
        if status >= 400:
            faults.append(f"{path}: status {status}")
            complaints.clear()
            continue
        if page.locator("[data-fault]").count():
            faults.append(f"{path}: a plugin's section is missing")
        if overflow_of(page) > 0:
            faults.append(f"{path}: {overflow_of(page)} px wider than the window")
        found = faults_of(page) if with_axe and _kind(path) not in AXED else []
        if with_axe:
            AXED.add(_kind(path))
        faults += [f"{path}: {fault}" for fault in found + complaints]
        complaints.clear()
    return seen, faults


def walk(page: Page, origin: str, start: list[str], seen: set[str]) -> Iterator[tuple[str, int]]:
    """Open every kind of page once, and tell its path and status; `seen` takes the kinds.

    Addresses that differ only in an id are one kind.
    """
    waiting = deque(start)
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.popleft()
        if _kind(path) in seen:
            continue
        seen.add(_kind(path))
        answer = page.goto(urljoin(origin, path))
        assert answer is not None
        yield path, answer.status
        for link in page.eval_on_selector_all("a[href]", "all => all.map(a => a.href)"):
            parts = urlsplit(link)
            if link.startswith(origin) and not NOT_PAGES.search(parts.path + "?" + parts.query):
                waiting.append(parts.path + ("?" + parts.query if parts.query else ""))


def _kind(path: str) -> str:
    parts = urlsplit(path)
    names = sorted({pair.split("=")[0] for pair in parts.query.split("&") if pair} - SAME_PAGE)
    plain = NAMED.sub(r"/\1/*", MONTH.sub("*", PUBLIC_ID.sub("*", parts.path)))
    return SLUG.sub("*", plain) + "?" + "&".join(names)


def _note(message: object, complaints: list[str]) -> None:
    if message.type in ("error", "warning"):  # type: ignore[attr-defined]
        complaints.append(f"console: {message.text}")  # type: ignore[attr-defined]
