"""Whom an activity is for: each rule, its reason, and the same words for members and staff."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from plugins.events import eligibility, on_behalf
from plugins.events.booking import lead
from plugins.events.eligibility import Rules, months_between
from plugins.events.errors import EventError
from plugins.events.policy import Terms
from plugins.events.states import Seat
from portal import clock
from portal.extensions import db
from portal.plugin_host.refs import HouseholdRef, HouseRef
from portal.sdk import buildings_of
from tests import factories
from tests.plugins.events.test_pages import DESK, LIST
from tests.plugins.events.test_registering import join, refused

HERE = SimpleNamespace(time_zone="Asia/Shanghai")
HOME = HouseRef(7, "2 栋", "spouse", date(2023, 6, 18))


def unmet(rules, homes=(HOME,), tier=None, came_on=None):
    starts = datetime(2024, 6, 17, 20, tzinfo=UTC)  # The 18th in the project.
    occurrence = SimpleNamespace(rules=rules.as_json(), starts_at=starts)
    household = HouseholdRef((), tier, tuple(homes))
    found = eligibility.reasons(occurrence, HERE, household, came_on)
    return [reason.code for reason in found if not reason.fulfilled]


def test_full_months():
    assert months_between(date(2024, 1, 31), date(2024, 2, 29)) == 0
    assert months_between(date(2024, 1, 15), date(2025, 1, 15)) == 12


@pytest.mark.usefixtures("app")
def test_each_rule_has_a_reason():
    gold = {"gold": {"en": "Gold"}}
    assert unmet(Rules()) == []
    assert unmet(Rules(home="home")) == []
    assert unmet(Rules(home="home"), homes=()) == ["NOT_AN_OWNER"]
    assert unmet(Rules(home="owner")) == ["NOT_AN_OWNER"]
    assert unmet(Rules(buildings={"7": "2 栋"})) == []
    assert unmet(Rules(buildings={"8": "3 栋"})) == ["NOT_YOUR_BUILDING"]
    assert unmet(Rules(tiers=gold), tier="gold") == []
    assert unmet(Rules(tiers=gold)) == ["NOT_YOUR_TIER"]
    assert unmet(Rules(tenure=12)) == []
    assert unmet(Rules(tenure=13)) == ["TOO_NEW"]
    assert unmet(Rules(tenure=1), homes=()) == ["TOO_NEW"]
    assert unmet(Rules(pause=3)) == []
    came = datetime(2024, 3, 17, 20, tzinfo=UTC)
    assert unmet(Rules(pause=3), came_on=came) == []
    assert unmet(Rules(pause=4), came_on=came) == ["CAME_RECENTLY"]


def test_who_came_to_another_date_leaves_the_next_to_others(place, make_activity):
    earlier, later = make_activity(), make_activity(rules=Rules(pause=2).as_json())
    later.event_id = earlier.event_id
    db.session.commit()
    made = join(place, earlier)
    assert join(place, later).state == Seat.CONFIRMED
    neighbour = factories.make_owner(place.project)
    lead(join(place, earlier, neighbour), Seat.ATTENDED)
    assert refused(place, later, member=neighbour) == "CAME_RECENTLY"
    assert made.state == Seat.CONFIRMED


def test_members_and_staff_read_the_same_reason(app, client, place, make_activity):
    occurrence = make_activity()
    writer = factories.sign_in(app.test_client(), place.writer)
    page = f"{DESK}{occurrence.public_id}/conditions"
    other = factories.make_unit(place.project, building="88")
    (mine, theirs) = buildings_of(place.ref)
    assert theirs.id == other.building_id
    assert writer.post(page, data={"buildings": "999"}).status_code == 422
    assert writer.post(page, data={"tenure": "0"}).status_code == 422
    form = {"home": "owner", "buildings": str(theirs.id)}
    assert writer.post(page, data=form).status_code == 303
    assert "checked" in writer.get(page).text
    said = "限以下楼栋的住户：88"
    owner = factories.sign_in(client, place.member)
    shown = owner.get(f"{LIST}{occurrence.public_id}").text
    assert said in shown
    assert "加入活动" not in shown
    terms = {"terms": Terms.of(occurrence).mark()}
    for act in ("register", "queue"):
        occurrence.queue_rule = "skip"
        db.session.commit()
        answer = owner.post(f"{LIST}{occurrence.public_id}/{act}", data=terms)
        assert answer.status_code == 403
        assert said in answer.text
    with pytest.raises(EventError) as found:
        on_behalf.register_for(
            actor=place.writer,
            occurrence_id=occurrence.id,
            member=place.owner,
            project=place.ref,
            party=[place.member.public_id],
            reason="来电",
            force=True,
            at=clock.now(),
            terms_seen=terms["terms"],
        )
    db.session.rollback()
    assert found.value.said == said
    assert writer.post(page, data={"home": "", "buildings": str(mine.id)}).status_code == 303
    assert join(place, occurrence).state == Seat.CONFIRMED


def test_a_follower_is_told_what_is_missing(app, place, make_activity):
    occurrence = make_activity(rules=Rules(home="home").as_json())
    follower = factories.make_follower(place.project)
    with pytest.raises(EventError) as found:
        join(place, occurrence, follower)
    assert found.value.code == "NOT_AN_OWNER"
    client = factories.sign_in(app.test_client(), follower)
    assert "您还没有" in client.get(f"{LIST}{occurrence.public_id}").text
