"""Whatever people write stays text: every word of the demo is hostile, and no page runs it.

The pages' Content-Security-Policy is set aside, so that what gets through a template would run.
"""

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import VIEWPORTS, Server, serving, sign_in
from tests.browser.test_every_page import walk

pytestmark = [pytest.mark.browser, pytest.mark.once]

RUN = "__xss()"
HOSTILE = (
    f"\"'><img src=x data-xss onerror={RUN}>",
    f"<script data-xss>{RUN}</script>",
    f"</script></title></textarea></style><svg data-xss onload={RUN}>",
    f'[go](javascript:{RUN}) <javascript:{RUN}> ![x](x"onerror={RUN})',
    f"' autofocus onfocus={RUN} data-xss='\" onmouseover={RUN} data-xss=\"",
    "{{9091*11}}${9091*11}{%raw%}%(x)s%d{x}{0.a}",
    f"\u202e\u2028\u200b\ufeff\u0338＜img data-xss onerror={RUN}＞\u0130<ı data-xss>",
    f"<a data-xss href=\"jav&#x09;ascript:{RUN}\">x</a><iframe data-xss srcdoc='<b>'>",
    "<!--'\"--><b data-xss>",
    "'\"><b data-xss>",
)
SHORT = HOSTILE[-1]
HELD_TO_A_FORM = {"tier_scheme_version", "earning_rule"}
"""Tables whose JSON is read with its limits, once more, whenever it is used."""
EVERYTHING = "".join(HOSTILE)
WRITTEN = re.compile(r"[^!-~]")
"""What people write holds a blank or a character beyond ASCII; keys, codes and states do not."""
NOT_WRITTEN = re.compile(
    r"^(sqlite_|search_index|alembic_|complaints_gram|domain_event$|job$)"
    r"|\.(terms|title_terms|words|audiences|tiers|hours|showing|entries|survey|.*url|.*_at|.*hash)$"
)
"""What is made of other words or only read by programs; and addresses, which nobody may invent."""
STARTS = [
    "/",
    *(
        f"{page}search?q={HOSTILE[1]}"
        for page in ("/centre/", "/p/binjiang/", "/p/binjiang/staff/")
    ),
]
FIND_IT = """() => [
  ...document.querySelectorAll("[data-xss]"),
  ...[...document.querySelectorAll("a[href],form[action],[src]")].filter(
    each => /^\\s*(javascript|data):/i.test(each.href || each.action || "")),
].map(each => "markup: " + each.outerHTML.slice(0, 200)).concat(
  window.ran ? ["a script ran"] : [],
  document.documentElement.innerText.includes("100001") ? ["a template was run"] : [])"""


@pytest.fixture
def hostile(demo_home: Path, tmp_path: Path) -> Iterator[Server]:
    """The demo, with every text that people may write turned hostile."""
    home = tmp_path / "portal"
    shutil.copytree(demo_home, home)
    assert poison(home / "portal.sqlite3") > 120
    with serving(home) as running:
        yield running


def test_no_page_runs_what_people_write(hostile: Server, chromium: Browser) -> None:
    seen: set[str] = set()
    found: list[str] = []
    showing = sum(
        _look(hostile, chromium, person, window, seen, found)
        for person, window in (("admin@demo.test", "desk"), ("owner@demo.test", "phone"))
    )
    assert showing > 150, (showing, sorted(seen))
    assert not found, "\n".join(found)


def _look(
    hostile: Server,
    chromium: Browser,
    person: str,
    window: str,
    seen: set[str],
    found: list[str],
) -> int:
    """Walk every page that nobody has seen yet; note what ran or got into one, and return how
    many show hostile words."""
    showing = 0
    context = chromium.new_context(
        base_url=hostile.url,
        viewport=VIEWPORTS[window],
        bypass_csp=True,
        user_agent=f"Mozilla {HOSTILE[0]}",
    )
    context.add_init_script("window.__xss = () => { window.ran = true }")
    page = context.new_page()
    page.on("dialog", lambda dialog: found.append(f"dialog: {dialog.message}"))
    page.on("pageerror", lambda error: found.append(f"script error: {error}"))
    sign_in(page, person)
    for path, status in walk(page, hostile.url, STARTS, seen):
        if status >= 500:
            found.append(f"{path}: status {status}")
        found += [f"{path}: {each}" for each in page.evaluate(FIND_IT)]
        showing += page.evaluate("document.body.textContent.includes('__xss')")
    context.close()
    return showing


def poison(database: Path) -> int:
    """Turn every written text of a database hostile; return how many columns were."""
    connection = sqlite3.connect(database)
    master = "SELECT name, sql FROM sqlite_master WHERE type = ?"
    triggers = connection.execute(master, ["trigger"]).fetchall()
    for name, _ in triggers:
        connection.execute(f'DROP TRIGGER "{name}"')
    changed = sum(
        _poison_column(connection, table, column, str(kind))
        for table, _ in connection.execute(master, ["table"]).fetchall()
        for _, column, kind, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        if re.match("VARCHAR|TEXT|JSON", kind)
        and not NOT_WRITTEN.search(f"{table}.{column}")
        and not NOT_WRITTEN.search(table)
    )
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()
    return changed


def _poison_column(connection: sqlite3.Connection, table: str, column: str, kind: str) -> bool:
    select = f'SELECT DISTINCT "{column}" FROM "{table}"'  # noqa: S608 (names of our own tables)
    update = f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE "{column}" IS ?'  # noqa: S608
    texts = [text for (text,) in connection.execute(select).fetchall()]
    room = int(re.sub(r"\D", "", kind) or 4000)
    turn = cycle(HOSTILE)
    written = [text for text in texts if isinstance(text, str) and WRITTEN.search(text)]
    if kind != "JSON" and room >= 80 and not any(texts):
        written = texts
    for text in written:
        worse = (
            json.dumps(_worse(json.loads(text), SHORT if table in HELD_TO_A_FORM else next(turn)))
            if kind == "JSON"
            else _fitting(text or "", room, turn)
        )
        connection.execute(update, [worse, text])
    return bool(written)


def _fitting(text: str, room: int, turn: Iterator[str]) -> str:
    """Return the text with what is hostile, as much as a column has room for."""
    for added in (EVERYTHING, next(turn), *reversed(HOSTILE)):
        if len(text) + len(added) <= room:
            return text + added
    return text


def _worse(value: Any, added: str) -> Any:
    if isinstance(value, dict):
        return {key: _worse(each, added) for key, each in value.items()}
    if isinstance(value, list):
        return [_worse(each, added) for each in value]
    return value + added if isinstance(value, str) and WRITTEN.search(value) else value
