"""Every page that lists or searches takes any text in its address: a page, never a fault."""

from urllib.parse import quote

import pytest
from flask import Flask

from tests import factories

NAMES = (
    "q",
    "in",
    "state",
    "kind",
    "show",
    "tab",
    "role",
    "month",
    "currency",
    "cursor",
    "project",
)
TEXTS = {
    "long": "漏" * 10_000,
    "marks": "%_\\%'\"--;",
    "unseen": "😀👨‍👩‍👧\u202eabc\u200b",
    "half": "\ud83d",
    "number": "9" * 400,
}


def pages(app: Flask) -> list[str]:
    """Return the address of every page that needs at most a project."""
    return sorted({
        rule.rule.replace("<project>", "own")
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and rule.arguments <= {"project"}
        and not rule.rule.startswith("/api/")
    })  # fmt: skip


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_any_text_gets_a_page(app: Flask, text: str) -> None:
    project = factories.make_project(slug="own")
    owner = factories.sign_in(app.test_client(), factories.make_owner(project))
    administrator = factories.sign_in(app.test_client(), factories.make_staff("administrator"))
    names = NAMES if len(text) < 1000 else NAMES[:1]
    asked = "&".join(f"{name}={quote(text, errors='surrogatepass')}" for name in names)
    opened = 0
    for address in pages(app):
        is_staffs = address.startswith(("/centre", "/p/own/staff"))
        answer = (administrator if is_staffs else owner).get(f"{address}?{asked}")
        assert answer.status_code < 500, address
        opened += answer.status_code == 200
    assert opened > 40
