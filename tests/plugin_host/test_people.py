"""What plugins learn of projects and members by their ids."""

from datetime import date
from typing import Any

import pytest
from flask import Flask

from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Household, Person
from portal.plugin_host.refs import member_ref, project_ref
from portal.projects.models import EndReason
from portal.sdk import (
    Housemate,
    colleagues,
    find_members,
    find_phone_holder,
    find_phone_holders,
    find_projects,
    homes_of,
    homes_of_each,
    housemates,
    phone_key,
    residents,
    residents_of_each,
)
from tests import factories


def test_projects_and_members_are_found_by_id(app: Flask) -> None:
    project, member = factories.make_project(slug="own"), factories.make_member()
    assert find_projects([project.id, 10**9]) == {project.id: project_ref(project)}
    assert find_members([member.id, 10**9]) == {member.id: member_ref(member)}
    assert find_projects([]) == {}


def test_too_many_at_once_are_refused(app: Flask) -> None:
    with pytest.raises(ValueError, match="500 at most"):
        find_members(range(501))


def test_residents_come_in_pieces_each_once(app: Flask) -> None:
    project, other = factories.make_project(slug="own"), factories.make_project(slug="other")
    people = [factories.make_owner(project) for _ in range(3)]
    factories.make_ownership(people[0], factories.make_unit(project, number="902"))
    factories.make_owner(other)
    gone = factories.make_member()
    factories.make_ownership(
        gone,
        factories.make_unit(project, number="903"),
        until=date(2026, 1, 2),
        end_reason=EndReason.SALE,
    )
    found, after = [], 0
    while some := residents(project_ref(project), after=after, limit=2):
        assert len(some) <= 2
        found += some
        after = some[-1].id
    assert found == sorted(map(member_ref, people), key=lambda each: each.id)
    db.session.rollback()


def test_whom_the_portal_knows_by_a_number(app: Flask, query_count: Any) -> None:
    own, other = factories.make_project(slug="own"), factories.make_project(slug="other")
    member = factories.make_member()
    account = db.session.get_one(Account, member.account_id)
    staff = factories.make_staff("verifier", own)
    named = factories.make_account()
    factories.make_roster_entry(factories.make_unit(own), named)
    here, there = project_ref(own), project_ref(other)
    found = find_phone_holder(account.phone or "", here)
    assert (found.member, found.on_staff, found.on_roster) == (member_ref(member), False, False)
    assert find_phone_holder(staff.phone or "", here).on_staff
    assert not find_phone_holder(staff.phone or "", there).on_staff
    assert find_phone_holder(named.phone or "", here).on_roster
    assert not find_phone_holder(named.phone or "", there).on_roster
    unknown = find_phone_holder("+8613912345678", here)
    assert (unknown.member, unknown.on_staff, unknown.on_roster) == (None, False, False)
    phones = [account.phone or "", staff.phone or "", "+8613912345678"]
    with query_count() as sent:
        several = find_phone_holders(phones, here)
    assert len(sent) == 2
    assert list(several.values()) == [find_phone_holder(phone, here) for phone in phones]
    with pytest.raises(ValueError, match="500 at most"):
        find_phone_holders([str(number) for number in range(501)], here)


def test_a_numbers_key_is_the_plugins_own(app: Flask) -> None:
    key = phone_key("notes", "+8613912345678")
    assert len(key) == 32
    assert key != phone_key("other", "+8613912345678")
    assert key == phone_key("notes", "+8613912345678")


def test_homes_are_those_of_the_project_and_of_now(app: Flask) -> None:
    project, other = factories.make_project(slug="own"), factories.make_project(slug="other")
    member = factories.make_owner(other)
    home = factories.make_unit(project, building="2", number="1502")
    factories.make_ownership(member, home)
    factories.make_ownership(
        member,
        factories.make_unit(project, number="903"),
        until=date(2026, 1, 2),
        end_reason=EndReason.SALE,
    )
    (found,) = homes_of(member_ref(member), project_ref(project))
    assert (found.id, found.public_id) == (home.id, home.public_id)
    assert (found.building, found.entrance, found.number) == ("2", "", "1502")
    follower = factories.make_follower(project)
    assert homes_of(member_ref(follower), project_ref(project)) == []
    each = homes_of_each([member_ref(member), member_ref(follower)], project_ref(project))
    assert each == {member.id: [found], follower.id: []}
    households = [member.household_id, follower.household_id]
    living = residents_of_each(households, project_ref(project))
    assert living == {member.household_id: [member_ref(member)], follower.household_id: []}
    with pytest.raises(ValueError, match="501 asked for"):
        residents_of_each(range(501), project_ref(project))


def test_a_household_is_told_to_its_members_and_nobody_else(app: Flask) -> None:
    member = factories.make_member(name="林晓芸")
    household = db.session.get_one(Household, member.household_id)
    factories.make_member(name="陈建国", household=household)
    factories.make_member(name="邻居")
    child = factories.add(
        Person(
            household_id=member.household_id,
            name="陈小满",
            relation="child",
            birth_month="2018-04",
            guardian_id=member.id,
        )
    )
    found = housemates(member_ref(member))
    assert [each.name for each in found] == ["林晓芸", "陈建国", "陈小满"]
    assert found[0] == Housemate(member.public_id, "林晓芸", member.id, "member", None)
    assert found[2] == Housemate(child.public_id, "陈小满", None, "child", "2018-04")


def test_colleagues_hold_the_permission_here_or_in_the_whole_club(app: Flask) -> None:
    own, other = factories.make_project(slug="own"), factories.make_project(slug="other")
    here = factories.make_staff("staff", own, display_name="乙")
    club = factories.make_staff("administrator", display_name="甲")
    factories.make_staff("staff", other, display_name="丙")
    factories.make_staff("auditor", own, display_name="丁")
    found = colleagues("claims.review", project_ref(own))
    assert sorted(each.id for each in found) == sorted([here.id, club.id])
    assert {each.name for each in found} == {"甲", "乙"}
