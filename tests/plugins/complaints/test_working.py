"""The working calendar: 2024's Spring Festival, cities of their own, unpublished years, told."""

import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from plugins.complaints.working import Calendar, hours

ZONE = ZoneInfo("Asia/Shanghai")
HERE = Calendar()


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def due(start, minutes, calendar=HERE):
    return calendar.deadline(at(start), minutes).due_at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(
    ("start", "hours_", "ends"),
    [
        # Thursday before the festival; 9 February (Friday) is worked, then 10–17 are not,
        # and Sunday 18 is a make-up workday.
        ("2024-02-08T17:00", 8, "2024-02-09T17:00"),
        ("2024-02-09T17:00", 8, "2024-02-18T17:00"),
        ("2024-02-09T18:00", 8, "2024-02-18T18:00"),
        ("2024-02-10T08:00", 1, "2024-02-18T10:00"),
        ("2024-02-17T23:59", 16, "2024-02-19T18:00"),
        # Sunday 4 February 2024 is worked, Saturday 3 is not.
        ("2024-02-02T18:00", 8, "2024-02-04T18:00"),
        ("2024-02-03T12:00", 4, "2024-02-04T14:00"),
        # Lunch is no working time; a deadline at its beginning is then, not after it.
        ("2024-03-05T11:00", 1, "2024-03-05T12:00"),
        ("2024-03-05T11:00", 2, "2024-03-05T14:00"),
        ("2024-03-05T12:30", 1, "2024-03-05T14:00"),
        # Exactly at closing time is that day's closing time.
        ("2024-03-05T09:00", 8, "2024-03-05T18:00"),
        ("2024-03-01T18:00", 8, "2024-03-04T18:00"),
        ("2024-03-02T22:14", 8, "2024-03-04T18:00"),
    ],
)
def test_deadlines_on_the_national_calendar(start, hours_, ends):
    assert due(start, hours_ * 60) == ends


def test_a_city_of_its_own_differs():
    own = {
        date(2024, 3, 5): (False, "台风停工"),
        date(2024, 3, 9): (True, "本市补班"),
        # A city may take even a make-up Sunday back.
        date(2024, 2, 18): (False, "本市延长春节假期"),
    }
    city = Calendar(own_days=own)
    assert due("2024-03-04T18:00", 480, city) == "2024-03-06T18:00"
    assert due("2024-03-08T18:00", 480, city) == "2024-03-09T18:00"
    assert due("2024-02-09T18:00", 480, city) == "2024-02-19T18:00"
    assert due("2024-03-04T18:00", 480) == "2024-03-05T18:00"


def test_an_unpublished_year_is_provisional_and_no_error():
    found = HERE.deadline(at("2031-01-01T09:00"), 480)
    assert found.provisional
    assert found.due_at == at("2031-01-01T18:00")
    assert HERE.deadline(at("2026-12-31T17:00"), 120).provisional
    assert not HERE.deadline(at("2026-12-31T09:00"), 480).provisional
    published = Calendar(
        national={date(2031, 1, 1): (False, "new_year")}, published=frozenset({2031})
    )
    again = published.deadline(at("2031-01-01T09:00"), 480)
    assert not again.provisional
    assert again.due_at == at("2031-01-02T18:00")
    assert again.mark != found.mark


def test_every_day_is_explained():
    lines = HERE.deadline(at("2024-02-09T17:00"), 16 * 60).lines
    assert [(line["day"], line["why"], line.get("minutes")) for line in lines] == [
        ("2024-02-09", "work", 60),
        ("2024-02-10", "holiday", None),
        ("2024-02-18", "makeup", 480),
        ("2024-02-19", "work", 420),
    ]
    assert lines[1]["until_day"] == "2024-02-17"
    assert lines[1]["note"] == "spring"
    assert [line.get("left") for line in lines] == [900, None, 420, 0]
    assert lines[3]["until"] == "17:00"


def test_no_time_and_no_hours_are_refused():
    with pytest.raises(ValueError, match="some time"):
        HERE.deadline(at("2024-03-05T09:00"), 0)
    never = Calendar(national={}, own_days={}, periods=())
    with pytest.raises(ValueError, match="no working hours"):
        never.deadline(at("2024-03-05T09:00"), 1)


def test_hours_that_make_no_sense_are_the_usual_ones():
    usual = ((time(9), time(12)), (time(13), time(18)))
    assert hours(time(9), time(18), time(12), time(13)) == usual
    assert hours(time(18), time(9), None, None) == usual
    assert hours(None, None, None, None) == usual
    assert hours(time(8), time(20), time(21), time(7)) == ((time(8), time(20)),)
    assert hours(time(8), time(20), time(12), time(12)) == ((time(8), time(20)),)


def test_a_deadline_and_the_time_until_it_agree():
    chance = random.Random(20240218)
    for _ in range(150):
        begins = at("2023-01-01T00:00") + timedelta(seconds=chance.randrange(120_000_000))
        minutes = chance.randrange(1, 6000)
        found = HERE.deadline(begins, minutes)
        assert HERE.minutes_between(begins, found.due_at) == minutes
        assert HERE.deadline(begins, minutes + 1).due_at > found.due_at
        assert sum(line.get("minutes", 0) for line in found.lines) == minutes
        local = found.due_at.astimezone(ZONE)
        assert HERE.verdict(local.date())[0]
        assert time(9) < local.time() <= time(18)
