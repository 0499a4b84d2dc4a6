"""Inviting people into a home, and what happens to their households."""

import re
from datetime import timedelta

import pytest

from portal import clock
from portal.accounts.models import Account
from portal.crypto import lookup_hash, token_hash
from portal.extensions import db
from portal.members.models import Household, Member, Person
from portal.projects.errors import HomeError
from portal.projects.invitations import (
    accept_invitation,
    find_invitation,
    invite,
    withdraw_invitation,
)
from portal.projects.models import Invitation, Ownership, Project, Role
from portal.projects.queries import people_of
from tests.factories import (
    add,
    make_account,
    make_member,
    make_ownership,
    make_phone,
    make_project,
    make_unit,
    sign_in,
)


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def unit(project):
    return make_unit(project, building="2栋", number="1502")


@pytest.fixture
def owner(unit):
    member = make_member(name="林晓芸")
    make_ownership(member, unit)
    return member


def account_of(member):
    return db.session.get(Account, member.account_id)


def refused(code):
    return pytest.raises(HomeError, match=f"^{code}$")


def invited(owner, unit, *, role=Role.SPOUSE, phone=None):
    invitation, token = invite(
        actor=account_of(owner),
        member=owner,
        unit=unit,
        name="陈建国",
        phone=phone or make_phone(),
        role=role,
    )
    db.session.commit()
    return invitation, token


def guest(**values):
    phone = make_phone()
    return phone, make_member(name="陈建国", account=make_account(phone=phone), **values)


def accept(member, token, **values):
    place = accept_invitation(
        actor=account_of(member), member=member, invitation=find_invitation(token), **values
    )
    db.session.commit()
    return place


def test_a_spouse_joins_the_home_and_its_household(owner, unit):
    phone, spouse = guest()
    _invitation, token = invited(owner, unit, phone=phone)
    place = accept(spouse, token)
    assert (place.role, place.unit_id) == ("spouse", unit.id)
    assert spouse.household_id == owner.household_id == unit.household_id


def test_a_tenant_keeps_their_household(owner, unit):
    phone, tenant = guest()
    before = tenant.household_id
    accept(tenant, invited(owner, unit, phone=phone, role=Role.TENANT)[1])
    assert tenant.household_id == before
    assert unit.household_id == owner.household_id


@pytest.mark.parametrize("join", [True, False])
def test_who_would_leave_others_behind_is_asked(owner, unit, join):
    phone, spouse = guest()
    child = add(
        Person(
            household_id=spouse.household_id,
            name="陈小满",
            relation="child",
            birth_month="2018-04",
            guardian_id=spouse.id,
        )
    )
    before = spouse.household_id
    _invitation, token = invited(owner, unit, phone=phone)
    with refused("choice_needed"):
        accept(spouse, token)
    db.session.rollback()
    accept(spouse, token, join=join)
    db.session.refresh(child)
    # Nobody of the old household is left to look after the child: it comes along.
    assert spouse.household_id == child.household_id == (owner.household_id if join else before)


def test_who_leaves_a_member_behind_takes_nothing(owner, unit):
    phone, spouse = guest()
    parent = make_member(name="父亲", household=db.session.get(Household, spouse.household_id))
    own_home = make_unit(db.session.get(Project, unit.project_id), building="9", number="101")
    make_ownership(parent, own_home)
    accept(spouse, invited(owner, unit, phone=phone)[1], join=True)
    db.session.refresh(own_home)
    assert spouse.household_id == owner.household_id
    assert own_home.household_id == parent.household_id != owner.household_id


def test_a_link_works_once_and_only_for_its_phone(owner, unit):
    phone, spouse = guest()
    _invitation, token = invited(owner, unit, phone=phone)
    with refused("wrong_phone"):
        accept(make_member(), token)
    db.session.rollback()
    accept(spouse, token)
    with refused("used"):
        accept(spouse, token)


def test_withdrawn_and_expired_links_do_not_work(owner, unit):
    phone, spouse = guest()
    invitation, token = invited(owner, unit, phone=phone)
    invitation.expires_at = clock.now() - timedelta(seconds=1)
    db.session.commit()
    with refused("expired"):
        accept(spouse, token)
    withdraw_invitation(actor=account_of(owner), invitation=invitation)
    db.session.commit()
    with refused("gone"):
        accept(spouse, token)
    with refused("gone"):
        accept(spouse, "no-such-token")


def test_only_owners_invite_and_nobody_twice(owner, unit):
    phone, spouse = guest()
    accept(spouse, invited(owner, unit, phone=phone)[1])
    with refused("not_entitled"):
        invited(spouse, unit)
    with refused("not_entitled"):
        invited(make_member(), unit)
    with refused("not_entitled"):
        invited(owner, unit, role=Role.OWNER)
    with refused("own_phone"):
        invited(owner, unit, phone=account_of(owner).phone)
    again = make_phone()
    invited(owner, unit, phone=again)
    with refused("already_invited"):
        invited(owner, unit, phone=again)


def test_a_home_has_room_for_ten_open_invitations(owner, unit):
    for _ in range(10):
        invited(owner, unit)
    with refused("too_many_invitations"):
        invited(owner, unit)


def test_only_hashes_are_kept(owner, unit):
    phone = make_phone()
    invitation, token = invited(owner, unit, phone=phone)
    assert invitation.token_hash == token_hash(token)
    assert invitation.phone_hash == lookup_hash("phone", phone)
    assert len(token) >= 32


# -- the pages --------------------------------------------------------------------------------


def make_by_form(client, unit, phone, role="spouse"):
    answer = client.post(
        f"/me/homes/{unit.public_id}/invite",
        data={"role": role, "name": "陈建国", "phone": phone},
    )
    assert answer.status_code == 303
    page = client.get(answer.location)
    link = re.search(r'value="(http://localhost/i/[\w-]+)"', page.text)
    assert link
    assert "data:image/svg+xml" in page.text
    # The link is shown this once.
    assert link[1] not in client.get(answer.location).text
    return link[1].removeprefix("http://localhost")


def test_from_the_form_to_the_home(app, owner, unit):
    phone, spouse = guest()
    link = make_by_form(sign_in(app.test_client(), owner), unit, phone.removeprefix("+86"))
    visitor = app.test_client()
    page = visitor.get(link)
    assert page.status_code == 200
    assert f"next={link}" in page.text.replace("%2F", "/")
    assert "林晓芸" not in page.text
    assert "1502" not in page.text
    theirs = sign_in(app.test_client(), spouse)
    page = theirs.get(link)
    assert "林晓芸" in page.text
    answer = theirs.post(link)
    assert answer.location == f"/me/homes/{unit.public_id}"
    assert theirs.get(answer.location).status_code == 200
    # A second press finds the way home too.
    assert theirs.post(link).status_code == 303
    assert db.session.query(Ownership).count() == 2


def test_a_guest_who_is_no_member_joins_on_the_way(app, owner, unit):
    account = make_account()
    browser = sign_in(app.test_client(), owner)
    link = make_by_form(browser, unit, account.phone, role="tenant")
    assert f'"/login?next={link}"' in app.test_client().get(link).text
    guest_browser = sign_in(app.test_client(), account)
    assert f'"/join?next={link}"' in guest_browser.get(link).text
    data = {"name": "何租客", "salutation": "none", "adult": "y"}
    assert guest_browser.post(f"/join?next={link}", data=data).location == link
    assert guest_browser.post(link).location == f"/me/homes/{unit.public_id}"


def test_a_stranger_with_the_link_gets_nothing(app, owner, unit):
    link = make_by_form(sign_in(app.test_client(), owner), unit, make_phone())
    stranger = sign_in(app.test_client(), make_member(name="路人"))
    for answer in (stranger.get(link), stranger.post(link)):
        assert answer.status_code == 403
        assert "林晓芸" not in answer.text
    assert len(people_of(unit.id)) == 1


def test_a_dead_link_says_so(app, owner, unit):
    client = sign_in(app.test_client(), owner)
    link = make_by_form(client, unit, make_phone())
    invitation = db.session.query(Invitation).one()
    home = f"/me/homes/{unit.public_id}"
    path = f"{home}/invitations/{invitation.public_id}/withdraw"
    assert client.post(path).location == home
    assert app.test_client().get(link).status_code == 410
    assert app.test_client().get("/i/never-was").status_code == 410
    assert client.post(path).status_code == 404


def test_other_peoples_homes_are_not_there(app, owner, unit):
    invitation, _token = invited(owner, unit)
    home = f"/me/homes/{unit.public_id}"
    for person in (make_member(), guest()[1]):
        client = sign_in(app.test_client(), person)
        for path in (home, f"{home}/invite", f"{home}/invitations/{invitation.public_id}"):
            assert client.get(path).status_code == 404
        assert client.post(f"{home}/invite", data={}).status_code == 404
        path = f"{home}/invitations/{invitation.public_id}/withdraw"
        assert client.post(path).status_code == 404


def test_a_tenant_sees_only_themselves(app, owner, unit):
    tenant = make_member(name="何租客")
    make_ownership(tenant, unit, role=Role.TENANT)
    client = sign_in(app.test_client(), tenant)
    page = client.get(f"/me/homes/{unit.public_id}")
    assert "何租客" in page.text
    assert "林晓芸" not in page.text
    assert client.get(f"/me/homes/{unit.public_id}/invite").status_code == 404


def test_an_owner_notes_that_the_tenant_left(app, owner, unit):
    tenancy = make_ownership(make_member(name="何租客"), unit, role=Role.TENANT)
    own = db.session.query(Ownership).filter_by(member_id=owner.id).one()
    client = sign_in(app.test_client(), owner)
    path = f"/me/homes/{unit.public_id}/people/{{}}/end"
    assert client.get(path.format(own.public_id)).status_code == 404
    assert client.get(path.format(tenancy.public_id)).status_code == 200
    late = client.post(path.format(tenancy.public_id), data={"on": "2999-01-01"})
    assert late.status_code == 422
    assert "2999-01-01" in late.text
    assert client.post(path.format(tenancy.public_id), data={"on": "2024-05-01"}).status_code == 303
    assert [person.member_id for person in people_of(unit.id)] == [owner.id]
    assert client.post(path.format(tenancy.public_id), data={"on": "2024-05-01"}).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"role": "owner", "name": "陈", "phone": "13800138000"},
        {"role": "spouse", "name": "", "phone": "13800138000"},
        {"role": "spouse", "name": "123", "phone": "13800138000"},
        {"role": "spouse", "name": "陈", "phone": "12345"},
        {"role": "spouse", "name": "x" * 200, "phone": "13800138000"},
    ],
)
def test_a_wrong_form_keeps_what_was_typed(app, owner, unit, data):
    client = sign_in(app.test_client(), owner)
    answer = client.post(f"/me/homes/{unit.public_id}/invite", data=data)
    assert answer.status_code == 422
    assert db.session.query(Invitation).count() == 0
    assert data.get("phone", "") in answer.text


def test_statement_counts(app, project, owner, unit, query_count):
    for _ in range(5):
        invited(owner, unit)
        make_ownership(make_member(), unit, role=Role.TENANT)
        other = make_unit(project, number=make_phone()[-5:])
        make_ownership(owner, other, role=Role.CO_OWNER)
    client = sign_in(app.test_client(), owner)
    for path, statements in (("/me/homes", 7), (f"/me/homes/{unit.public_id}", 8)):
        with query_count() as sent:
            assert client.get(path).status_code == 200
        assert len(sent) <= statements
    assert db.session.query(Member).count() == 6
