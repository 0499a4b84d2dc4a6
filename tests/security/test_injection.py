"""What people type is shown as text, wherever it turns up."""

import csv
import io
import re
from urllib.parse import quote, unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from portal.club.markdown import render_markdown
from portal.club.models import LegalKind
from portal.club.queries import legal_text
from portal.extensions import db
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


BREAKS = (
    "%0d%0aX-Evil:%201",
    "%0aSet-Cookie:%20a=b",
    "%E5%98%8A%E5%98%8DX-Evil:1",
    "%00",
    "\u2028",
)


@pytest.mark.parametrize("text", BREAKS)
def test_no_text_becomes_a_header(app: Flask, project: Project, text: str) -> None:
    member = factories.make_member()
    visitor, owner = app.test_client(), factories.sign_in(app.test_client(), member)
    asked = (
        visitor.get(f"/me/{text}"),
        visitor.get(f"/me/profile?next=/{text}"),
        visitor.get(f"/p/{text}/"),
        visitor.get(f"/login?next=/{text}", headers={"Accept-Language": f"en{text}"}),
        owner.get(f"/me?{text}"),
        owner.post(f"/settings/display?next=/{text}", data={"next": f"/{text}", "language": text}),
        owner.post("/login", data={"next": unquote(f"/{text}"), "way": "code"}),
        visitor.get("/login", headers={"X-Request-Id": f"abcdefgh{text}"}),
    )
    for answer in asked:
        assert answer.status_code < 500
        assert "X-Evil" not in answer.headers
        for name, value in answer.headers:
            assert not re.search(r"[\r\n\0\u2028\u560a\u560d]", value), (name, value)
            assert (name, value.partition("=")[0]) != ("Set-Cookie", "a")
        assert answer.headers["X-Request-Id"] != f"abcdefgh{text}"
        answer.close()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "＝", "＠"])
def test_no_name_is_a_formula_in_a_list_taken_away(
    staff: FlaskClient, project: Project, start: str
) -> None:
    name = f"{start}HYPERLINK(1)"
    factories.make_ownership(factories.make_member(name=name), factories.make_unit(project))
    answer = staff.post("/p/binjiang/staff/members/export.csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    answer.close()
    cells = [cell for row in rows for cell in row if "HYPERLINK" in cell]
    assert cells == [f"'{name}"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("e\u0301lan", "\u00e9lan"),
        ("林\u202e晓芸", None),
        ("林\u200b晓芸", None),
        ("ＡＢＣ", None),
        ("林\0晓芸", None),
        ("\u0627\u0644\u0633\u0644\u0627\u0645", "\u0627\u0644\u0633\u0644\u0627\u0645"),
    ],
)
def test_a_name_keeps_no_sign_that_turns_or_hides_the_text(
    app: Flask, typed: str, kept: str | None
) -> None:
    member = factories.make_member()
    client = factories.sign_in(app.test_client(), member)
    data = {"name": typed, "salutation": "none"}
    answer = client.post("/me/profile", data=data)
    assert answer.status_code in (303, 422)
    db.session.refresh(member)
    if kept is not None:
        assert member.name == kept
    assert not set(member.name) & set("\u202e\u200b\0")


PATHS = (
    "/static/../../keys.json", "/static/..%2f..%2fkeys.json", "/static/%2e%2e/%2e%2e/keys.json",
    "/static/vendor/..%5c..%5ckeys.json", "/files/..%2f..%2fkeys.json", "/static//etc/passwd",
    "/plugins/surveys/static/../plugin.toml", "/static/%252e%252e/keys.json",
    "/api/v1/files/../../x",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_address_climbs_out_of_its_folder(app: Flask, path: str) -> None:
    client = factories.sign_in(app.test_client(), factories.make_member())
    assert client.get(path).status_code in (308, 401, 404)


@pytest.mark.parametrize("text", ["{{7*191}}", "{%print(7*191)%}", "${7*191}", "%(name)s", "{0.a}"])
def test_no_text_is_a_template(staff: FlaskClient, project: Project, text: str) -> None:
    member = factories.make_member(name=text)
    factories.make_ownership(member, factories.make_unit(project))
    page = staff.get(f"/p/binjiang/staff/members/{member.public_id}")
    assert page.status_code == 200
    assert "1337" not in page.text
    assert str(escape(text)) in page.text
    searched = staff.get(f"/p/binjiang/staff/search?q={quote(text)}")
    assert "1337" not in searched.text
