"""Single cells as people type them: phones, dates, areas, names, relations."""

import re
import unicodedata
from datetime import date, timedelta
from functools import lru_cache

from phonenumbers import PhoneMetadata

from portal.phones import PhoneError, normalize_phone
from portal.projects.models import Role

FORMULA_STARTS = frozenset("=+-@＝＋－＠")
_PLAIN_MOBILE = re.compile(r"(?:\+86|0086)?[ -]?(1[3-9][0-9])[ -]?([0-9]{4})[ -]?([0-9]{4})")
_SCIENTIFIC = re.compile(r"([0-9])\.?([0-9]*)[eE]\+?([0-9]{1,2})")
_NUMBER_OR_PHONE = re.compile(r"[+＋－-]?[0-9０-９ ().,－-]*")
_DATE = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T]0?0:00(?::00)?(?:\.0+)?)?"
)
_COMPACT_DATE = re.compile(r"(19[0-9]{2}|20[0-9]{2})([0-9]{2})([0-9]{2})")
_SERIAL = re.compile(r"([2-7][0-9]{4})(?:\.[0-9]+)?")
_AREA = re.compile(r"([0-9]{1,5}|[0-9]{1,2},[0-9]{3})(?:\.([0-9]+))?(?:㎡|m2|m²|平方米|平米|平)?")
_SERIAL_ZERO = date(1899, 12, 30)
_EARLIEST_YEAR = 1980
_YEARS_AHEAD = 10
_ID_TAIL = re.compile(r"[0-9]{3}[0-9Xx]")
_WHOLE_ID = re.compile(r"[0-9]{15}|[0-9]{17}[0-9Xx]")
_HAN = re.compile(r"[\u3400-\u9fff·\u00b7]+")
_NO_VALUE = frozenset({"", "-", "—", "——", "－", "/", "无", "暂无", "N/A", "n/a"})
_ROLES: dict[str, Role] = {
    **dict.fromkeys(("", "业主", "产权人", "户主", "房主", "所有人", "购房人", "主业主", "業主",
                     "本人", "产权所有人", "owner"), Role.OWNER),
    **dict.fromkeys(("共有人", "共同产权", "共同产权人", "产权共有人", "共有产权人", "共同业主",
                     "联名业主", "共有", "co-owner", "coowner", "co_owner", "jointowner"),
                    Role.CO_OWNER),
    **dict.fromkeys(("配偶", "夫妻", "妻子", "丈夫", "爱人", "spouse", "wife", "husband"),
                    Role.SPOUSE),
    **dict.fromkeys(("租客", "租户", "承租人", "租戶", "tenant"), Role.TENANT),
}  # fmt: skip


class CellError(ValueError):
    """The cell cannot be read as what its column holds; the text is the fault's code."""


@lru_cache(maxsize=1)
def _mobile_pattern() -> re.Pattern[str]:
    metadata = PhoneMetadata.metadata_for_region("CN")
    assert metadata is not None
    assert metadata.mobile is not None
    return re.compile(metadata.mobile.national_number_pattern or "")


def read_phone(text: str) -> str:
    """Return a phone as E.164: what `normalize_phone` says, but quickly for ordinary mobiles.

    Raises CellError: bad_phone, or phone_rounded for what a spreadsheet cut to 1.99E+10.
    """
    plain = _PLAIN_MOBILE.fullmatch(text)
    if plain is not None:
        national = "".join(plain.groups())
        # 179… begins like the dialling code of a carrier: the library must judge it.
        if _mobile_pattern().fullmatch(national) and not national.startswith("179"):
            return f"+86{national}"
    rounded = _SCIENTIFIC.fullmatch(text)
    if rounded is not None:
        digits = rounded[1] + rounded[2]
        if int(rounded[3]) != 10 or len(digits) != 11:
            raise CellError("phone_rounded")
        text = digits
    try:
        return normalize_phone(text)
    except PhoneError as error:
        raise CellError("bad_phone") from error


def is_formula(text: str) -> bool:
    """Tell whether a spreadsheet would run the cell; "+86 199…" and "-" are no formulas."""
    if text[:1] not in FORMULA_STARTS:
        return False
    return text[0] in "=@＝＠" or _NUMBER_OR_PHONE.fullmatch(text) is None


@lru_cache(maxsize=20_000)
def read_date(text: str, today: date) -> date | None:
    """Return a date, None for an empty cell. Raises CellError("bad_date").

    Read are 2021-4-18, 2021/4/18, 2021年4月18日, 20210418 and a spreadsheet's day number.
    """
    if text in _NO_VALUE:
        return None
    found = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
    try:
        if found is not None:
            day = date(int(found[1]), int(found[2]), int(found[3]))
        elif serial := _SERIAL.fullmatch(text):
            day = _SERIAL_ZERO + timedelta(days=int(serial[1]))
        else:
            raise CellError("bad_date")
    except ValueError as error:
        raise CellError("bad_date") from error
    if not _EARLIEST_YEAR <= day.year <= today.year + _YEARS_AHEAD:
        raise CellError("bad_date")
    return day


def read_area(text: str) -> int | None:
    """Return an area in hundredths of a square metre, None for an empty cell.

    Raises CellError("bad_area") for what is no number, or none between 1 and 100,000 m².
    """
    if text in _NO_VALUE:
        return None
    found = _AREA.fullmatch(text)
    if found is None:
        raise CellError("bad_area")
    digits = ((found[2] or "") + "000")[:3]
    thousandths = int(found[1].replace(",", "")) * 1000 + int(digits)
    area = (thousandths + 5) // 10
    if area < 100:
        raise CellError("bad_area")
    return area


@lru_cache(maxsize=1000)
def read_role(text: str) -> Role:
    """Return what a person is to the home; an empty cell means the owner.

    Raises CellError("unknown_relation").
    """
    role = _ROLES.get("".join(unicodedata.normalize("NFKC", text).split()).lower())
    if role is None:
        raise CellError("unknown_relation")
    return role


def read_id_tail(text: str) -> str | None:
    """Return the last four of an ID number; of a whole one no more is kept.

    Raises CellError("bad_id_tail").
    """
    if text in _NO_VALUE:
        return None
    if _ID_TAIL.fullmatch(text):
        return text.upper()
    plain = unicodedata.normalize("NFKC", text)
    if plain.isascii() and plain.isdigit() and len(plain) < 4:
        return plain.rjust(4, "0")  # a spreadsheet took "0025" for a number
    if _ID_TAIL.fullmatch(plain) or _WHOLE_ID.fullmatch(plain):
        return plain[-4:].upper()
    raise CellError("bad_id_tail")


def plain_name(text: str) -> str:
    """Return a person's name in the one form that is compared: folded, no stray spaces."""
    plain = unicodedata.normalize("NFKC", text)
    if plain.isalpha():
        return plain
    kept = "".join(char for char in plain if unicodedata.category(char)[0] != "C" or char == " ")
    joined = "".join(kept.split())
    return joined if _HAN.fullmatch(joined) else " ".join(kept.split())
