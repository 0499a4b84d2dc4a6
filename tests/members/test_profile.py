"""A member's own pages: identity, profile, household."""

from datetime import date

import pytest
import sqlalchemy as sa

from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import Household, HouseholdStay, Member, Person
from portal.members.service import MemberError, join, move_to_household, needs_guardian
from tests.factories import add, make_account, make_member, make_staff, sign_in


@pytest.fixture
def lin(app):
    return make_member(name="林晓芸", account=make_account(phone="+8613800138000"))


@pytest.fixture
def me(client, lin):
    return sign_in(client, lin)


def persons():
    return db.session.scalars(sa.select(Person).order_by(Person.id)).all()


def test_me_shows_card_and_masked_phone(me, lin, query_count):
    with query_count() as sent:
        page = me.get("/me/")
    assert page.status_code == 200
    assert f"{lin.card_number[:4]} {lin.card_number[4:]}" in page.text
    assert "138****8000" in page.text
    assert "+8613800138000" not in page.text
    for path in ("/me/profile", "/me/household"):
        assert f'"{path}"' in page.text
    assert len(sent) <= 8


def test_me_of_an_account_that_is_no_member_offers_to_join(client, app):
    page = sign_in(client, make_staff("leader")).get("/me/")
    assert page.status_code == 200
    assert '"/join"' in page.text


@pytest.mark.parametrize("path", ["/me/profile", "/me/household", "/me/household/persons/new"])
def test_own_pages_are_for_members(client, app, path):
    assert client.get(path).location.startswith("/login")
    assert sign_in(client, make_staff("leader")).get(path).status_code == 403


def test_change_the_profile(me, lin):
    data = {"name": "林晓云", "salutation": "ms", "birth_month": "4"}
    assert me.post("/me/profile", data=data).status_code == 303
    db.session.refresh(lin)
    assert (lin.name, lin.salutation, lin.birth_month) == ("林晓云", "ms", 4)
    entry = db.session.scalar(sa.select(AuditEntry))
    assert entry.facts == {"fields": ["name", "salutation", "birth_month"]}
    me.post("/me/profile", data=data)
    assert db.session.scalar(sa.select(sa.func.count(AuditEntry.id))) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "林" * 81},
        {"birth_month": "13"},
        {"birth_month": "x"},
        {"salutation": "lord"},
    ],
)
def test_a_wrong_profile_is_refused_and_kept(me, lin, wrong):
    data = {"name": "林晓云", "salutation": "ms", "birth_month": "4", **wrong}
    answer = me.post("/me/profile", data=data)
    assert answer.status_code == 422
    assert data["name"].strip() in answer.text
    db.session.refresh(lin)
    assert (lin.name, lin.birth_month) == ("林晓芸", None)


PERSON = {"name": "林国栋", "relation": "parent", "birth_month": ""}
CHILD = {"name": "陈小满", "relation": "child", "birth_month": "2018-04", "guardian": "y"}
NEW = "/me/household/persons/new"


def test_add_change_and_remove_someone(me, lin):
    assert me.post(NEW, data=PERSON).status_code == 303
    (person,) = persons()
    assert (person.household_id, person.name, person.guardian_id) == (
        lin.household_id,
        "林国栋",
        None,
    )
    assert "林国栋" in me.get("/me/household").text
    page = f"/me/household/persons/{person.public_id}"
    assert 'value="林国栋"' in me.get(page).text
    me.post(page, data={**PERSON, "name": "林栋"})
    db.session.refresh(person)
    assert person.name == "林栋"
    assert me.get(f"{page}/remove").status_code == 200
    assert len(persons()) == 1
    assert me.post(f"{page}/remove").status_code == 303
    assert persons() == []
    assert me.post(f"{page}/remove").status_code == 404


def test_add_a_child_with_a_guardians_consent(me, lin):
    assert me.post(NEW, data=CHILD).status_code == 303
    (person,) = persons()
    assert (person.birth_month, person.guardian_id) == ("2018-04", lin.id)
    entry = db.session.scalar(sa.select(AuditEntry))
    assert entry.facts == {"relation": "child", "guardian_consents": True}


@pytest.mark.parametrize(
    "wrong",
    [
        {"guardian": ""},
        {"birth_month": ""},
        {"birth_month": "2999-01"},
        {"birth_month": "2018-13"},
        {"birth_month": "2018"},
        {"birth_month": "9" * 4000},
        {"name": ""},
        {"name": "满" * 81},
        {"relation": "boss"},
        {"relation": "other", "guardian": ""},
    ],
)
def test_a_wrong_child_is_refused_and_kept(me, wrong):
    answer = me.post(NEW, data={**CHILD, **wrong})
    assert answer.status_code == 422
    assert persons() == []
    if "name" not in wrong:
        assert "陈小满" in answer.text


@pytest.mark.parametrize(
    ("month", "today", "young"),
    [
        ("2012-05", date(2026, 5, 31), True),
        ("2012-05", date(2026, 6, 1), False),
        ("2012-06", date(2026, 5, 31), True),
        ("2026-05", date(2026, 5, 1), True),
    ],
)
def test_the_whole_month_of_the_fourteenth_birthday_needs_a_guardian(month, today, young):
    assert needs_guardian(month, today) is young


def test_a_household_has_room_for_twelve(me, lin):
    for number in range(12):
        add(Person(household_id=lin.household_id, name=f"人{number}", relation="other"))
    assert me.post(NEW, data=PERSON).status_code == 409
    assert len(persons()) == 12
    assert NEW not in me.get("/me/household").text


def test_nobody_touches_another_households_people(me):
    other = make_member(name="别人")
    person = add(Person(household_id=other.household_id, name="外人", relation="other"))
    page = f"/me/household/persons/{person.public_id}"
    assert me.get(page).status_code == 404
    assert me.post(page, data=PERSON).status_code == 404
    assert me.get(f"{page}/remove").status_code == 404
    assert me.post(f"{page}/remove").status_code == 404
    assert [person.name for person in persons()] == ["外人"]
    assert "外人" not in me.get("/me/household").text


def test_the_household_page_has_a_constant_number_of_statements(me, lin, query_count):
    with query_count() as few:
        me.get("/me/household")
    for number in range(10):
        add(Person(household_id=lin.household_id, name=f"人{number}", relation="other"))
    with query_count() as many:
        me.get("/me/household")
    assert len(many) == len(few) <= 8


def test_move_to_another_household_keeps_the_dates(app, lin):
    other = make_member(name="陈建国")
    household, left = other.household_id, lin.household_id
    move_to_household(
        actor=None,
        member=lin,
        household=_household(household),
        reason="invitation",
        on=date(2025, 2, 1),
    )
    db.session.commit()
    stays = db.session.scalars(
        sa.select(HouseholdStay).where(HouseholdStay.member_id == lin.id).order_by(HouseholdStay.id)
    ).all()
    assert [(stay.household_id, stay.until, stay.end_reason) for stay in stays] == [
        (left, date(2025, 2, 1), "invitation"),
        (household, None, None),
    ]
    assert lin.household_id == household
    with pytest.raises(MemberError, match="same_household"):
        move_to_household(
            actor=None, member=lin, household=_household(household), reason="x", on=date(2025, 3, 1)
        )


def _household(id_):
    return db.session.get_one(Household, id_)


def test_an_account_is_one_member_at_most(app, lin):
    account = db.session.get_one(Account, lin.account_id)
    with pytest.raises(MemberError, match="already_member"):
        join(account=account, name="又一个")


def test_a_taken_card_number_is_not_given_again(app, monkeypatch):
    left = iter([5, 5, 6])
    monkeypatch.setattr("portal.members.service.secrets.randbelow", lambda _bound: next(left))
    first = join(account=make_account(), name="甲")
    second = join(account=make_account(), name="乙")
    assert (first.card_number, second.card_number) == ("10000005", "10000006")
    assert db.session.scalar(sa.select(sa.func.count(Member.id))) == 2
