"""Addresses in any writing come to one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.projects.addresses import address_key, part_key, parts_of, split_part
from portal.projects.queries import address_title


@pytest.mark.parametrize(
    "text", ["2", "2栋", "2 栋", "02幢", "２栋", "二栋", "2号楼", "2#", "第2栋", "2座", "2棟"]
)
def test_a_building_has_one_key(text):
    assert part_key(text) == part_key("2")


@pytest.mark.parametrize(
    ("one", "other"),
    [("2", "12"), ("A", "B"), ("观澜阁", "观海阁"), ("十二", "二"), ("二十", "十二"), ("A2", "2")],
)
def test_different_buildings_differ(one, other):
    assert part_key(one) != part_key(other)


@pytest.mark.parametrize(
    "parts",
    [
        ("2栋", "1单元", "1502"),
        ("2", "1", "1502室"),
        ("02幢", "01单元", "01502"),
        ("２", "１", "１５０２"),
        ("2栋", "", "1-1502"),
        ("2栋", "", "1单元1502室"),
        ("二栋", "一单元", "1502"),
    ],
)
def test_a_home_has_one_key(parts):
    assert address_key(*parts) == address_key("2", "1", "1502")


def test_keys_sort_as_people_count():
    names = ["10栋", "2栋", "1栋", "观澜阁", "B座", "A座"]
    assert sorted(names, key=part_key) == ["1栋", "2栋", "10栋", "A座", "B座", "观澜阁"]


@pytest.mark.parametrize("text", ["2-1-1502", "2栋1单元1502室", "2栋 1单元 1502", "2，1，1502"])
def test_an_address_in_one_go_has_three_parts(text):
    assert parts_of(text) == ["2", "1", "1502"]


@given(st.text(max_size=40))
def test_any_text_has_a_key_that_fits_its_column(text):
    assert len(part_key(text)) <= 240
    assert part_key(text) == part_key(f" {text} ")
    split_part(text)
    parts_of(text)


@given(st.integers(1, 99999))
def test_numbers_keep_apart(number):
    assert part_key(str(number)) != part_key(str(number + 1))
    assert part_key(f"0{number}") == part_key(f"{number}号楼")


@pytest.mark.parametrize(
    ("language", "title"),
    [("zh-CN", "2 栋 1 单元 1502"), ("en", "Building 2, Entrance 1, 1502")],
)
def test_a_title_is_in_the_readers_language(app, language, title):
    with app.test_request_context(headers={"Accept-Language": language}):
        assert address_title("2栋", "1单元", "1502室") == title


def test_a_title_keeps_the_projects_own_word(app):
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        assert address_title("02号楼", "", "0503") == "2 号楼 0503"
        assert address_title("观澜阁", "", "301") == "观澜阁 301"
