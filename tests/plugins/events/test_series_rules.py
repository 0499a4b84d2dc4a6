"""The days of a rule, and moments moved by the clock: pure functions."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.events.series.copying import in_order, later
from plugins.events.series.rules import Repeats, Rule, RuleError, days_of

FIRST = date(2026, 12, 5)  # A Saturday, the first of its month.
DAY, NTH = Repeats.MONTH_DAY, Repeats.MONTH_WEEKDAY


def weekly(**changed):
    return Rule(**{"repeats": Repeats.WEEKLY, "first": FIRST, "weekdays": (5,), **changed})


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        (weekly(count=3), ["2026-12-05", "2026-12-12", "2026-12-19"]),
        (weekly(every=2, until=date(2027, 1, 2)), ["2026-12-05", "2026-12-19", "2027-01-02"]),
        (weekly(weekdays=(0, 5), count=3), ["2026-12-05", "2026-12-07", "2026-12-12"]),
        (Rule(DAY, FIRST, month_day=31, count=3), ["2026-12-31", "2027-01-31", "2027-03-31"]),
        (Rule(NTH, FIRST, weekdays=(5,), nth=1, count=2), ["2026-12-05", "2027-01-02"]),
        (Rule(NTH, FIRST, weekdays=(6,), nth=-1, count=2), ["2026-12-27", "2027-01-31"]),
        (weekly(until=FIRST), ["2026-12-05"]),
    ],
)
def test_the_days_of_a_rule(rule, days):
    assert [day.isoformat() for day in days_of(rule)] == days
    assert Rule.of(rule.as_json()) == rule


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (weekly(until=FIRST - timedelta(days=1)), "UNTIL_BEFORE_START"),
        (weekly(weekdays=(0,), until=FIRST + timedelta(days=1)), "NO_DATES"),
        (Rule(DAY, FIRST, every=12, month_day=31, until=date(2026, 12, 30)), "NO_DATES"),
        (weekly(until=date(2100, 12, 31)), "TOO_MANY_DATES"),
        (weekly(count=501), "TOO_MANY_DATES"),
    ],
)
def test_rules_that_make_no_dates(rule, code):
    with pytest.raises(RuleError) as refused:
        days_of(rule)
    assert refused.value.code == code


def test_five_hundred_are_not_too_many():
    assert len(days_of(weekly(count=500))) == 500


def test_the_hour_stays_when_the_clocks_change():
    zone = ZoneInfo("Europe/Berlin")
    at = datetime(2027, 3, 27, 9, 30, tzinfo=zone).astimezone(UTC)
    moved = later(at, 1, zone)
    assert moved.astimezone(zone).strftime("%d %H:%M") == "28 09:30"
    assert moved - at == timedelta(hours=23)


ZONE = ZoneInfo("America/New_York")
BEGIN = datetime(2026, 1, 1, tzinfo=ZONE)
MOMENT = st.integers(0, 360 * 24 * 12).map(lambda fives: BEGIN + timedelta(minutes=5 * fives))
GAP = st.integers(1, 600).map(lambda minutes: timedelta(minutes=minutes))


@settings(max_examples=60, deadline=None)
@given(starts=MOMENT, lasts=GAP, closes=GAP, opens=GAP, cancel=GAP, days=st.integers(1, 400))
def test_a_moved_date_keeps_the_order_that_the_tables_ask_for(
    starts, lasts, closes, opens, cancel, days
):
    begins = starts.astimezone(UTC)
    moments = {
        "starts_at": begins,
        "ends_at": begins + lasts,
        "closes_at": begins - closes,
        "opens_at": begins - closes - opens,
        "first_opens_at": begins - closes - opens - cancel,
        "cancel_until": begins - cancel,
    }
    moved = {name: later(at, days, ZONE) for name, at in moments.items()}
    found = in_order(moved, SimpleNamespace(**moments))
    assert found["opens_at"] < found["closes_at"] <= found["starts_at"] < found["ends_at"]
    assert found["cancel_until"] <= found["starts_at"]
    assert found["first_opens_at"] is None or found["first_opens_at"] < found["opens_at"]
