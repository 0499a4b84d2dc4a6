"""The time, in one place, so that tests can move it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the present moment as an aware UTC datetime."""
    return datetime.now(UTC)


def business_date(time_zone: str, at: datetime | None = None) -> date:
    """Return the calendar date that rules use: that of `at` (default: now) in `time_zone`."""
    return (at or now()).astimezone(ZoneInfo(time_zone)).date()
