"""Moments, days and what is left of them, as pages show them."""

from datetime import date, datetime

from flask_babel import format_date, format_datetime, format_decimal, get_locale

from portal.sdk import gettext, ngettext

_DAY = 86_400
_HOUR = 3_600
_CHINESE = "M月d日 HH:mm"


def _english() -> bool:
    return str(get_locale() or "") == "en"


def moment(at: datetime) -> str:
    """Return a moment as people say it: 12月6日 09:30."""
    return str(format_datetime(at, "d MMM, HH:mm" if _english() else _CHINESE))


def day(on: date) -> str:
    """Return a day: 12月6日."""
    return str(format_date(on, "d MMM yyyy" if _english() else "yyyy年M月d日"))


def left(until: datetime, at: datetime) -> str:
    """Return how long is left: 12 days, 5 hours, 17 minutes; a word when it is over."""
    seconds = (until - at).total_seconds()
    if seconds <= 0:
        return gettext("Time is up")
    if seconds >= _DAY:
        return ngettext("%(num)d day left", "%(num)d days left", int(seconds // _DAY))
    if seconds >= _HOUR:
        return ngettext("%(num)d hour left", "%(num)d hours left", int(seconds // _HOUR))
    return ngettext("%(num)d minute left", "%(num)d minutes left", max(1, int(seconds // 60)))


def yuan(value: int) -> str:
    """Return fen as people read them: ¥3,000."""
    return amount("cash", value)


def amount(kind: str, value: int) -> str:
    """Return milli-points or fen as people read them: 8,000 points, ¥3,000."""
    if kind == "points":
        return gettext("%(number)s points", number=format_decimal(value / 1000))
    return f"{'−' if value < 0 else ''}¥{format_decimal(abs(value) / 100)}"


__all__ = ["amount", "day", "left", "moment", "yuan"]
