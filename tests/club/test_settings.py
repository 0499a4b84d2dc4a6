"""The group centre's page for brand, languages and contact."""

import io
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from portal.audit.models import AuditEntry
from portal.club.models import Club
from portal.extensions import db
from portal.permissions.roles import RoleName
from tests import factories
from tests.club.test_brand import make_club

PAGE = "/centre/club"
GOOD: dict[str, Any] = {
    "name_zh_Hans_CN": "云栖会",
    "name_en": "Yunqi Club",
    "tagline_zh_Hans_CN": "住在一起",
    "brand_color": "#8A1C4A",
    "languages": ["zh_Hans_CN", "en"],
    "default_language": "zh_Hans_CN",
    "contact_phone": "400-000-8802",
    "contact_email": "Service@Example.Test",
}


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    make_club()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return factories.sign_in(client, factories.make_staff(RoleName.ADMINISTRATOR))


def club() -> Club:
    db.session.rollback()
    return db.session.scalars(sa.select(Club)).one()


def picture() -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    Image.new("RGB", (200, 80), "navy").save(out, "PNG")
    out.seek(0)
    return out, "logo.png"


def test_settings_are_saved_and_recorded(admin: FlaskClient) -> None:
    assert admin.get(PAGE).status_code == 200
    assert admin.post(PAGE, data=GOOD).status_code == 303
    saved = club()
    assert saved.name == {"zh_Hans_CN": "云栖会", "en": "Yunqi Club"}
    assert saved.brand_color == "#8a1c4a"
    assert saved.languages == ["zh_Hans_CN", "en"]
    assert saved.contact_email == "service@example.test"
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert entry.action == "club.changed"
    assert "brand_color" in entry.facts["columns"]
    assert "default_language" not in entry.facts["columns"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("brand_color", "#ffe066", "hard to read"),
        ("brand_color", "#777777", "contrast 4.5, needed"),
        ("brand_color", "teal", "Give the colour as"),
        ("brand_color", "#0f766e;}", "Give the colour as"),
        ("name_zh_Hans_CN", "", "Give the name in the main language"),
        ("name_zh_Hans_CN", "云" * 41, "40"),
        ("default_language", "zh_Hant", "must be one of those offered"),
        ("languages", ["xx"], "not a valid choice"),
        ("contact_phone", "call me", "digits, spaces and dashes"),
        ("contact_email", "nobody", "not an e-mail address"),
        ("mail_sender", "a@b\nBcc: x@y.test", "not an e-mail address"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    admin: FlaskClient, field: str, value: Any, sentence: str
) -> None:
    answer = admin.post(PAGE, data=GOOD | {"name_en": "Typed Name", field: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Typed Name" in answer.text
    assert club().brand_color == "#0f766e"


def test_a_logo_is_taken_shown_and_removed(admin: FlaskClient, app: Flask) -> None:
    answer = admin.post(PAGE, data=GOOD | {"logo_upload": picture()})
    assert answer.status_code == 303, answer.text
    logo = club().logo
    assert logo is not None
    address = f"/files/{logo.public_id}"
    assert address in admin.get(PAGE).text
    with app.test_client().get(address) as answer:
        assert answer.mimetype == "image/jpeg"
    admin.post(PAGE, data=GOOD | {"remove_logo": "y"})
    assert club().logo is None


def test_what_is_no_picture_is_refused(admin: FlaskClient) -> None:
    svg = (io.BytesIO(b"<svg onload='alert(1)'/>"), "logo.svg")
    answer = admin.post(PAGE, data=GOOD | {"logo_upload": svg})
    assert answer.status_code == 422
    assert "not a picture" in answer.text
    assert "Yunqi Club" in answer.text
    assert club().logo is None


def test_it_needs_the_right(client: FlaskClient) -> None:
    make_club()
    project = factories.make_project()
    for role in (RoleName.STAFF, RoleName.MANAGER):
        factories.sign_in(client, factories.make_staff(role, project))
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, data=GOOD).status_code == 403
        assert client.post(f"{PAGE}/legal/terms", data={"after": "0"}).status_code == 403
    assert club().brand_color == "#0f766e"
