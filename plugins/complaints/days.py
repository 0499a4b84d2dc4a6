"""China's working calendar as the State Council published it: holidays and make-up workdays.

A year that is not here is not published yet: deadlines in it are provisional. Every autumn the next
year is added, from the State Council's notice; what only a city does is a DayRule.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from portal.sdk import lazy

NEW_YEAR, SPRING, TOMBS, LABOUR, DRAGON, AUTUMN, NATIONAL = (
    "new_year",
    "spring",
    "tombs",
    "labour",
    "dragon",
    "autumn",
    "national",
)
NAMES: Mapping[str, object] = {
    NEW_YEAR: lazy("New Year's Day"),
    SPRING: lazy("Spring Festival"),
    TOMBS: lazy("Tomb-Sweeping Day"),
    LABOUR: lazy("Labour Day"),
    DRAGON: lazy("Dragon Boat Festival"),
    AUTUMN: lazy("Mid-Autumn Festival"),
    NATIONAL: lazy("National Day"),
}

_Range = tuple[str, str, str]
_YEARS: Mapping[int, tuple[tuple[_Range, ...], tuple[str, ...]]] = {
    2023: (
        (
            ("0101", "0102", NEW_YEAR),
            ("0121", "0127", SPRING),
            ("0405", "0405", TOMBS),
            ("0429", "0503", LABOUR),
            ("0622", "0624", DRAGON),
            ("0929", "0929", AUTUMN),
            ("0930", "1006", NATIONAL),
            ("1230", "1231", NEW_YEAR),
        ),
        ("0128", "0129", "0423", "0506", "0625", "1007", "1008"),
    ),
    2024: (
        (
            ("0101", "0101", NEW_YEAR),
            ("0210", "0217", SPRING),
            ("0404", "0406", TOMBS),
            ("0501", "0505", LABOUR),
            ("0610", "0610", DRAGON),
            ("0915", "0917", AUTUMN),
            ("1001", "1007", NATIONAL),
        ),
        ("0204", "0218", "0407", "0428", "0511", "0914", "0929", "1012"),
    ),
    2025: (
        (
            ("0101", "0101", NEW_YEAR),
            ("0128", "0204", SPRING),
            ("0404", "0406", TOMBS),
            ("0501", "0505", LABOUR),
            ("0531", "0602", DRAGON),
            ("1001", "1008", NATIONAL),
        ),
        ("0126", "0208", "0427", "0928", "1011"),
    ),
    2026: (
        (
            ("0101", "0103", NEW_YEAR),
            ("0215", "0223", SPRING),
            ("0404", "0406", TOMBS),
            ("0501", "0505", LABOUR),
            ("0619", "0621", DRAGON),
            ("0925", "0927", AUTUMN),
            ("1001", "1007", NATIONAL),
        ),
        ("0104", "0214", "0228", "0509", "0920", "1010"),
    ),
}
PUBLISHED = frozenset(_YEARS)


def _day(year: int, text: str) -> date:
    return date(year, int(text[:2]), int(text[2:]))


def _all() -> dict[date, tuple[bool, str]]:
    found: dict[date, tuple[bool, str]] = {}
    for year, (holidays, workdays) in _YEARS.items():
        for first, last, name in holidays:
            day, end = _day(year, first), _day(year, last)
            while day <= end:
                found[day] = (False, name)
                day += timedelta(days=1)
        found.update({_day(year, text): (True, "") for text in workdays})
    return found


NATIONAL_DAYS: Mapping[date, tuple[bool, str]] = _all()
"""Day -> whether it is worked, and which holiday it is; other days go by the week."""
