"""The staff's pages of homes, and a project's settings."""

import io
from datetime import date

import pytest
from python_calamine import CalamineWorkbook

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import Household
from portal.projects.models import Ownership, Role, Unit
from portal.projects.queries import people_of
from tests.factories import (
    make_member,
    make_owner,
    make_ownership,
    make_project,
    make_staff,
    make_unit,
    sign_in,
)

HOMES = "/p/binjiang/staff/homes"


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def desk(app, project):
    """A manager's browser: the manager may do everything here."""
    return sign_in(app.test_client(), make_staff("manager", project))


@pytest.fixture
def unit(project):
    return make_unit(project, building="2栋", entrance="1单元", number="1502")


@pytest.fixture
def owner(unit):
    return make_ownership(make_member(name="林晓芸"), unit)


def numbers(page):
    return [text.split("</a>")[0].rsplit(" ", 1)[-1] for text in page.text.split('class="go"')[1:]]


def test_the_list_counts_as_people_do(desk, project):
    for building, number in (("10栋", "101"), ("2栋", "1001"), ("2栋", "901"), ("1栋", "301")):
        make_unit(project, building=building, number=number)
    assert numbers(desk.get(HOMES)) == ["301", "901", "1001", "101"]


def test_every_page_has_twenty_rows_and_none_is_lost(desk, project):
    for number in range(45):
        make_unit(project, building="2栋", number=str(number + 100))
    seen, url = [], HOMES
    while url:
        page = desk.get(url)
        seen += numbers(page)
        after = page.text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
        url = after.replace("&amp;", "&") if 'rel="next"' in page.text else ""
    assert seen == [str(number + 100) for number in range(45)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=1502", ["1502"]),
        ("q=2-1502", ["1502"]),
        ("q=2-1-1502", ["1502"]),
        ("q=2栋1单元1502室", ["1502"]),
        ("q=晓芸", ["1502"]),
        ("q=9-1502", []),
        ("q=%25", []),
        ("state=claimed", ["1502"]),
        ("state=unclaimed", ["301"]),
        ("state=nonsense", ["1502", "301"]),
        ("building=0", []),
        ("building=x", ["1502", "301"]),
        ("q=" + "9" * 500, []),
    ],
)
def test_searching_and_filtering(desk, project, owner, query, found):
    make_unit(project, building="3栋", number="301")
    page = desk.get(f"{HOMES}?{query}")
    assert page.status_code == 200
    assert numbers(page) == found


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_export_has_the_filtered_rows(desk, project, owner, kind):
    make_unit(project, building="3栋", number="=1+1")
    answer = desk.post(f"{HOMES}/export.{kind}", buffered=True)
    if kind == "csv":
        rows = [line.split(",") for line in answer.data.decode("utf-8-sig").splitlines()]
    else:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0)
        rows = rows.to_python()
    assert [row[0] for row in rows[1:]] == ["2栋", "3栋"]
    assert rows[1][5] == "林晓芸"
    # A spreadsheet shows the text and runs nothing: quoted in CSV, a text cell in XLSX.
    assert rows[2][2] == {"csv": "'=1+1", "xlsx": "=1+1"}[kind]
    entry = db.session.query(AuditEntry).filter_by(action="homes.exported").one()
    assert entry.facts["rows"] == 2
    assert desk.post(f"{HOMES}/export.pdf").status_code == 404


def test_a_home_shows_people_now_and_before(desk, project, unit, owner):
    make_ownership(
        make_member(name="前业主"),
        unit,
        until=date(2023, 6, 1),
        end_reason="sale",
        since=date(2020, 1, 1),
        role=Role.CO_OWNER,
    )
    page = desk.get(f"{HOMES}/{unit.public_id}")
    assert page.status_code == 200
    assert page.text.index("林晓芸") < page.text.index("前业主")


def test_a_home_is_added_by_hand_once(desk, project):
    data = {"building": "８栋", "entrance": "", "number": "0301", "area": "88.5"}
    answer = desk.post(f"{HOMES}/new", data=data)
    assert answer.status_code == 303
    unit = db.session.query(Unit).one()
    assert (unit.area, unit.number) == (8850, "0301")
    again = desk.post(f"{HOMES}/new", data={**data, "building": "8", "number": "301"})
    assert again.status_code == 422
    assert db.session.query(Unit).count() == 1
    assert db.session.query(AuditEntry).filter_by(action="unit.added").count() == 1


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"building": "栋", "number": "1"},
        {"building": "--", "number": "1"},
        {"building": "1", "number": "///"},
        {"building": "1" * 41, "number": "1"},
        {"building": "1", "number": "1", "area": "-3"},
        {"building": "1", "number": "1", "area": "NaN"},
        {"building": "1", "number": "1", "handover_on": "2024-02-30"},
    ],
)
def test_a_wrong_home_is_not_added(desk, project, data):
    assert desk.post(f"{HOMES}/new", data=data).status_code == 422
    assert db.session.query(Unit).count() == 0


def test_a_sale_on_the_page(desk, project, unit, owner):
    spouse = make_ownership(make_member(name="陈建国"), unit, role=Role.SPOUSE)
    path = f"{HOMES}/{unit.public_id}/people/{owner.public_id}/end"
    page = desk.get(path)
    assert "陈建国" in page.text
    data = {"reason": "sale", "on": "2024-05-01", "note": "看过合同"}
    assert desk.post(path, data={**data, "note": ""}).status_code == 422
    assert desk.post(path, data={**data, "on": "2999-01-01"}).status_code == 422
    assert desk.post(path, data={**data, "reason": "moved_out"}).status_code == 422
    assert len(people_of(unit.id)) == 2
    assert desk.post(path, data=data).location == f"{HOMES}/{unit.public_id}"
    assert people_of(unit.id) == []
    db.session.refresh(spouse)
    assert spouse.end_reason == "sale"
    assert desk.post(path, data=data).status_code == 404


def test_a_divorce_on_the_page(desk, project, unit, owner):
    household_id = owner.member.household_id
    spouse_member = make_member(
        name="陈建国", household=db.session.get(Household, owner.member.household_id)
    )
    spouse = make_ownership(spouse_member, unit, role=Role.SPOUSE)
    path = f"{HOMES}/{unit.public_id}/people/{spouse.public_id}/end"
    assert "split_household" in desk.get(path).text
    data = {"reason": "divorce", "on": "2024-05-01", "note": "离婚证", "split_household": "y"}
    assert desk.post(path, data=data).status_code == 303
    db.session.refresh(spouse_member)
    assert spouse_member.household_id != household_id


def test_a_role_on_the_page(desk, project, unit, owner):
    other = make_ownership(make_member(name="陈建国"), unit, role=Role.SPOUSE)
    path = f"{HOMES}/{unit.public_id}/people/{other.public_id}/role"
    assert desk.get(path).status_code == 200
    assert desk.post(path, data={"role": "owner", "note": "x"}).status_code == 422
    assert desk.post(path, data={"role": "king", "note": "x"}).status_code == 422
    assert desk.post(path, data={"role": "co_owner", "note": "证上有名"}).status_code == 303
    db.session.refresh(other)
    assert other.role == "co_owner"


def test_another_projects_homes_are_not_there(app, project, unit, owner):
    other = make_project(slug="siji", name="四季苑")
    foreign = sign_in(app.test_client(), make_staff("manager", other))
    paths = (
        f"/{unit.public_id}",
        f"/{unit.public_id}/people/{owner.public_id}/end",
        f"/{unit.public_id}/people/{owner.public_id}/role",
    )
    for path in paths:
        assert foreign.get(f"/p/siji/staff/homes{path}").status_code == 404
        assert foreign.get(f"{HOMES}{path}").status_code == 403
    for path in paths[1:]:
        assert foreign.post(f"/p/siji/staff/homes{path}", data={}).status_code == 404
    assert db.session.query(Ownership).filter(Ownership.until.is_(None)).count() == 1


def test_who_may_not_manage_homes_gets_403(app, project, unit):
    for person in (make_owner(project), make_staff("finance", project), make_staff("moderator")):
        client = sign_in(app.test_client(), person)
        for path in ("", "/new", f"/{unit.public_id}"):
            assert client.get(HOMES + path).status_code == 403
        assert client.post(f"{HOMES}/new", data={}).status_code == 403
    staff = sign_in(app.test_client(), make_staff("staff", project))
    assert staff.get(HOMES).status_code == 200
    assert staff.post(f"{HOMES}/export.csv").status_code == 403
    assert staff.get("/p/binjiang/staff/settings").status_code == 403


def test_a_persons_id_of_another_home_is_not_there(desk, project, unit, owner):
    elsewhere = make_unit(project, building="9栋", number="9")
    path = f"{HOMES}/{elsewhere.public_id}/people/{owner.public_id}/end"
    assert desk.get(path).status_code == 404


def test_the_settings_are_kept_in_each_language(desk, project):
    page = desk.get("/p/binjiang/staff/settings")
    assert page.status_code == 200
    data = {
        "name_zh_Hans_CN": "滨江府二期",
        "name_en": "Riverside II",
        "name_zh_Hant": "",
        "welcome_zh_Hans_CN": "欢迎<script>",
        "city_zh_Hans_CN": "杭州",
        "opened_on": "2019-06-18",
        "contact_phone": "0571-1234 5678",
        "time_zone": "Asia/Shanghai",
    }
    assert desk.post("/p/binjiang/staff/settings", data=data).status_code == 303
    db.session.refresh(project)
    assert project.name == {"zh_Hans_CN": "滨江府二期", "en": "Riverside II"}
    assert project.slug == "binjiang"
    assert project.opened_on == date(2019, 6, 18)
    assert "<script>" not in desk.get("/p/binjiang/").text.replace('<script src="', "")
    entry = db.session.query(AuditEntry).filter_by(action="project.changed").one()
    assert "name" in entry.facts["fields"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name_zh_Hans_CN": ""},
        {"name_zh_Hans_CN": "x" * 61},
        {"time_zone": "Mars/Olympus"},
        {"opened_on": "0001-01-01"},
        {"welcome_en": "x" * 301},
    ],
)
def test_wrong_settings_are_refused(desk, project, wrong):
    data = {"name_zh_Hans_CN": "滨江府", "time_zone": "Asia/Shanghai", **wrong}
    assert desk.post("/p/binjiang/staff/settings", data=data).status_code == 422


def test_statement_counts(desk, project, unit, owner, query_count):
    for number in range(30):
        home = make_unit(project, building=f"{number % 4}栋", number=str(number))
        make_ownership(make_member(), home)
    for path, statements in (("", 8), ("?q=2-1502&state=claimed", 8), (f"/{unit.public_id}", 8)):
        with query_count() as sent:
            assert desk.get(HOMES + path).status_code == 200
        assert len(sent) <= statements
