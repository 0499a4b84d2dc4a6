"""Times as pages show them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import format_date, format_datetime, get_locale

from plugins.complaints.days import NAMES
from portal.sdk import gettext, ngettext

_CHINESE = "M月d日 EEE HH:mm"


def moment(at: datetime) -> str:
    """Return a moment as people say it: 12月6日 周日 09:30."""
    return str(format_datetime(at, "EEE d MMM, HH:mm" if _english() else _CHINESE))


def told_moment(iso: str) -> str:
    """Return a moment that is kept as text."""
    return moment(datetime.fromisoformat(iso))


def day(at: datetime) -> str:
    """Return the day of a moment: 12月6日."""
    return str(format_datetime(at, "d MMM" if _english() else "M月d日"))


def left(due_at: datetime, at: datetime) -> str:
    """Return how long it is to a deadline, or by how much it is missed, on the wall."""
    seconds = int((due_at - at).total_seconds())
    minutes, late = abs(seconds) // 60, seconds < 0
    if minutes >= 48 * 60:
        span = ngettext("%(num)d day", "%(num)d days", minutes // 1440)
    elif minutes >= 60:
        span = gettext("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60)
    else:
        span = gettext("%(minutes)s min", minutes=minutes)
    return gettext("late by %(span)s", span=span) if late else gettext("%(span)s left", span=span)


def span(minutes: int) -> str:
    """Return business minutes as hours: 8 小时, 1 小时 30 分."""
    hours, rest = divmod(minutes, 60)
    if not rest:
        return ngettext("%(num)d business hour", "%(num)d business hours", hours)
    return gettext("%(hours)s h %(minutes)s min", hours=hours, minutes=rest)


def line_days(line: Mapping[str, Any]) -> str:
    """Return the day of a line of an explanation, or from when to when."""
    if line["why"] == "paused":
        since, until = (datetime.fromisoformat(line[key]) for key in ("day", "until_day"))
        return f"{moment(since)} – {moment(until)}"
    first, last = line["day"], line.get("until_day", line["day"])
    return _day(first) if first == last else f"{_day(first)} – {_day(last)}"


def line_note(line: Mapping[str, Any]) -> str:
    """Return the holiday or the city's own note of a line."""
    note = line["note"]
    return str(NAMES.get(note, note))


def _day(iso: str) -> str:
    return str(format_date(date.fromisoformat(iso), "EEE d MMM" if _english() else "M月d日 EEE"))


def _english() -> bool:
    return str(get_locale() or "") == "en"
