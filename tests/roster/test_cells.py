"""Cells as people type them."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.phones import PhoneError, normalize_phone
from portal.projects.models import Role
from portal.roster import cells
from portal.roster.cells import CellError
from portal.roster.mapping import Field
from portal.roster.masking import mask_cell, mask_digits, mask_name

TODAY = date(2026, 11, 21)
_PREFIXES = st.sampled_from(
    ["", "+86", "+86 ", "0086", "0086 ", "86", "+852", "+", "00", "0", "179"]
)
_SEPARATORS = st.sampled_from(["", " ", "-", "  ", "--"])


def _library(text: str) -> str | None:
    try:
        return normalize_phone(text)
    except PhoneError:
        return None


def _ours(text: str) -> str | None:
    try:
        return cells.read_phone(text)
    except CellError:
        return None


@settings(max_examples=2000, deadline=None)
@given(st.integers(0, 99_999_999_999), _PREFIXES, _SEPARATORS, _SEPARATORS, st.booleans())
def test_the_fast_way_reads_phones_as_the_library_does(
    number: int, prefix: str, first: str, second: str, mobile: bool
) -> None:
    digits = f"{number:011d}"
    if mobile:
        digits = "1" + digits[1:]
    text = prefix + digits[:3] + first + digits[3:7] + second + digits[7:]

    assert _ours(text) == _library(text)


@settings(max_examples=500, deadline=None)
@given(
    st.from_regex(
        re.compile(r"(?:\+86|0086)?[ -]?1[0-9]{2}[ -]?[0-9]{4}[ -]?[0-9]{4}"), fullmatch=True
    )
)
def test_the_fast_way_reads_every_ordinary_writing_as_the_library_does(text: str) -> None:
    assert _ours(text) == _library(text)


@pytest.mark.parametrize("prefix", range(100, 200))
def test_every_mobile_prefix_is_judged_as_the_library_does(prefix: int) -> None:
    for middle in ("0000", "0086", "1234", "9999"):
        text = f"{prefix}{middle}0123"
        assert _ours(text) == _library(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.99E+10", "phone_rounded"),
        ("1.99e10", "phone_rounded"),
        ("一三九", "bad_phone"),
        ("1390000123", "bad_phone"),
        ("0571-88880000", "bad_phone"),
        ("13900001234567", "bad_phone"),
    ],
)
def test_what_is_no_phone_is_named(text: str, code: str) -> None:
    with pytest.raises(CellError, match=code):
        cells.read_phone(text)


def test_a_phone_whose_digits_are_all_there_is_read_from_scientific_writing() -> None:
    assert cells.read_phone("1.9900000005E+10") == "+8619900000005"


@pytest.mark.parametrize(
    "text",
    ["2021-04-18", "2021/4/18", "2021.4.18", "2021年4月18日", "20210418", "44304", "44304.5",
     "2021-04-18 00:00:00"],
)  # fmt: skip
def test_dates_are_read(text: str) -> None:
    assert cells.read_date(text, TODAY) == date(2021, 4, 18)


@pytest.mark.parametrize(
    "text",
    ["2019-02-30", "43831.5x", "未交付", "18/04/2021", "1921-04-18", "2121-04-18", "2021年4月",
     "2021-13-01"],
)  # fmt: skip
def test_impossible_dates_are_refused(text: str) -> None:
    with pytest.raises(CellError, match="bad_date"):
        cells.read_date(text, TODAY)


@pytest.mark.parametrize(
    ("text", "area"),
    [("89.5", 8950), ("89.50㎡", 8950), ("1,023", 102300), ("146.795", 14680), ("100平方米", 10000),
     ("", None), ("-", None)],
)  # fmt: skip
def test_areas_are_read_in_hundredths(text: str, area: int | None) -> None:
    assert cells.read_area(text) == area


@pytest.mark.parametrize("text", ["八十九", "8,9.1", "-89", "0", "0.5", "1e3", "999999", "NaN"])
def test_impossible_areas_are_refused(text: str) -> None:
    with pytest.raises(CellError, match="bad_area"):
        cells.read_area(text)


@pytest.mark.parametrize(
    ("text", "role"),
    [("业主", Role.OWNER), ("产权人", Role.OWNER), ("", Role.OWNER), ("共有人", Role.CO_OWNER),
     ("共同产权", Role.CO_OWNER), ("配偶", Role.SPOUSE), ("租户", Role.TENANT),
     ("Owner", Role.OWNER), ("承 租 人", Role.TENANT)],
)  # fmt: skip
def test_relations_are_read(text: str, role: Role) -> None:
    assert cells.read_role(text) is role


@pytest.mark.parametrize("text", ["房东代理", "？", "x"])
def test_unknown_relations_are_refused(text: str) -> None:
    with pytest.raises(CellError, match="unknown_relation"):
        cells.read_role(text)


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("7737", "7737"),
        ("123x", "123X"),
        ("25", "0025"),
        ("330106199001011234", "1234"),
        ("", None),
    ],
)
def test_of_an_id_number_only_the_last_four_are_kept(text: str, tail: str | None) -> None:
    assert cells.read_id_tail(text) == tail


@pytest.mark.parametrize("text", ["12345", "abcd", "12-4"])
def test_id_tails_of_another_length_are_refused(text: str) -> None:
    with pytest.raises(CellError, match="bad_id_tail"):
        cells.read_id_tail(text)


@pytest.mark.parametrize("text", ["=1+1", "@SUM(1)", "+cmd", "-x", "＝1", "+1+1|x", "=-1"])
def test_formulas_are_seen(text: str) -> None:
    assert cells.is_formula(text)


@pytest.mark.parametrize("text", ["+86 19900000000", "-", "-5", "", "a=b", "+852-9123 4567"])
def test_phones_and_dashes_are_no_formulas(text: str) -> None:
    assert not cells.is_formula(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("张 三", "张三"),
        (" 张三\u200b", "张三"),
        ("Ａnna  Li", "Anna Li"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
    ],
)
def test_names_have_one_form(text: str, name: str) -> None:
    assert cells.plain_name(text) == name


def test_masks_hide_the_middle() -> None:
    assert mask_name("林晓芸") == "林*芸"
    assert mask_name("冯平") == "冯*"
    assert mask_digits("13900001234567") == "139*******4567"
    assert mask_cell(Field.ID_TAIL, "1234") == "****"
    assert mask_cell(None, "330106199001011234") == "330***********1234"
    assert "王小明" not in mask_cell(None, "王小明")
