"""What every page has in common: forms, cookies, caches, cursors, files, odd numbers."""

import csv
import hashlib
import io
import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.exports import ExportFormat, write_file
from portal.extensions import db
from portal.files.models import StoredFile
from portal.idempotency.models import IdempotencyKey
from portal.projects.models import Project
from portal.roster.models import ImportState, RosterImport
from tests import factories

KEY = "k" * 22
LONG = "9" * 5000


@pytest.fixture
def project(app: Flask) -> Project:
    return factories.make_project()


@pytest.fixture
def staff(client: FlaskClient, project: Project) -> FlaskClient:
    return factories.sign_in(client, factories.make_staff("manager", project))


@pytest.fixture
def _csrf(app: Flask) -> Any:
    app.config["WTF_CSRF_ENABLED"] = True
    yield
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.usefixtures("_csrf")
def test_every_post_needs_the_forms_token(app: Flask) -> None:
    client = factories.sign_in(app.test_client(), factories.make_staff("administrator"))
    values = {"project": "binjiang", "slug": "binjiang", "kind": "csv", "line": 1, "token": "x"}
    values["number"] = 1
    factories.make_project()
    open_ones = []
    for rule in app.url_map.iter_rules():
        if "POST" not in rule.methods or rule.rule.startswith("/api/"):
            continue
        built = rule.build({name: values.get(name, "x" * 22) for name in rule.arguments})
        assert built is not None
        if client.post(built[1]).status_code != 400:
            open_ones.append(rule.rule)
    assert open_ones == []


@pytest.mark.usefixtures("_csrf")
def test_the_json_api_needs_no_forms_token_and_takes_no_cookie(app: Flask) -> None:
    member = factories.make_member()
    headers = {"Authorization": f"Bearer {factories.make_token(member)}"}
    program, browser = app.test_client(), factories.sign_in(app.test_client(), member)
    path = "/api/v1/me/sign-ins/end-others"
    assert program.post(path, headers=headers).status_code == 200
    assert browser.post(path).status_code == 401


@pytest.mark.parametrize("path", ["/static/portal.css", "/brand.css"])
def test_what_caches_may_share_carries_no_cookie(client: FlaskClient, path: str) -> None:
    account = factories.make_account()
    factories.sign_in(client, account)
    with client.session_transaction() as session:
        session.permanent = True
    answer = client.get(path)
    answer.close()
    assert answer.status_code == 200
    assert "public" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert "Set-Cookie" in client.get("/me/").headers


def test_a_cursor_of_another_list_is_refused(staff: FlaskClient, project: Project) -> None:
    for number in range(25):
        factories.make_follower(project)
        factories.make_unit(project, number=f"{number + 100}")
    members, homes = "/p/binjiang/staff/members", "/p/binjiang/staff/homes"

    def cursor_of(path: str) -> str:
        return staff.get(path).text.split('rel="next"')[0].rsplit("cursor=", 1)[1].split('"')[0]

    of_members, of_homes = cursor_of(members), cursor_of(homes)
    assert staff.get(f"{members}?cursor={of_members}").status_code == 200
    assert staff.get(f"{homes}?cursor={of_homes}").status_code == 200
    for path, cursor in (
        (members, of_homes),
        (homes, of_members),
        ("/p/binjiang/staff/claims", of_members),
        ("/p/binjiang/staff/audit", of_members),
        ("/p/binjiang/staff/roster", of_members),
    ):
        assert staff.get(f"{path}?cursor={cursor}").status_code == 400, path


@pytest.mark.parametrize("number", [str(2**63), LONG])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/p/binjiang/staff/homes?building={}"),
        ("post", "/p/binjiang/staff/homes/export.csv?building={}"),
        ("post", "/p/binjiang/staff/roster/import/rows/{}/take"),
        ("get", "/legal/terms?version={}"),
    ],
)
def test_no_number_is_too_large_to_be_answered(
    staff: FlaskClient, project: Project, method: str, path: str, number: str
) -> None:
    roster = StoredFile(
        kind="roster", owner_kind="roster_import", owner_key="import", project_id=project.id,
        storage_name="none", content_type="text/csv", sha256="0" * 64, size_bytes=1,
    )  # fmt: skip
    job = RosterImport(project_id=project.id, file=roster, state=ImportState.DONE)
    job.public_id = "import"
    factories.add(job)
    answer = staff.open(path.format(number), method=method)
    answer.close()
    assert answer.status_code in (200, 400, 404)


@pytest.mark.parametrize("area", ["sNaN", "NaN", "Infinity", "1e999999", "-0"])
def test_odd_areas_are_refused(staff: FlaskClient, area: str) -> None:
    data = {"building": "2", "number": "1502", "area": area}
    assert staff.post("/p/binjiang/staff/homes/new", data=data).status_code == 422


def test_an_upload_may_be_called_anything(client: FlaskClient, project: Project) -> None:
    factories.sign_in(client, factories.make_member())
    name = '../../etc/passwd\x00<script>;"\u202egpj.' + "長" * 300
    data = {"building": "2", "number": "1502", "role": "owner", "name": "苏静"}
    answer = client.post(
        "/me/claims/new?project=binjiang",
        data={**data, "photos": factories.photo(name=name)},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303


def test_the_header_of_an_export_is_harmless_too() -> None:
    out = io.BytesIO()
    write_file(out, ExportFormat.CSV, ["=1+1", "姓名"], [["\n=2+2", "@a"]])
    header, row = csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline=""))
    assert header == ["'=1+1", "姓名"]
    assert row == ["'\n=2+2", "'@a"]


def test_a_key_keeps_nothing_that_a_phone_could_be_guessed_from(
    staff: FlaskClient, project: Project
) -> None:
    phone = factories.make_phone()
    fields = {"phone": phone, "name": "林晓芸", "salutation": "none", "adult": "y"}
    path = "/p/binjiang/staff/members/new"
    assert staff.post(path, data={**fields, "idempotency_key": KEY}).status_code == 303
    kept = db.session.scalars(sa.select(IdempotencyKey.body_hash)).one()
    listed = [path, sorted([name, [value]] for name, value in fields.items()), []]
    plain = json.dumps(listed, ensure_ascii=False).encode()
    assert kept != hashlib.sha256(plain).digest()


@pytest.mark.parametrize("path", ["/login", "/forgot", "/nowhere"])
def test_a_giant_form_is_refused_before_it_is_taken_apart(client: FlaskClient, path: str) -> None:
    kind = "application/x-www-form-urlencoded"
    answer = client.post(path, data=b"a&" * 1_000_000, content_type=kind)
    assert answer.status_code == (404 if path == "/nowhere" else 413)
