"""The complaint forum small and large, on PostgreSQL: its pages and its Chinese search.

    python -m bench.forum [--posts N] [--rounds N]

Prints medians of whole requests of one signed-in owner, through the WSGI application of one
process, with a thousand posts and with `--posts` (a million). Goals: at most 8 statements a page,
at most 1.5 times the time in the large forum, and 100 ms for a search in it.
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from urllib.parse import quote

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench.forum_filling import RARE, REPLIES, fill, make_place
from portal import create_app
from portal.config import load_settings
from portal.database import revisions
from portal.extensions import db
from tests import factories, services

QUESTIONS = {
    "a rare word": RARE,
    "common words, nowhere together": "电梯异响",
    "two common words": "积水 车库",
    "a word of nearly all": "处理",
    "traditional characters": "電梯異響",
    "one character": "蚁",
    "a number": "TS-0400",
    "nothing": "外星人",
}
Page = tuple[FlaskClient, str]
UNCOUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SET")


@contextlib.contextmanager
def application() -> Iterator[Flask]:
    """Yield an application over an empty, migrated database."""
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(services.postgresql())
        given = {"PORTAL_HOME": home, "PORTAL_DATABASE_URL": url, "PORTAL_LOG_LEVEL": "WARNING"}
        app = create_app(load_settings(given))
        with app.app_context():
            revisions.upgrade()
        yield app
        with app.app_context():
            db.engine.dispose()


def forum(app: Flask, posts: int) -> tuple[FlaskClient, str, str]:
    """Fill a project with so many posts; return a signed-in owner, the forum, and a thread."""
    begun = time.perf_counter()
    with app.app_context():
        project, member = make_place()
        thread = fill(project, member, posts // REPLIES)
        client = factories.sign_in(app.test_client(), member)
        address = f"/p/{project.slug}/complaints/"
        db.session.commit()
        db.session.remove()
    took = time.perf_counter() - begun
    say(f"{posts:,} posts in {posts // REPLIES:,} threads written in {took:.0f} s")
    return client, address, thread


def timed(pages: Sequence[Page], rounds: int) -> list[float]:
    """Return the median milliseconds of pages that are asked for in turn."""
    spent: list[list[float]] = [[] for _ in pages]
    for _ in range(rounds):
        for (client, address), mine in zip(pages, spent, strict=True):
            begun = time.perf_counter()
            client.get(address)
            mine.append(1000 * (time.perf_counter() - begun))
    return [statistics.median(mine) for mine in spent]


def statements(app: Flask, page: Page) -> int:
    """Return how many SQL statements a page sends, after it was asked for a few times."""
    client, address = page
    sent: list[str] = []

    def note(_c: object, _cursor: object, text: str, *_: object) -> None:
        if not text.lstrip().upper().startswith(UNCOUNTED):
            sent.append(text)

    with app.app_context():
        engine = db.engine
    for _ in range(3):
        assert client.get(address).status_code == 200, address
    sa.event.listen(engine, "before_cursor_execute", note)
    client.get(address)
    sa.event.remove(engine, "before_cursor_execute", note)
    return len(sent)


def pages_of(app: Flask, posts: int) -> dict[str, Page]:
    """Return the pages of a forum of so many posts."""
    client, address, thread = forum(app, posts)
    pages = {"topic list": address, "topic page": f"{address}{thread}"}
    pages |= {f"search: {name}": f"{address}?q={quote(asked)}" for name, asked in QUESTIONS.items()}
    return {name: (client, page) for name, page in pages.items()}


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Measure, compare, and return 1 when a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--posts", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=30)
    chosen = options.parse_args()
    missed = 0
    with application() as app:
        small, large = (pages_of(app, posts) for posts in (1_000, chosen.posts))
        for name in large:
            sent = [statements(app, pages[name]) for pages in (small, large)]
            before, took = timed([small[name], large[name]], chosen.rounds)
            if name.startswith("search"):
                good, goal = took <= 100, "<= 100 ms"
            else:
                good = took <= 1.5 * before and max(sent) <= 8
                goal = "<= 1.5x, <= 8 statements"
            missed += not good
            say(
                f"{name:34} {before:8.2f} ms {took:8.2f} ms  {took / before:5.2f}x"
                f"  {sent[1]} statements  {goal:25} {'PASS' if good else 'FAIL'}"
            )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
