"""The time, in one place, so that tests can move it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def _system() -> datetime:
    return datetime.now(UTC)


source: Callable[[], datetime] = _system
"""Where `now` has it from: tests put another here, which counts for who imported `now`, too."""


def now() -> datetime:
    """Return the present moment as an aware UTC datetime."""
    return source().astimezone(UTC)


def business_date(time_zone: str, at: datetime | None = None) -> date:
    """Return the calendar date that rules use: that of `at` (default: now) in `time_zone`."""
    return (at or now()).astimezone(ZoneInfo(time_zone)).date()
