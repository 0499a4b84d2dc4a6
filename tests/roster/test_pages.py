"""The roster's pages, as staff use them and as others try to."""

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.projects.models import Project
from portal.roster import hooks, queries, service
from portal.roster.models import ImportState, RosterEntry, RosterImport
from tests.factories import make_project, make_staff, make_unit, sign_in
from tests.roster.helpers import EXPECTED, csv_of, preview, run, sample, start, upload_of
from tests.roster.test_imports import OTHER, OWNER, SPOUSE, claim


@pytest.fixture
def project(app: Flask) -> Project:
    return make_project()


@pytest.fixture
def staff(client: FlaskClient, project: Project) -> FlaskClient:
    """The browser of club staff of the project, in English."""
    client.set_cookie("lang", "en")
    return sign_in(client, make_staff("staff", project))


@pytest.fixture
def in_line(app: Flask, staff: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run imports as soon as they are asked for."""
    post = staff.post

    def post_and_work(*args: Any, **values: Any) -> Any:
        answer = post(*args, **values)
        Runner(app, kinds=("roster.*",)).run_once()
        return answer

    monkeypatch.setattr(staff, "post", post_and_work)


def send(client: FlaskClient, data: bytes, name: str = "roster.csv", **values: Any) -> Any:
    values = {"makes_homes": "y", **values, "file": upload_of(data, name)}
    return client.post("/p/binjiang/staff/roster", data=values)


def download(answer: Any) -> bytes:
    """Return what an answer sends, and close the file that it sends from."""
    data: bytes = answer.data
    answer.close()
    return data


def the_import() -> RosterImport:
    return db.session.scalars(
        sa.select(RosterImport).execution_options(populate_existing=True)
    ).one()


def address(job: RosterImport, act: str = "") -> str:
    return f"/p/binjiang/staff/roster/{job.public_id}{act}"


def test_from_upload_to_undo(staff: FlaskClient, in_line: None) -> None:
    assert "No roster imported yet" in staff.get("/p/binjiang/staff/roster").text
    answer = send(staff, sample())
    assert answer.status_code == 303
    shown = staff.get(answer.location).text
    assert "Import 524 rows" in shown
    assert "Row 19 names" not in shown  # the CSV has no title row
    assert "Row 18 names another owner of this home." in shown
    assert "199****0000" in shown
    assert db.session.scalar(sa.select(sa.func.count(RosterEntry.id))) == 0
    job = the_import()

    assert staff.post(address(job, "/start")).status_code == 303
    shown = staff.get(address(job)).text
    assert "Done" in shown
    assert "524" in shown
    assert "Undo this import" in staff.get(address(job, "/undo")).text
    assert staff.post(address(job, "/undo")).status_code == 303
    assert "524 entries were taken back." in staff.get(address(job)).text
    actions = list(
        db.session.scalars(
            sa.select(AuditEntry.action).order_by(AuditEntry.created_at, AuditEntry.id)
        )
    )
    assert actions == ["roster.uploaded", "roster.started", "roster.imported", "roster.undone"]


def test_names_and_phones_are_masked_on_every_page(staff: FlaskClient, in_line: None) -> None:
    send(staff, sample())
    job = the_import()
    pages = [staff.get(address(job)).text]
    staff.post(address(job, "/start"))
    pages += [staff.get(address(job)).text, staff.get(address(job, "?code=two_owners")).text]
    for page in pages:
        for secret in ("郭一梅", "雷玲杰", "19900000000", "13900001234567"):
            assert secret not in page


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\x89PNG\x81\x00", "neither in UTF-8 nor in GB18030"),
        (b"PK\x03\x04", "damaged or incomplete"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel form"),
        (b"nothing\nhere\n", "No row with the names of the columns"),
    ],
)
def test_an_unusable_file_is_refused_with_a_sentence(
    staff: FlaskClient, data: bytes, sentence: str
) -> None:
    answer = send(staff, data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert db.session.scalar(sa.select(sa.func.count(RosterImport.id))) == 0


def test_no_file_at_all(staff: FlaskClient) -> None:
    answer = staff.post("/p/binjiang/staff/roster", data={})
    assert answer.status_code == 422
    assert "No file arrived." in answer.text


def test_missing_columns_are_named_and_chosen_on_the_page(
    staff: FlaskClient, in_line: None
) -> None:
    send(staff, csv_of("2-1-1502,林晓芸,19900000001", header="甲,姓名,丙"))
    job = the_import()
    shown = staff.get(address(job)).text
    assert "no column for: Mobile phone, Building, Home number" in shown
    assert "Import 0 rows" not in shown
    assert staff.post(address(job, "/start")).status_code == 303
    assert "A needed column is missing." in staff.get(address(job)).text
    chosen = {"column-0": "home", "column-1": "name", "column-2": "phone", "makes_homes": "y"}

    assert staff.post(address(job, "/columns"), data=chosen).status_code == 303

    assert "Import 1 rows" in staff.get(address(job)).text
    staff.post(address(job, "/start"))
    assert the_import().state == ImportState.DONE


def test_one_field_cannot_be_two_columns(staff: FlaskClient) -> None:
    send(staff, csv_of(OWNER))
    job = the_import()
    answer = staff.post(address(job, "/columns"), data={"column-0": "name", "column-1": "name"})
    assert answer.status_code == 422
    assert "Two columns are chosen for: Name of the person." in answer.text
    assert the_import().mapping["name"] == "业主姓名"


def test_homes_that_are_not_registered_may_be_refused(staff: FlaskClient) -> None:
    send(staff, csv_of(OWNER), makes_homes="")
    assert "This home is not registered in the project." in staff.get(address(the_import())).text


def test_refused_rows_are_sent_for_mending_and_cannot_run(
    staff: FlaskClient, in_line: None
) -> None:
    send(staff, csv_of(OWNER, "2栋,1,1503,,+86 19900000009,业主,,,=1+1"))
    job = the_import()

    sent = download(staff.post(address(job, "/refused.csv")))

    header, row = csv.reader(io.StringIO(sent.decode("utf-8-sig")))
    assert header[:3] == ["Row", "Reason", "楼栋"]
    assert row[0] == "3"
    assert row[1].startswith("业主姓名: The name is missing. 备注: The cell begins like a formula.")
    assert row[-1] == "'=1+1"
    assert download(staff.post(address(job, "/refused.xlsx"))).startswith(b"PK")
    mended = sent.replace(b",,'+86", ",周宁,'+86".encode()).replace(b"'=1+1", b"")
    send(staff, mended, name="mended.csv")
    newest = db.session.scalars(
        sa.select(RosterImport).order_by(RosterImport.created_at.desc())
    ).first()
    assert newest is not None
    assert newest.counts["new"] == 1


def test_the_empty_form_has_the_columns_that_are_understood(staff: FlaskClient) -> None:
    sent = download(staff.get("/p/binjiang/staff/roster/template/roster.csv"))
    assert sent.decode("utf-8-sig").startswith("楼盘,楼栋,单元,房号,业主姓名,手机")
    assert download(staff.get("/p/binjiang/staff/roster/template/roster.xlsx")).startswith(b"PK")
    assert staff.get("/p/binjiang/staff/roster/template/roster.exe").status_code == 404


def test_a_running_import_shows_its_progress_and_is_polled(
    staff: FlaskClient, project: Project
) -> None:
    job = start(project, csv_of(OWNER, SPOUSE))
    shown = staff.get(address(job)).text
    assert "0 of 2 rows" in shown
    assert 'hx-trigger="every 1s"' in shown
    for act in ("/start", "/cancel", "/undo", "/resume"):
        answer = staff.post(address(job, act))
        assert answer.status_code == 409
        assert "The import is in this state now: Running." in answer.text


def test_an_import_that_stopped_is_resumed(
    staff: FlaskClient, project: Project, in_line: None
) -> None:
    job = start(project, csv_of(OWNER, SPOUSE))
    service.fail_import(import_id=job.id, code="crashed")
    db.session.commit()
    shown = staff.get(address(job)).text
    assert "The import stopped in the middle." in shown
    assert "hx-trigger" not in shown
    assert hooks_value(project) == (1, True)

    assert staff.post(address(job, "/resume")).status_code == 303

    assert the_import().state == ImportState.DONE


def hooks_value(project: Project) -> tuple[int, bool]:
    found = queries.standing(project.id)
    return found.stopped or found.running, bool(found.stopped)


def test_a_second_import_of_the_project_waits(staff: FlaskClient, project: Project) -> None:
    start(project, csv_of(OWNER))
    second = preview(project, csv_of(SPOUSE))
    staff.post(address(second, "/start"))
    assert "Another import of this project is running." in staff.get(address(second)).text
    assert staff.get("/p/binjiang/staff/").text.count("Roster imports") == 1


def test_a_cancelled_preview_changes_nothing(staff: FlaskClient) -> None:
    send(staff, csv_of(OWNER))
    job = the_import()
    assert staff.post(address(job, "/cancel")).status_code == 303
    assert the_import().state == ImportState.CANCELLED
    assert "Import 1 rows" not in staff.get(address(job)).text
    staff.post(address(job, "/refused.csv"))
    assert "The file is not kept any more." in staff.get(address(job)).text


def test_staff_decide_on_a_second_owner(staff: FlaskClient, project: Project) -> None:
    job = run(project, csv_of(OWNER, OTHER))
    assert "Use this row instead" in staff.get(address(job)).text

    assert staff.post(address(job, "/rows/3/take")).status_code == 303

    assert [entry.name for entry in db.session.scalars(sa.select(RosterEntry))] == ["陈明"]
    assert "Taken" in staff.get(address(job)).text
    staff.post(address(job, "/rows/3/take"))
    assert "This row cannot be taken any more." in staff.get(address(job)).text
    assert staff.post(address(job, "/rows/99/take")).status_code == 404


def test_what_members_claimed_is_listed_before_and_after_an_undo(
    staff: FlaskClient, project: Project
) -> None:
    job = run(project, csv_of(OWNER, "3栋,1,101,陈明,19900000003,业主,,,"))
    claim("林晓芸")
    for shown in (staff.get(address(job, "/undo")).text,):
        assert "1 entries that members have claimed stay." in shown
        assert "林晓芸" in shown
    staff.post(address(job, "/undo"))
    assert "林晓芸" in staff.get(address(job)).text


def test_a_form_sent_twice_is_one_import(staff: FlaskClient) -> None:
    key = "k" * 22
    first = send(staff, csv_of(OWNER), idempotency_key=key)
    second = send(staff, csv_of(OWNER), idempotency_key=key)
    assert first.location == second.location
    assert the_import().rows_total == 1


def test_pages_of_other_projects_do_not_exist_here(
    staff: FlaskClient, project: Project, app: Flask
) -> None:
    other = make_project(slug="siji", name="四季苑")
    job = preview(other, csv_of(OWNER))
    for act in ("", "/undo"):
        assert staff.get(address(job, act)).status_code == 404
    for act in (
        "/start",
        "/cancel",
        "/resume",
        "/undo",
        "/columns",
        "/refused.csv",
        "/rows/2/take",
    ):
        assert staff.post(address(job, act)).status_code == 404
    assert staff.get("/p/siji/staff/roster").status_code == 403


@pytest.mark.parametrize("role", ["concierge", "verifier", "moderator", "finance", "leader"])
def test_other_roles_have_no_roster(client: FlaskClient, project: Project, role: str) -> None:
    sign_in(client, make_staff(role, project))
    assert client.get("/p/binjiang/staff/roster").status_code == 403
    assert send(client, csv_of(OWNER)).status_code == 403


def test_the_file_itself_is_nobodys_to_read(staff: FlaskClient) -> None:
    send(staff, csv_of(OWNER))
    job = queries.find_import(the_import().project_id, the_import().public_id)
    assert job is not None
    assert staff.get(f"/files/{job.file.public_id}").status_code == 404


def test_the_home_shows_whom_the_roster_names(
    staff: FlaskClient, project: Project, query_count: Any
) -> None:
    unit = make_unit(project, building="2", entrance="1", number="1502")
    run(project, csv_of(OWNER))
    shown = staff.get(f"/p/binjiang/staff/homes/{unit.public_id}").text
    assert "林*芸" in shown
    assert "199****0001" in shown
    hooks.unit_sections(project, unit)
    with query_count() as sent:
        cards = hooks.unit_sections(project, unit)
    assert len(sent) == 1
    assert cards[0].data[0].role == "owner"


def test_pages_take_the_same_few_statements_however_many_rows(
    staff: FlaskClient, project: Project, query_count: Any
) -> None:
    few = run(project, csv_of(OWNER, ",1,1,,,,,,"))
    many = run(project, sample())
    assert many.rows_total == EXPECTED["rows"]
    counts = []
    for page in (address(few), address(many), "/p/binjiang/staff/roster"):
        with query_count() as sent:
            assert staff.get(page).status_code == 200
        counts.append(len(sent))
    assert counts == [7, 7, 6]
