"""Projects, buildings, homes, and who lives in them since when."""

from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import Household, HouseholdStay
from portal.projects.errors import HomeError
from portal.projects.models import Building, EndReason, Invitation, Ownership, Role, Unit
from portal.projects.queries import find_unit, homes_of, people_of
from portal.projects.service import (
    REASONS,
    add_ownership,
    change_role,
    create_project,
    end_ownership,
    ensure_unit,
    follow,
    unfollow,
)
from tests.factories import (
    add,
    make_account,
    make_member,
    make_ownership,
    make_project,
    make_staff,
    make_unit,
)

DAY = date(2024, 5, 1)


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def staff(project):
    return make_staff("staff", project)


@pytest.fixture
def unit(project):
    return make_unit(project, building="2栋", entrance="1单元", number="1502")


def refused(code):
    return pytest.raises(HomeError, match=f"^{code}$")


def today(project):
    return clock.business_date(project.time_zone)


def test_a_project_has_one_address(app):
    create_project(actor=None, slug="siji", name={"zh_Hans_CN": "四季苑"})
    with refused("slug_taken"):
        create_project(actor=None, slug="siji", name={"zh_Hans_CN": "四季苑"})
    for slug in ("", "S", "a b", "../x", "-a-", "x" * 60, "1st"):
        with refused("bad_slug"):
            create_project(actor=None, slug=slug, name={"zh_Hans_CN": "四季苑"})


def test_a_home_is_made_once(project):
    first = ensure_unit(project=project, building="2栋", entrance="1单元", number="0502", area=9000)
    again = ensure_unit(project=project, building="02 幢", entrance="1", number="502", area=1)
    db.session.commit()
    assert again is first
    assert first.area == 9000
    assert db.session.query(Building).count() == 1


def test_the_database_keeps_homes_single(project, unit):
    with pytest.raises(IntegrityError):
        add(
            Unit(
                project_id=project.id, building_id=unit.building_id, entrance="01", number="1502室"
            )
        )
    db.session.rollback()


@pytest.mark.parametrize(
    "parts",
    [("2", "1", "1502"), ("2栋", "1单元", "1502"), ("2", "", "1502"), ("2", "", "1-1502")],
)
def test_a_home_is_found_in_any_writing(project, unit, parts):
    assert find_unit(project.id, *parts) is unit


@pytest.mark.parametrize(
    "parts", [("3", "1", "1502"), ("2", "2", "1502"), ("2", "1", "502"), ("", "", "%")]
)
def test_what_is_not_there_is_not_found(project, unit, parts):
    assert find_unit(project.id, *parts) is None


def test_a_number_that_two_entrances_have_is_not_guessed(project, unit):
    make_unit(project, building="2栋", entrance="2单元", number="1502")
    assert find_unit(project.id, "2", "", "1502") is None
    assert find_unit(project.id, "2", "1", "1502") is unit


def test_homes_of_other_projects_are_not_found(project, unit):
    other = make_project(slug="siji", name="四季苑")
    assert find_unit(other.id, "2", "1", "1502") is None


def test_the_first_owner_gives_the_home_a_household(project, unit):
    owner = make_member()
    add_ownership(actor=None, unit=unit, member=owner, role=Role.OWNER, since=DAY)
    db.session.commit()
    assert unit.household_id == owner.household_id
    assert [home.unit for home in homes_of(owner.id)] == [unit]


def test_a_tenant_gives_no_household(project, unit):
    add_ownership(actor=None, unit=unit, member=make_member(), role=Role.TENANT, since=DAY)
    assert unit.household_id is None


def test_a_home_has_one_owner_and_a_member_one_place(project, unit):
    owner = make_member()
    add_ownership(actor=None, unit=unit, member=owner, role=Role.OWNER, since=DAY)
    with refused("already_there"):
        add_ownership(actor=None, unit=unit, member=owner, role=Role.TENANT, since=DAY)
    with refused("owner_exists"):
        add_ownership(actor=None, unit=unit, member=make_member(), role=Role.OWNER, since=DAY)


def test_dates_to_come_and_of_old_are_refused(project, unit):
    tomorrow = today(project) + timedelta(days=1)
    with refused("future"):
        add_ownership(actor=None, unit=unit, member=make_member(), role="owner", since=tomorrow)
    with refused("too_old"):
        add_ownership(
            actor=None, unit=unit, member=make_member(), role="owner", since=date(1979, 12, 31)
        )


@pytest.fixture
def family(project, unit):
    """An owner, their spouse in the same household, and a tenant."""
    owner = make_member(name="林晓芸")
    spouse = make_member(name="陈建国", household=db.session.get(Household, owner.household_id))
    tenant = make_member(name="何租客")
    return {
        "owner": make_ownership(owner, unit),
        "spouse": make_ownership(spouse, unit, role=Role.SPOUSE),
        "tenant": make_ownership(tenant, unit, role=Role.TENANT),
    }


def invite_into(unit, member):
    return add(
        Invitation(
            unit_id=unit.id,
            project_id=unit.project_id,
            role=Role.TENANT,
            name="客人",
            phone_hash=b"1" * 32,
            token_hash=member.public_id.encode()[:22].ljust(32),
            invited_by_id=member.id,
            expires_at=clock.now() + timedelta(days=3),
        )
    )


def test_a_sale_ends_the_owners_and_keeps_the_tenant(project, unit, staff, family):
    invitation = invite_into(unit, family["owner"].member)
    ended = end_ownership(
        actor=staff, ownership=family["owner"], reason="sale", on=DAY, note="合同已核对"
    )
    db.session.commit()
    assert {each.member.name for each in ended} == {"林晓芸", "陈建国"}
    assert {each.end_reason for each in ended} == {"sale"}
    assert [each.role for each in people_of(unit.id)] == ["tenant"]
    assert unit.household_id is None
    db.session.refresh(invitation)
    assert invitation.withdrawn_at is not None
    assert db.session.query(Ownership).count() == 3
    trail = db.session.query(AuditEntry).filter_by(action="ownership.ended").all()
    assert {entry.reason for entry in trail} == {"合同已核对"}
    assert {entry.actor_id for entry in trail} == {staff.id}


def test_the_buyer_can_follow_on_the_day_of_the_sale(project, unit, staff, family):
    end_ownership(actor=staff, ownership=family["owner"], reason="sale", on=DAY)
    buyer = make_member(name="新业主")
    add_ownership(actor=staff, unit=unit, member=buyer, role=Role.OWNER, since=DAY)
    db.session.commit()
    assert unit.household_id == buyer.household_id


def test_a_death_ends_one_place_and_leaves_the_home_with_the_family(project, unit, staff, family):
    household = family["owner"].member.household_id
    end_ownership(actor=staff, ownership=family["owner"], reason="death", on=DAY)
    db.session.commit()
    assert [each.role for each in people_of(unit.id)] == ["spouse", "tenant"]
    assert unit.household_id == household


def test_a_divorce_can_split_the_household(project, unit, staff, family):
    spouse = family["spouse"].member
    before = spouse.household_id
    end_ownership(
        actor=staff, ownership=family["spouse"], reason="divorce", on=DAY, split_household=True
    )
    db.session.commit()
    assert spouse.household_id != before
    assert family["owner"].member.household_id == before == unit.household_id
    stays = db.session.query(HouseholdStay).filter_by(member_id=spouse.id).all()
    assert {(stay.end_reason, stay.until is None) for stay in stays} == {
        ("divorce", False),
        (None, True),
    }


def test_a_mistake_frees_the_home(project, unit, staff):
    wrong = make_ownership(make_member(), unit)
    end_ownership(actor=staff, ownership=wrong, reason="mistake", on=DAY)
    assert unit.household_id is None


def test_each_role_has_its_reasons(project, unit, staff, family):
    with refused("reason_not_for_role"):
        end_ownership(actor=staff, ownership=family["tenant"], reason="sale", on=DAY)
    with refused("reason_not_for_role"):
        end_ownership(actor=staff, ownership=family["owner"], reason="moved_out", on=DAY)
    # Who leaves the club is not ended by staff.
    given = {reason for reasons in REASONS.values() for reason in reasons}
    assert given == set(EndReason) - {EndReason.LEFT_CLUB}


def test_an_end_lies_between_the_beginning_and_today(project, unit, staff, family):
    owner = family["owner"]
    with refused("before_start"):
        end_ownership(
            actor=staff, ownership=owner, reason="sale", on=owner.since - timedelta(days=1)
        )
    with refused("future"):
        end_ownership(
            actor=staff, ownership=owner, reason="sale", on=today(project) + timedelta(days=1)
        )


def test_what_has_ended_cannot_end_again(project, unit, staff, family):
    end_ownership(actor=staff, ownership=family["tenant"], reason="moved_out", on=DAY)
    db.session.commit()
    with refused("not_current"):
        end_ownership(actor=staff, ownership=family["tenant"], reason="moved_out", on=DAY)


def test_the_date_is_that_of_the_projects_zone(app, project, unit, staff, monkeypatch):
    from datetime import UTC, datetime

    owner = make_ownership(make_member(), unit)
    monkeypatch.setattr(clock, "now", lambda: datetime(2025, 3, 1, 17, 0, tzinfo=UTC))
    end_ownership(actor=staff, ownership=owner, reason="sale", on=date(2025, 3, 2))
    other = make_ownership(make_member(), unit)
    project.time_zone = "America/New_York"
    db.session.commit()
    with refused("future"):
        end_ownership(actor=staff, ownership=other, reason="sale", on=date(2025, 3, 2))


def test_a_role_is_corrected_with_a_reason(project, unit, staff, family):
    with refused("owner_exists"):
        change_role(actor=staff, ownership=family["spouse"], role="owner", note="x")
    change_role(actor=staff, ownership=family["spouse"], role="co_owner", note="证上有名")
    db.session.commit()
    assert family["spouse"].role == "co_owner"
    entry = db.session.query(AuditEntry).filter_by(action="ownership.role_changed").one()
    assert (entry.facts["from"], entry.facts["to"], entry.reason) == (
        "spouse",
        "co_owner",
        "证上有名",
    )


def test_the_last_owner_made_tenant_frees_the_home(project, unit, staff):
    owner = make_ownership(make_member(), unit)
    change_role(actor=staff, ownership=owner, role="tenant", note="x")
    assert unit.household_id is None


def test_following_twice_changes_nothing(project):
    member = make_member(account=make_account())
    follow(member=member, project=project)
    follow(member=member, project=project)
    unfollow(member=member, project=project)
    unfollow(member=member, project=project)
    db.session.commit()
