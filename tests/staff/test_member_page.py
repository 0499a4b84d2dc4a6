"""One member, as staff see them: masked phone, corrections, registration at the desk."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import Household, Member, Person
from portal.projects.models import ProjectInterest
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

PHONE = "+8613800138000"


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def lin(project):
    member = make_member(name="林晓芸", account=make_account(phone=PHONE, display_name="林晓芸"))
    make_ownership(member, make_unit(project, building="2栋", number="1502"))
    return member


@pytest.fixture
def staff(client, project):
    return sign_in(client, make_staff("staff", project, display_name="周岚"))


def address(member, rest=""):
    return f"/p/binjiang/staff/members/{member.public_id}{rest}"


def entries(action):
    return db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == action)).all()


def test_the_page_shows_homes_here_household_and_a_masked_phone(staff, lin, project, query_count):
    make_ownership(lin, make_unit(make_project(slug="siji"), building="9", number="901"))
    make_member(name="陈建国", household=db.session.get(Household, lin.household_id))
    add(Person(household_id=lin.household_id, name="陈小满", relation="parent"))
    with query_count() as sent:
        page = staff.get(address(lin))
    assert page.status_code == 200
    for text in ("138****8000", "1502", "陈建国", "陈小满"):
        assert text in page.text
    assert PHONE not in page.text
    assert "901" not in page.text
    assert len(sent) <= 8


def test_a_phone_is_shown_with_a_reason_for_five_minutes(staff, lin, monkeypatch):
    answer = staff.post(address(lin, "/phone"), data={"reason": "约验房时间"})
    assert answer.status_code == 303
    assert PHONE in staff.get(address(lin)).text
    (entry,) = entries("member.phone_shown")
    assert (entry.subject_key, entry.reason) == (lin.public_id, "约验房时间")
    later = clock.now() + timedelta(minutes=5, seconds=1)
    monkeypatch.setattr("portal.clock.now", lambda: later)
    assert PHONE not in staff.get(address(lin)).text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_phone_is_not_shown_without_a_reason(staff, lin, reason):
    answer = staff.post(address(lin, "/phone"), data={"reason": reason})
    assert answer.status_code == 422
    assert PHONE not in answer.text
    assert not entries("member.phone_shown")
    assert PHONE not in staff.get(address(lin)).text


def test_the_member_reads_who_saw_the_number(staff, lin, app):
    staff.post(address(lin, "/phone"), data={"reason": "约验房时间"})
    page = sign_in(app.test_client(), lin).get("/me/profile")
    assert "周岚" in page.text
    assert "约验房时间" in page.text


def test_showing_one_phone_shows_no_other(staff, lin, project):
    other = make_follower(project, account=make_account(phone="+8613911112222"))
    staff.post(address(lin, "/phone"), data={"reason": "约验房时间"})
    assert "+8613911112222" not in staff.get(address(other)).text


def test_a_member_of_another_project_is_not_there(staff, project):
    other = make_owner(make_project(slug="siji"))
    for rest in ("", "/edit"):
        assert staff.get(address(other, rest)).status_code == 404
    assert staff.post(address(other, "/phone"), data={"reason": "why"}).status_code == 404
    assert staff.post(address(other, "/edit"), data={"name": "x"}).status_code == 404
    assert not entries("member.phone_shown")


def test_a_verifier_sees_the_desk_but_no_member(client, lin, project):
    sign_in(client, make_staff("verifier", project))
    assert client.get("/p/binjiang/staff/").status_code == 200
    assert client.get(address(lin)).status_code == 403
    assert client.get("/p/binjiang/staff/members").status_code == 403


def test_a_concierge_sees_but_neither_unmasks_nor_edits_nor_registers(client, lin, project):
    sign_in(client, make_staff("concierge", project))
    page = client.get(address(lin))
    assert page.status_code == 200
    assert "/phone" not in page.text
    assert "/edit" not in page.text
    assert client.post(address(lin, "/phone"), data={"reason": "why"}).status_code == 403
    assert client.get(address(lin, "/edit")).status_code == 403
    assert client.get("/p/binjiang/staff/members/new").status_code == 403


def test_an_owner_is_no_staff(client, lin):
    sign_in(client, lin)
    for path in ("/staff/", "/p/binjiang/staff/", "/p/binjiang/staff/members", "/centre/"):
        assert client.get(path).status_code == 403
    assert client.get(address(lin)).status_code == 403


def test_a_visitor_is_asked_to_sign_in(client, lin):
    answer = client.get(address(lin))
    assert answer.status_code == 302
    assert answer.location.startswith("/login")


def test_correct_a_name_with_a_reason(staff, lin):
    data = {"name": "林晓云", "salutation": "ms", "reason": "身份证上是云"}
    assert staff.post(address(lin, "/edit"), data=data).status_code == 303
    db.session.refresh(lin)
    assert (lin.name, lin.salutation) == ("林晓云", "ms")
    (entry,) = entries("member.corrected")
    assert entry.facts == {"fields": ["name", "salutation"]}
    assert "身份证上是云" in staff.get(address(lin) + "?tab=history").text


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"name": "王" * 81}, {"salutation": "lord"}])
def test_a_wrong_correction_keeps_what_was_typed(staff, lin, wrong):
    data = {"name": "林晓云", "salutation": "ms", "reason": "身份证上是云", **wrong}
    answer = staff.post(address(lin, "/edit"), data=data)
    assert answer.status_code == 422
    assert data["name"] in answer.text
    db.session.refresh(lin)
    assert lin.name == "林晓芸"


NEW = "/p/binjiang/staff/members/new"


def register(client, **values):
    data = {"phone": "139 0013 9000", "name": "王芳", "salutation": "ms", "adult": "y", **values}
    return client.post(NEW, data=data)


def test_register_a_member_at_the_desk(staff, project):
    answer = register(staff)
    assert answer.status_code == 303
    member = db.session.scalar(sa.select(Member))
    account = db.session.get_one(Account, member.account_id)
    assert (account.phone, account.password_hash) == ("+8613900139000", None)
    assert db.session.scalar(sa.select(ProjectInterest.project_id)) == project.id
    assert "王芳" in staff.get(answer.location).text
    (entry,) = entries("member.joined")
    assert entry.actor_id != account.id


@pytest.mark.parametrize(
    "wrong", [{"phone": "12345"}, {"phone": ""}, {"name": ""}, {"adult": ""}, {"phone": "9" * 5000}]
)
def test_a_wrong_registration_is_refused(staff, project, wrong):
    assert register(staff, **wrong).status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(Member.id))) == 0


def test_register_a_phone_that_is_a_member_here_links_to_the_member(staff, lin):
    answer = register(staff, phone="１３８００１３８０００", name="谁")
    assert answer.status_code == 422
    assert address(lin) in answer.text
    assert "林晓芸" not in answer.text
    assert 'value="谁"' in answer.text


def test_register_a_phone_that_is_a_member_elsewhere_offers_this_project(staff, project):
    member = make_owner(
        make_project(slug="siji"), account=make_account(phone="+8613900139000"), name="别处人"
    )
    answer = register(staff)
    assert answer.status_code == 422
    assert 'name="follow"' in answer.text
    assert "别处人" not in answer.text
    assert staff.get(address(member)).status_code == 404
    added = register(staff, follow="1")
    assert added.status_code == 303
    assert "别处人" in staff.get(added.location).text
    (entry,) = entries("member.project_added")
    assert entry.project_id == project.id


def test_register_an_account_that_is_no_member_makes_it_one(staff, project):
    account = make_staff("staff", project, phone="+8613900139000")
    assert register(staff).status_code == 303
    assert db.session.scalar(sa.select(Member.account_id)) == account.id


def test_registering_twice_makes_one_member(staff, project):
    for _ in range(2):
        answer = register(staff, idempotency_key="k" * 22)
        assert answer.status_code == 303, answer.text
    assert db.session.scalar(sa.select(sa.func.count(Member.id))) == 1


def test_the_club_wide_centre_sees_every_project(client, lin, project):
    sign_in(client, make_staff("centre"))
    assert client.get(address(lin)).status_code == 200


def test_past_homes_tell_how_they_ended(staff, lin, project):
    make_ownership(
        lin,
        make_unit(project, building="2栋", number="301"),
        since=date(2020, 1, 1),
        until=date(2022, 1, 1),
        end_reason="sale",
    )
    assert "301" in staff.get(address(lin)).text
