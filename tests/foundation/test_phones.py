"""Phone numbers as people write them."""

import pytest

from portal.phones import PhoneError, mask_phone, normalize_phone


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 13800138000",
        "008613800138000",
        "+8613800138000",
        "１３８００１３８０００",
        " 13800138000 ",
        "（138）00138000",
    ],
)
def test_one_number_however_it_is_typed(typed: str) -> None:
    assert normalize_phone(typed) == "+8613800138000"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "一三九",
        "1380013800",
        "138001380000",
        "0571-88880000",
        "+86",
        "13800138000x1",
        "1" * 300,
        "<script>",
        "１３８",
        "138\x00001380000",
    ],
)
def test_what_is_no_mobile_number_is_refused(typed: str) -> None:
    with pytest.raises(PhoneError):
        normalize_phone(typed)


def test_numbers_from_abroad_are_kept_with_their_country() -> None:
    assert normalize_phone("+852 9123 4567") == "+85291234567"
    assert mask_phone("+85291234567") == "+852 91****67"


def test_a_mainland_number_is_shown_masked() -> None:
    assert mask_phone("+8613800138000") == "138****8000"
