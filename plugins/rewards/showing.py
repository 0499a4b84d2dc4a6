"""Times, codes and amounts as pages show them."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask_babel import format_date, format_datetime, get_locale

_PATTERNS = {"en": "d MMM y, HH:mm"}
_CHINESE = "y年M月d日 HH:mm"
_DAYS = {"en": "d MMM y"}
_CHINESE_DAY = "y年M月d日"


def moment(at: datetime) -> str:
    """Return a moment as people say it: 2026年12月6日 09:30."""
    return str(format_datetime(at, _PATTERNS.get(str(get_locale() or ""), _CHINESE)))


def day(at: datetime) -> str:
    """Return a moment's day as people say it."""
    return str(format_datetime(at, _DAYS.get(str(get_locale() or ""), _CHINESE_DAY)))


def date_of(on: date) -> str:
    """Return a date as people say it."""
    return str(format_date(on, _DAYS.get(str(get_locale() or ""), _CHINESE_DAY)))


def points(amount: int) -> int | float:
    """Return points for milli-points: a whole number where it is one."""
    return amount // 1000 if amount % 1000 == 0 else amount / 1000


def yuan(amount: int) -> str:
    """Return yuan for fen: "12.50", "-3.00"."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02}"


def spaced(code: str) -> str:
    """Return a code in groups of four, to be read aloud."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def plain_code(text: str) -> str:
    """Return the code in what was typed, or in the address that a camera reads; "" for none."""
    plain = re.sub(r"[\s-]", "", text.rsplit("code=", 1)[-1]).upper()
    return plain if re.fullmatch(r"[2-9A-Z]{12}", plain) else ""


def to_local(at: datetime, time_zone: str) -> datetime:
    """Return a moment as the clocks of a zone show it, without the zone, for a form."""
    return at.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)


def from_local(at: datetime, time_zone: str) -> datetime:
    """Return the moment that a form's value means in a zone."""
    return at.replace(tzinfo=ZoneInfo(time_zone), second=0, microsecond=0)
