"""What people type is shown as text, wherever it turns up."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.club.markdown import render_markdown
from portal.club.models import LegalKind
from portal.club.queries import legal_text
from portal.projects.models import Project
from tests import factories

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def project(app: Flask) -> Project:
    return factories.make_project()


@pytest.fixture
def staff(client: FlaskClient, project: Project) -> FlaskClient:
    account = factories.make_staff("administrator", display_name=EVIL[:80])
    return factories.sign_in(client, account)


def test_a_name_is_text_on_every_page_of_staff(staff: FlaskClient, project: Project) -> None:
    member = factories.make_member(name=EVIL)
    unit = factories.make_unit(project, building="<b>2", number="<i>1")
    factories.make_ownership(member, unit)
    base = "/p/binjiang/staff"
    edited = staff.post(
        f"{base}/members/{member.public_id}/edit",
        data={"name": EVIL[:70], "salutation": "none", "reason": EVIL},
        follow_redirects=True,
    )
    assert edited.status_code == 200
    for path in (
        "/",
        "/members",
        f"/members?q={EVIL}",
        f"/members/{member.public_id}",
        f"/members/{member.public_id}?tab=history",
        "/homes",
        f"/homes?q={EVIL}",
        f"/homes/{unit.public_id}",
        "/audit",
        f"/audit?actor={EVIL}",
        f"/claims?q={EVIL}",
    ):
        page = staff.get(base + path)
        assert page.status_code == 200, path
        for raw in ("<script>alert", "<img src=x", "<b>2", "<i>1"):
            assert raw not in page.text, (path, raw)


@pytest.mark.parametrize(
    "text",
    [
        EVIL,
        "[go](javascript:alert(1))",
        "[go](data:text/html;base64,PHNjcmlwdD4=)",
        "[go](JaVaScRiPt&#58;alert(1))",
        "![x](https://evil.test/pixel.png)",
        "<a href=x onclick=alert(1)>go</a>",
        '[go](https://x.test "\\" onmouseover=\\"alert(1)")',
    ],
)
def test_a_legal_text_brings_no_script(app: Flask, text: str) -> None:
    html = str(render_markdown(text))
    for raw in ("<script", "<img", 'href="javascript', 'href="data', "<a href=x", ' onmouseover="'):
        assert raw not in html.lower()


def test_a_long_legal_text_in_every_language_is_taken(staff: FlaskClient) -> None:
    long = "条" * 39_000
    data = {f"body_{language}": long for language in ("zh_Hans_CN", "zh_Hant", "en")}
    answer = staff.post("/centre/club/legal/terms", data={**data, "after": "0"})
    assert answer.status_code == 303
    text = legal_text(LegalKind.TERMS)
    assert text is not None
    assert set(text.body) == {"zh_Hans_CN", "zh_Hant", "en"}


@pytest.mark.parametrize("address", ["203.0.113.9", "203.0.113.9, 198.51.100.1"])
def test_a_visitor_does_not_choose_the_own_network(client: FlaskClient, address: str) -> None:
    account = factories.make_account()
    factories.sign_in(client, account)
    page = client.get("/me/sign-ins", headers={"X-Forwarded-For": address})
    assert "203.0.113" not in page.text
