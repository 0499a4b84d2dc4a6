"""The list of a project's members: who is in it, what finds them, what is exported."""

import csv
import io
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from portal import clock
from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.claims.models import ClaimState, UnitClaim
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import EndReason, ProjectInterest, Role
from tests.factories import (
    add,
    make_account,
    make_follower,
    make_member,
    make_owner,
    make_ownership,
    make_project,
    make_staff,
    make_unit,
    sign_in,
)

LIST = "/p/binjiang/staff/members"


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def staff(client, project):
    return sign_in(client, make_staff("manager", project))


def found(client, **args):
    page = client.get(LIST, query_string=args)
    assert page.status_code == 200
    names = ["林晓芸", "陈明", "赵一诺", "Bob_O'Neil"]
    return {name for name in names if name in page.text.replace("&#39;", "'")}


@pytest.fixture
def people(project):
    lin = make_member(
        name="林晓芸",
        account=make_account(phone="+8613800138000"),
    )
    make_ownership(lin, make_unit(project, building="2栋", number="1502"))
    chen = make_member(name="陈明", account=make_account(phone="+8613900131502"))
    make_ownership(
        chen, make_unit(project, building="12", entrance="1", number="301"), role=Role.TENANT
    )
    zhao = make_follower(project, name="赵一诺")
    bob = make_follower(project, name="Bob_O'Neil")
    for number, member in enumerate((lin, chen, zhao, bob)):
        member.card_number = f"7770555{number}"
    db.session.commit()
    make_owner(make_project(slug="siji", name="四季苑"), name="别处人")
    return lin, chen, zhao


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"林晓芸", "陈明", "赵一诺", "Bob_O'Neil"}),
        ("晓", {"林晓芸"}),
        ("bob", {"Bob_O'Neil"}),
        ("_", {"Bob_O'Neil"}),
        ("%", set()),
        ("8000", {"林晓芸"}),
        ("８０００", {"林晓芸"}),
        ("1502", {"林晓芸", "陈明"}),
        ("138 0013 8000", {"林晓芸"}),
        ("+8613900131502", {"陈明"}),
        ("2栋1502", {"林晓芸"}),
        ("2 栋 1502 室", {"林晓芸"}),
        ("02幢1502", {"林晓芸"}),
        ("2-1502", {"林晓芸"}),
        ("2栋", {"林晓芸"}),
        ("12-1-301", {"陈明"}),
        ("12栋1单元301", {"陈明"}),
        ("12-2-301", set()),
        ("别处", set()),
        ("'; DROP TABLE member;--", set()),
        ("x" * 5000, set()),
    ],
)
def test_search(staff, people, query, names):
    assert found(staff, q=query) == names


def test_search_by_card_number(staff, people):
    card = people[0].card_number
    assert found(staff, q=f"{card[:4]} {card[4:]}") == {"林晓芸"}


@pytest.mark.parametrize(
    ("args", "names"),
    [
        ({"role": "tenant"}, {"陈明"}),
        ({"role": "king"}, {"林晓芸", "陈明", "赵一诺", "Bob_O'Neil"}),
        ({"stage": "future"}, {"赵一诺", "Bob_O'Neil"}),
        ({"stage": "long_standing"}, {"林晓芸", "陈明"}),
        ({"stage": "long_standing", "role": "owner"}, {"林晓芸"}),
        ({"stage": "settled"}, set()),
    ],
)
def test_filters(staff, people, args, names):
    assert found(staff, **args) == names


def test_filter_of_waiting_claims(staff, people, project):
    claim = {
        "project_id": project.id,
        "member_id": people[2].id,
        "building": "3",
        "number": "101",
        "name": "赵一诺",
        "role": "owner",
    }
    add(UnitClaim(address="3//101", state=ClaimState.PENDING, **claim))
    assert found(staff, claim="1") == {"赵一诺"}


def test_whoever_claims_a_home_is_seen_while_the_claim_waits(staff, project):
    member = make_member(name="陈明")
    claim = add(
        UnitClaim(
            project_id=project.id,
            member_id=member.id,
            building="3",
            number="101",
            address="3//101",
            name="陈明",
            role="owner",
            state=ClaimState.PENDING,
        )
    )
    assert found(staff) == {"陈明"}
    claim.state = ClaimState.WITHDRAWN
    db.session.commit()
    assert found(staff) == set()


def test_stage_follows_the_date(staff, project):
    member = make_member(name="陈明")
    today = clock.business_date("Asia/Shanghai")
    home = make_ownership(member, make_unit(project), since=today - timedelta(days=30))
    assert found(staff, stage="settling_in") == {"陈明"}
    home.since = today - timedelta(days=500)
    db.session.commit()
    assert found(staff, stage="settled") == {"陈明"}


def test_a_sold_home_ends_membership_of_the_project(staff, project):
    member = make_member(name="陈明")
    make_ownership(member, make_unit(project), until=date(2024, 1, 1), end_reason=EndReason.SALE)
    assert found(staff) == set()


def test_empty_lists_say_what_to_do(staff, project):
    assert "/p/binjiang/staff/members/new" in staff.get(LIST).text
    assert "2-1502" in staff.get(LIST, query_string={"q": "nobody"}).text


def test_phone_tail_search_is_audited_without_the_digits(staff, people, project):
    staff.get(LIST, query_string={"q": "8000"})
    entry = db.session.scalar(sa.select(AuditEntry))
    assert (entry.action, entry.project_id) == ("members.searched", project.id)
    assert entry.facts == {"by": "phone_tail"}
    staff.get(LIST, query_string={"q": "晓"})
    assert db.session.scalar(sa.select(sa.func.count(AuditEntry.id))) == 1


def test_pages_show_every_member_once(staff, project):
    wanted = {f"人{number}甲" for number in range(45)}
    for name in wanted:
        make_follower(project, name=name)
    page, seen = staff.get(LIST), []
    for _ in range(3):
        seen += [name for name in wanted if name in page.text]
        if 'rel="next"' in page.text:
            cursor = page.text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
            page = staff.get(cursor.replace("&amp;", "&"))
    assert sorted(seen) == sorted(wanted)


def test_the_number_of_statements_does_not_grow(staff, project, query_count):
    def measure():
        with query_count() as sent:
            assert staff.get(LIST).status_code == 200
        return len(sent)

    for number in range(10):
        make_owner(project, name=f"业主{number}")
    few = measure()
    household = make_member().household_id
    rows = [
        {
            "phone": None,
            "email": f"m{n}@example.test",
            "display_name": "",
            "public_id": f"a{n:021d}",
        }
        for n in range(990)
    ]
    ids = db.session.scalars(sa.insert(Account).returning(Account.id), rows).all()
    members = db.session.scalars(
        sa.insert(Member).returning(Member.id),
        [
            {
                "account_id": id_,
                "household_id": household,
                "card_number": f"{10000000 + id_}",
                "name": f"会员{id_}",
                "joined_on": date(2024, 1, 1),
            }
            for id_ in ids
        ],
    ).all()
    db.session.execute(
        sa.insert(ProjectInterest),
        [{"member_id": id_, "project_id": project.id} for id_ in members],
    )
    db.session.commit()
    assert measure() == few
    assert few <= 8


def export(client, kind, **args):
    answer = client.post(f"{LIST}/export.{kind}", query_string=args)
    assert answer.status_code == 200
    answer.get_data()
    answer.close()
    return answer


def test_export_as_csv_has_exactly_the_filtered_rows(staff, people):
    answer = export(staff, "csv", q="晓")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert rows[1][0] == "林晓芸"
    assert "138****8000" in rows[1]
    assert "attachment" in answer.headers["Content-Disposition"]


def test_export_goes_on_beyond_one_batch(staff, project, monkeypatch):
    monkeypatch.setattr("portal.staff.member_list._BATCH", 3)
    for number in range(7):
        make_follower(project, name=f"人{number}")
    rows = list(csv.reader(io.StringIO(export(staff, "csv").data.decode("utf-8-sig"))))
    assert sorted(row[0] for row in rows[1:]) == [f"人{number}" for number in range(7)]


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A1", "+1+1王", "-2王", "@SUM(A1)", "＝1+1王"])
def test_export_neutralises_formulas(staff, project, name):
    make_follower(project, name=name)
    rows = list(csv.reader(io.StringIO(export(staff, "csv").data.decode("utf-8-sig"))))
    assert rows[1][0] == f"'{name}"
    book = CalamineWorkbook.from_filelike(io.BytesIO(export(staff, "xlsx").data))
    assert book.get_sheet_by_index(0).to_python()[1][0] == name


def test_export_is_audited(staff, people):
    export(staff, "xlsx", role="owner")
    entry = db.session.scalar(sa.select(AuditEntry).where(AuditEntry.action == "members.exported"))
    assert entry.facts == {"format": "xlsx", "rows": 1, "filtered_by": ["role"]}


def test_export_of_an_unknown_kind_is_not_there(staff):
    assert staff.post(f"{LIST}/export.pdf").status_code == 404


def test_staff_without_the_right_neither_see_the_button_nor_export(client, project):
    make_follower(project)
    sign_in(client, make_staff("staff", project))
    assert "export.csv" not in client.get(LIST).text
    assert client.post(f"{LIST}/export.csv").status_code == 403


def test_staff_of_another_project_see_nothing(client, project):
    sign_in(client, make_staff("staff", make_project(slug="siji")))
    assert client.get(LIST).status_code == 403


def test_a_forged_cursor_is_refused(staff):
    assert staff.get(LIST, query_string={"cursor": "forged"}).status_code == 400
