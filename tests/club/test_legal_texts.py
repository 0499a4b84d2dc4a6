"""Terms and privacy notice: shown, published, accepted anew."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.accounts.models import Consent
from portal.accounts.passwords import hash_password
from portal.accounts.service import accept_legal_texts
from portal.club import service
from portal.club.markdown import render_markdown
from portal.club.models import LegalKind, LegalText
from portal.club.service import ClubError
from portal.extensions import db
from portal.permissions.roles import RoleName
from tests import factories
from tests.club.test_brand import make_club

BODY = {"zh_Hans_CN": "## 一、谁可入会\n\n年满**“18 周岁”**的业主。", "en": "## 1. Who may join"}
PAGE = "/centre/club/legal/terms"


def publish(kind: str = LegalKind.TERMS, version: int = 1, **body: str) -> LegalText:
    return factories.add(
        LegalText(
            kind=kind,
            version=version,
            body=body or BODY,
            published_at=clock.now() - timedelta(days=10 - version),
        )
    )


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    make_club()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return factories.sign_in(client, factories.make_staff(RoleName.ADMINISTRATOR))


def versions() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(LegalText.version).order_by(LegalText.version)))


def test_a_text_is_shown_in_the_readers_language_with_its_version(client: FlaskClient) -> None:
    publish()
    page = client.get("/legal/terms", headers={"Accept-Language": "zh-CN"}).text
    assert "<h2>一、谁可入会</h2>" in page
    assert "<strong>“18 周岁”</strong>的业主" in page
    page = client.get("/legal/terms", headers={"Accept-Language": "en"}).text
    assert "1. Who may join" in page
    assert "Version 1" in page


def test_earlier_versions_stay_readable(client: FlaskClient) -> None:
    publish(en="first words", zh_Hans_CN="第一")
    publish(version=2, en="second words", zh_Hans_CN="第二")
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert "second words" in client.get("/legal/terms").text
    old = client.get("/legal/terms?version=1").text
    assert "first words" in old
    assert "earlier version" in old
    for version in ("3", "0", "-1", "9" * 30):
        assert client.get(f"/legal/terms?version={version}").status_code == 404
    assert client.get("/legal/terms?version=x").status_code == 200


def test_unknown_texts_and_unpublished_ones(client: FlaskClient) -> None:
    assert client.get("/legal/cookies").status_code == 404
    assert client.get("/legal/privacy").status_code == 200


@pytest.mark.parametrize(
    ("text", "levels"),
    [("# a\n## b\n# c", [2, 3, 2]), ("### a\n#### b", [2, 3]), ("###### a", [2]), ("a", [])],
)
def test_headings_follow_the_pages_own(text: str, levels: list[int]) -> None:
    found = re.findall(r"<h(\d)>", str(render_markdown(text)))
    assert [int(level) for level in found] == levels


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.test/pixel.png)",
        "<a href='javascript:alert(1)'>x</a>",
        "[x](data:text/html,<script>)",
        "<style>*{display:none}</style>",
    ],
)
def test_what_staff_write_can_run_nothing(evil: str) -> None:
    html = str(render_markdown(evil))
    for part in (
        "<script",
        "<img",
        "<style",
        'href="javascript',
        'href="data',
        'onerror="',
        "<a href='",
    ):
        assert part not in html


def test_a_new_version_supersedes_and_never_edits(admin: FlaskClient) -> None:
    first = publish()
    body = dict(first.body)
    answer = admin.post(PAGE, data={"after": "1", "body_zh_Hans_CN": "新的", "body_en": "new"})
    assert answer.status_code == 303
    assert versions() == [1, 2]
    assert db.session.get_one(LegalText, first.id).body == body


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"after": "1", "body_en": "only English typed"}, 422),
        ({"after": "0", "body_zh_Hans_CN": "写好的", "body_en": "only English typed"}, 409),
        ({"after": "x", "body_zh_Hans_CN": "写好的", "body_en": "only English typed"}, 409),
        ({"after": "1", "body_zh_Hans_CN": "长" * 40_001, "body_en": "only English typed"}, 422),
    ],
)
def test_what_cannot_be_published_stays_in_the_form(
    admin: FlaskClient, data: dict[str, str], status: int
) -> None:
    publish()
    answer = admin.post(PAGE, data=data, content_type="multipart/form-data")
    assert answer.status_code == status
    assert "only English typed" in answer.text
    assert versions() == [1]


def test_publishing_over_a_version_that_came_meanwhile(admin: FlaskClient) -> None:
    publish()
    mine = {"after": "0", "body_zh_Hans_CN": "我的"}
    answer = admin.post(PAGE, data=mine)
    assert answer.status_code == 409
    assert 'name="after" type="hidden" value="1"' in answer.text
    assert admin.post(PAGE, data=mine | {"after": "1"}).status_code == 303
    assert versions() == [1, 2]


def test_the_same_text_is_not_published_again(app: Flask) -> None:
    make_club()
    admin = factories.make_staff(RoleName.ADMINISTRATOR)
    service.publish_legal_text(actor=admin, kind=LegalKind.TERMS, body=BODY, after=0)
    with pytest.raises(ClubError, match="unchanged"):
        service.publish_legal_text(actor=admin, kind=LegalKind.TERMS, body=BODY, after=1)


def test_a_newer_text_is_asked_for_at_the_next_sign_in(client: FlaskClient) -> None:
    make_club()
    terms, privacy = publish(), publish(LegalKind.PRIVACY)
    account = factories.make_account(email="lin@example.test", password_hash=hash_password("x"))
    factories.make_member(account=account)
    accept_legal_texts(account=account, legal_text_ids={terms.id, privacy.id})
    data = {"way": "password", "identity": "lin@example.test", "password": "x", "next": "/me/"}
    assert client.post("/login", data=data).location == "/me/"
    client.post("/logout")
    newer = publish(version=2)
    assert client.post("/login", data=data).location == "/me/consent?next=/me/"
    wanted = sorted([newer.id, privacy.id])
    answer = client.post("/me/consent?next=/me/", data={"consents": wanted})
    assert answer.location == "/me/"
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 3
    client.post("/logout")
    assert client.post("/login", data=data).location == "/me/"
