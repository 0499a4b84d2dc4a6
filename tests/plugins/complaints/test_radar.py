"""The radar: a published test, one burst for one trouble, stages that only go on."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from plugins.complaints import bursts, posting, radar
from plugins.complaints.casework import acting_at, database_now
from plugins.complaints.models import Burst
from plugins.complaints.radar import Reading, Seen
from plugins.complaints.states import Stage
from portal.extensions import db
from portal.plugin_host.refs import member_ref
from tests import factories

TODAY = date(2026, 6, 30)
MORNING = "/centre/complaints/"


def seen(household, *, ago=0, category=1, building="2", contractor=""):
    return Seen(category, building, contractor, household, TODAY - timedelta(days=ago))


def test_the_chance_is_the_binomial_tail_of_the_published_test():
    # Two of two reports within 14 of 378 days: (14/378)^2, by hand.
    assert radar.chance(2, 0, 14, 364) == pytest.approx((14 / 378) ** 2)
    assert radar.chance(0, 9, 14, 364) == 1
    # 5 of 10 within a half: 1 - P(X <= 4) of the binomial with one half.
    assert radar.chance(5, 5, 14, 14) == pytest.approx(638 / 1024)


def test_a_household_counts_once_and_the_usual_rate_is_respected():
    many = [seen(1, ago=ago) for ago in range(10)]
    assert radar.read(many, TODAY, date(2025, 1, 1))[1, "2", ""].households == 1
    new = [seen(number) for number in range(5)]
    alert = radar.read(new, TODAY, date(2025, 1, 1))[1, "2", ""]
    assert (alert.stage, alert.households, alert.expected) == ("alert", 5, 0)
    usual = [seen(n, ago=14 * span) for span in range(26) for n in range(span, span + 5)]
    found = radar.read(usual, TODAY, date(2025, 1, 1))[1, "2", ""]
    assert (found.stage, found.is_calm) == ("", True)
    assert found.expected == pytest.approx(4.8, abs=0.3)


def test_one_trouble_is_one_burst_at_the_least_likely_cell():
    new = [seen(number, contractor="甲") for number in range(6)]
    past = [seen(90 + n, ago=20 + 14 * n, building="5", contractor="乙") for n in range(12)]
    readings = radar.read([*new, *past], TODAY, date(2025, 1, 1))
    begun = radar.begin(readings, [])
    assert list(begun.values()) == ["alert"]
    ((_category, building, contractor),) = begun
    assert (building, contractor) != ("", "")
    assert radar.begin(readings, begun) == {}
    assert radar.begin(readings, [(1, "5", "乙")]) != {}
    assert radar.overlap((1, "", ""), (1, "2", "甲"))
    assert not radar.overlap((1, "2", ""), (1, "5", ""))


def test_between_alarm_and_calm_nothing_changes():
    unclear = Reading(households=4, expected=2, chance=0.1)
    assert (unclear.stage, unclear.is_calm) == ("", False)
    assert not radar.is_over(None, TODAY)
    assert not radar.is_over(TODAY - timedelta(days=radar.CALM_DAYS - 1), TODAY)
    assert radar.is_over(TODAY - timedelta(days=radar.CALM_DAYS), TODAY)


@pytest.mark.parametrize(
    ("new", "ago", "stood_down", "households", "back"),
    [
        (8, 0, 1, 5, True),
        (12, 1, 3, 5, True),
        # As many as before in as many days: it goes on as it was.
        (5, 0, 14, 5, False),
        # Fewer than an alert needs.
        (4, 0, 1, 0, False),
        # On the same day, or before it: those were in the numbers.
        (20, 0, 0, 5, False),
        (20, 5, 3, 5, False),
        # The silence is over: the ordinary test begins it.
        (20, 0, 15, 5, False),
    ],
)
def test_a_trouble_is_back_only_when_markedly_larger(new, ago, stood_down, households, back):
    found = [seen(number, ago=ago) for number in range(new)]
    end = radar.Ended((1, "", ""), TODAY - timedelta(days=stood_down), households)
    assert radar.returned(found, end, TODAY, cells=4) is back
    before = [seen(number, ago=stood_down + 1) for number in range(new)]
    assert not radar.returned([*found, *before], end, TODAY, cells=4)
    other = radar.Ended((2, "", ""), end.day, households)
    assert not radar.returned(found, other, TODAY, cells=4)


@pytest.fixture
def alarm(place, make_case):
    """A lift that five households complain of, in a project that has been open for a year."""
    moment = database_now()
    with acting_at(moment - timedelta(days=360)):
        make_case("去年的一件", category="parking")
    case = make_case()
    people = [factories.make_owner(place.project) for _ in range(2)]
    for member in people:
        posting.me_too(case_id=case.id, member=member_ref(member))
    db.session.commit()
    assert bursts.scan(place.ref) == 1
    db.session.commit()
    return case


def only_burst():
    db.session.expire_all()
    return db.session.scalars(sa.select(Burst)).one()


def test_watch_alert_and_stood_down_without_flapping(place, make_case, alarm):
    assert (only_burst().stage, only_burst().households) == (Stage.WATCH, 3)
    assert bursts.scan(place.ref) == 0
    for _ in range(2):
        more = factories.make_owner(place.project)
        posting.me_too(case_id=alarm.id, member=member_ref(more))
    assert bursts.scan(place.ref) == 1
    assert (only_burst().stage, only_burst().households) == (Stage.ALERT, 5)
    calm = database_now() + timedelta(days=20)
    with acting_at(calm):
        assert bursts.scan(place.ref) == 0
    assert only_burst().stage == Stage.ALERT
    with acting_at(calm + timedelta(days=radar.CALM_DAYS)):
        assert bursts.scan(place.ref) == 1
        assert bursts.scan(place.ref) == 0
    assert only_burst().stage == Stage.STOOD_DOWN


def test_a_markedly_larger_return_is_an_alert_at_once_and_does_not_flap(place, alarm):
    burst = only_burst()
    bursts.stand_down(actor=place.centre, burst=burst)
    db.session.commit()
    later = database_now() + timedelta(days=2)
    for few, changed in ((4, 0), (6, 1)):
        with acting_at(later):
            for _ in range(few):
                more = factories.make_owner(place.project)
                posting.me_too(case_id=alarm.id, member=member_ref(more))
            assert bursts.scan(place.ref) == changed
    with acting_at(later):
        assert bursts.scan(place.ref) == 0
    again = db.session.scalars(sa.select(Burst).where(Burst.stage != Stage.STOOD_DOWN)).one()
    assert (again.stage, again.cell) == (Stage.ALERT, burst.cell)
    bursts.stand_down(actor=place.centre, burst=again)
    with acting_at(later + timedelta(days=1)):
        assert bursts.scan(place.ref) == 0
    assert db.session.scalar(sa.select(sa.func.count(Burst.id))) == 2


def test_the_group_plans_and_stands_down_on_the_morning_page(app, client, place, alarm):
    page = f"{MORNING}bursts/{only_burst().public_id}"
    centre = factories.sign_in(client, place.centre)
    assert f"bursts/{only_burst().public_id}" in centre.get(MORNING).text
    assert alarm.title in centre.get(page).text
    clerk = factories.sign_in(app.test_client(), place.clerk)
    assert clerk.get(page).status_code == 403
    assert centre.get(f"{MORNING}bursts/nothing").status_code == 404
    assert centre.post(f"{page}/plan", data={"body": " "}).status_code == 422
    assert centre.post(f"{page}/plan", data={"body": "周五前换导靴"}).status_code == 303
    assert only_burst().stage == Stage.PLAN
    assert bursts.scan(place.ref) == 0
    db.session.commit()
    assert "周五前换导靴" in centre.get(page).text
    assert centre.post(f"{page}/stand-down").status_code == 303
    assert centre.post(f"{page}/plan", data={"body": "再来"}).status_code == 409
    assert bursts.scan(place.ref) == 0
    assert only_burst().stage == Stage.STOOD_DOWN
