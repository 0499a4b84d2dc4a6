"""The working calendar: from a moment and business minutes to a deadline, told line by line.

Pure: it knows no database. Hours are those on the wall of the project's time zone.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from plugins.complaints.days import NATIONAL_DAYS, PUBLISHED

_LONGEST = 3 * 366
"""Days that are looked at: beyond them a calendar has no working hours at all."""
_USUAL = ((time(9), time(12)), (time(13), time(18)))


@dataclass(frozen=True)
class Deadline:
    """When a time is up. `provisional`: it lies in, or runs through, an unpublished year."""

    due_at: datetime
    provisional: bool
    lines: Sequence[Mapping[str, Any]]
    mark: str


@dataclass(frozen=True)
class Calendar:
    """A city's working time: `periods` of a working day, and days that are no ordinary ones."""

    time_zone: str = "Asia/Shanghai"
    periods: tuple[tuple[time, time], ...] = _USUAL
    own_days: Mapping[date, tuple[bool, str]] = field(default_factory=dict)
    national: Mapping[date, tuple[bool, str]] = field(default_factory=lambda: NATIONAL_DAYS)
    published: frozenset[int] = PUBLISHED

    def verdict(self, day: date) -> tuple[bool, str, str]:
        """Return whether a day is worked, why, and the name of the holiday or the city's note."""
        if day in self.own_days:
            working, note = self.own_days[day]
            return working, "own_workday" if working else "own_holiday", note
        if day in self.national:
            working, name = self.national[day]
            return working, "makeup" if working else "holiday", name
        return (True, "work", "") if day.weekday() < 5 else (False, "weekend", "")

    def deadline(self, start: datetime, minutes: int) -> Deadline:
        """Return when `minutes` of business time from `start` are up.

        A time that is up exactly when a day closes is up then, not when the next one opens.
        Raises ValueError for no time at all, and where no working time is found in three years.
        """
        if minutes <= 0:
            raise ValueError("a deadline needs some time")
        left, lines = minutes * 60.0, _Lines()
        for day, spans in self._days(start):
            _working, why, note = self.verdict(day)
            seconds = sum(_length(span) for span in spans)
            if not seconds:
                lines.idle(day, "after_hours" if _working else why, note)
                continue
            used = min(left, seconds)
            left -= used
            until = _within(spans, used)
            lines.worked(day, spans[0][0], until, used, left, why, note)
            if not left:
                return Deadline(
                    until.astimezone(UTC),
                    not {each.year for each in self._between(start, until)} <= self.published,
                    lines.rows,
                    self.mark(start, until),
                )
        raise ValueError("the calendar has no working hours")

    def minutes_between(self, start: datetime, end: datetime) -> int:
        """Return the whole business minutes from one moment to a later one."""
        total = 0.0
        for _day, spans in self._days(start):
            if not spans:
                if _day > end.astimezone(ZoneInfo(self.time_zone)).date():
                    break
                continue
            if spans[0][0] >= end:
                break
            total += sum(_length((first, min(last, end))) for first, last in spans if first < end)
        return int(total // 60)

    def mark(self, start: datetime, end: datetime) -> str:
        """Return a mark of this calendar from one day to another; it changes when they do."""
        days = [(str(day), *self.verdict(day)) for day in self._between(start, end)]
        years = sorted({day.year for day in self._between(start, end)} & self.published)
        told = repr((self.time_zone, self.periods, days, years))
        return hashlib.sha256(told.encode()).hexdigest()

    def _between(self, start: datetime, end: datetime) -> Iterator[date]:
        zone = ZoneInfo(self.time_zone)
        day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        while day <= last:
            yield day
            day += timedelta(days=1)

    def _days(self, start: datetime) -> Iterator[tuple[date, list[tuple[datetime, datetime]]]]:
        zone = ZoneInfo(self.time_zone)
        day = start.astimezone(zone).date()
        for _ in range(_LONGEST):
            spans = []
            if self.verdict(day)[0]:
                for first, last in self.periods:
                    opens = max(datetime.combine(day, first, zone), start.astimezone(zone))
                    closes = datetime.combine(day, last, zone)
                    if opens.astimezone(UTC) < closes.astimezone(UTC):
                        spans.append((opens, closes))
            yield day, spans
            day += timedelta(days=1)


class _Lines:
    """The explanation, days of rest in one line where they follow each other for one reason."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def idle(self, day: date, why: str, note: str) -> None:
        last = self.rows[-1] if self.rows else None
        if last and "minutes" not in last and (last["why"], last["note"]) == (why, note):
            last["until_day"] = day.isoformat()
            return
        shown = day.isoformat()
        self.rows.append({"day": shown, "until_day": shown, "why": why, "note": note})

    def worked(
        self,
        day: date,
        since: datetime,
        until: datetime,
        used: float,
        left: float,
        why: str,
        note: str,
    ) -> None:
        self.rows.append(
            {
                "day": day.isoformat(),
                "since": f"{since:%H:%M}",
                "until": f"{until:%H:%M}",
                # By what is left in whole minutes, so that the lines add up to the budget.
                "minutes": math.ceil((left + used) / 60) - math.ceil(left / 60),
                "left": math.ceil(left / 60),
                "why": why,
                "note": note,
            }
        )


def hours(
    opens: time | None, closes: time | None, rest: time | None, back: time | None
) -> tuple[tuple[time, time], ...]:
    """Return the periods of a day as they were set; the usual ones where they make no sense."""
    if opens is None or closes is None or opens >= closes:
        return _USUAL
    if rest is None or back is None or not opens < rest < back < closes:
        return ((opens, closes),)
    return ((opens, rest), (back, closes))


def _length(span: tuple[datetime, datetime]) -> float:
    first, last = span
    return (last.astimezone(UTC) - first.astimezone(UTC)).total_seconds()


def _within(spans: Sequence[tuple[datetime, datetime]], seconds: float) -> datetime:
    """Return the moment at which `seconds` of these spans are used; a closing time is itself."""
    for first, last in spans:
        if seconds <= _length((first, last)):
            return (first.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(first.tzinfo)
        seconds -= _length((first, last))
    return spans[-1][1]
