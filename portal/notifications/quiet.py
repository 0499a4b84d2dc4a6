"""Quiet hours: when people are left in peace, and when that ends."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

NIGHT = (22 * 60, 8 * 60)
"""The usual night, in minutes of the day: from ten in the evening to eight in the morning."""


def next_moment(now: datetime, zone: str, begins: int, ends: int) -> datetime | None:
    """Return when quiet hours that `now` (aware) lies in end, None when it lies in none.

    `begins` and `ends` are minutes of the day in `zone`; they may lie on both sides of midnight.
    """
    local = now.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    if begins == ends:
        return None
    quiet = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
    if not quiet:
        return None
    day = local.date() + timedelta(days=int(begins > ends and minute >= begins))
    return datetime.combine(day, time(ends // 60, ends % 60), ZoneInfo(zone)).astimezone(now.tzinfo)
