"""How a member is greeted."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.home.greeting import addressed, family_name, greeting, years_in_club
from portal.members.models import Member


def _member(name: str, salutation: str = "none") -> Member:
    return Member(name=name, salutation=salutation)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("林晓芸", "林"),
        ("陈明", "陈"),
        ("欧阳文", "欧阳"),
        ("歐陽文心", "歐陽"),
        ("欧阳", "欧"),
        ("司徒美堂", "司徒"),
        ("Anna Lin", None),
        ("林 Anna", None),
        ("古丽巴哈尔买买提", None),
        ("林", None),
    ],
)
def test_family_name(name: str, family: str | None) -> None:
    assert family_name(name) == family


def test_a_title_goes_with_the_family_name(app: Flask) -> None:
    with force_locale("en"):
        assert addressed(_member("林晓芸", "ms")) == "Ms 林"
        assert addressed(_member("陈明", "mr")) == "Mr 陈"


def test_without_a_title_or_a_chinese_name_the_full_name_is_said(app: Flask) -> None:
    assert addressed(_member("林晓芸")) == "林晓芸"
    assert addressed(_member("Anna Lin", "ms")) == "Anna Lin"


@pytest.mark.parametrize(
    ("hour", "words"),
    [
        (4, "Good evening"),
        (5, "Good morning"),
        (11, "Good morning"),
        (12, "Good afternoon"),
        (17, "Good afternoon"),
        (18, "Good evening"),
        (23, "Good evening"),
    ],
)
def test_the_hour_is_the_projects(app: Flask, hour: int, words: str) -> None:
    at = datetime(2026, 3, 1, (hour - 8) % 24, 30, tzinfo=UTC)
    with force_locale("en"):
        said = greeting(_member("陈明", "mr"), at=at, time_zone="Asia/Shanghai")
    assert said == f"{words}, Mr 陈"


@pytest.mark.parametrize(
    ("joined", "today", "year"),
    [
        (date(2023, 3, 1), date(2023, 3, 1), 1),
        (date(2023, 3, 1), date(2024, 2, 29), 1),
        (date(2023, 3, 1), date(2024, 3, 1), 2),
        (date(2024, 2, 29), date(2025, 2, 28), 1),
        (date(2024, 2, 29), date(2025, 3, 1), 2),
        (date(2026, 3, 2), date(2026, 3, 1), 1),
    ],
)
def test_years_begin_on_the_anniversary(joined: date, today: date, year: int) -> None:
    assert years_in_club(joined, today) == year
