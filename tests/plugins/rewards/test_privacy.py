"""What limits count of a member, in the member's copy and after an erasure."""

import pytest
import sqlalchemy as sa

from plugins.rewards import privacy
from plugins.rewards.models import Used
from portal.plugin_host.refs import member_ref
from tests import factories


@pytest.fixture
def counted(place, make_item):
    """Count two pieces of an item for the owner and three for the owner's household."""
    item, where = make_item(), {"project_id": place.project.id, "period": "2026", "most": 4}
    household = place.member.household_id
    factories.add(Used(item_id=item.id, member_id=place.member.id, used=2, **where))
    factories.add(Used(item_id=item.id, household_id=household, used=3, **where))


def left():
    return sorted(factories.db.session.scalars(sa.select(Used.used)))


def limits(member):
    part = next(each for each in privacy.export_of(member) if each.name == "limits")
    return [(row["title"], row["used"], bool(row["household"])) for row in part.rows]


def test_the_copy_has_the_member_s_counts_and_the_household_s(place, counted):
    assert limits(place.owner) == [("明前龙井", 2, False), ("明前龙井", 3, True)]
    assert limits(member_ref(factories.make_owner(place.project))) == []


def test_the_last_of_a_household_takes_all_counts_along(place, counted):
    privacy.erase(member_ref(factories.make_owner(place.project)))
    assert left() == [2, 3]
    privacy.erase(place.owner)
    assert left() == []


def test_the_household_s_count_stays_while_another_member_is_there(place, counted):
    mate = factories.make_owner(place.project)
    mate.household_id = place.member.household_id
    factories.db.session.commit()
    privacy.erase(place.owner)
    assert left() == [3]
