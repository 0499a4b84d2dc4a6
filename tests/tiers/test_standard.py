"""The usual ladder: blue for everybody, silver, gold and diamond, kept at 80 %."""

from datetime import date, timedelta

import pytest

from portal.extensions import db
from portal.members.models import Member
from portal.tiers import evaluate
from portal.tiers.queries import tier_keys
from tests.factories import make_member, make_ownership, make_project, make_unit
from tests.tiers.helpers import install, night, qualify, state, story

DAY = date(2026, 3, 10)


@pytest.fixture
def member() -> Member:
    install()
    return make_member(joined_on=date(2024, 5, 20))


def test_everybody_is_blue(member):
    night(DAY)
    assert tier_keys([member.id]) == {member.id: "blue"}
    assert story(member) == [("first", "blue")]


def test_a_home_makes_silver_and_two_make_gold(member):
    project = make_project()
    make_ownership(member, make_unit(project, number="1"), since=date(2025, 1, 1))
    night(DAY)
    assert state(member).tier == "silver"
    make_ownership(member, make_unit(project, number="2"), since=DAY)
    evaluate.evaluate_members([member.id], on=DAY)
    db.session.commit()
    assert state(member).tier == "gold"
    assert story(member) == [("first", "silver"), ("up", "gold")]


def test_points_of_twelve_months_make_gold_to_the_unit(member):
    night(DAY)
    qualify(member, 19_999, DAY)
    night(DAY)
    assert state(member).tier == "blue"
    qualify(member, 1, DAY)
    night(DAY)
    assert (state(member).tier, state(member).valid_until) == ("gold", date(2027, 12, 31))


def test_gold_is_kept_at_eighty_percent_and_falls_a_step_below(member):
    qualify(member, 20_000, date(2026, 2, 1))
    night(DAY)
    qualify(member, 15_999, date(2027, 6, 1))
    night(date(2027, 12, 31))
    assert state(member).tier == "gold"
    night(date(2028, 1, 1))
    assert (state(member).tier, state(member).valid_until) == ("silver", date(2029, 12, 31))


def test_gold_is_renewed_with_what_keeps_it(member):
    qualify(member, 20_000, date(2026, 2, 1))
    night(DAY)
    qualify(member, 16_000, date(2027, 6, 1))
    night(date(2028, 1, 1))
    assert (state(member).tier, state(member).valid_until) == ("gold", date(2029, 12, 31))
    assert story(member)[-1] == ("kept", "gold")


def test_a_second_evaluation_changes_nothing(member):
    qualify(member, 20_000, DAY)
    assert night(DAY) == 1
    assert night(DAY) == 0
    assert night(DAY + timedelta(days=1)) == 0


def test_the_tier_of_an_earlier_day(member):
    night(DAY)
    qualify(member, 20_000, DAY + timedelta(days=5))
    night(DAY + timedelta(days=5))
    ids = [member.id]
    assert tier_keys(ids, on=DAY + timedelta(days=4)) == {member.id: "blue"}
    assert tier_keys(ids, on=DAY + timedelta(days=5)) == {member.id: "gold"}
    assert tier_keys(ids, on=DAY - timedelta(days=1)) == {member.id: None}
    assert tier_keys(ids, scheme="other") == {member.id: None}
