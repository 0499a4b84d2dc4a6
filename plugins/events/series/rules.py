"""Which days a rule means: by the calendar of the project's zone, without a database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import islice
from typing import Any

from dateutil.rrule import MONTHLY, WEEKLY, rrule, weekday

MOST = 500
"""Dates that a rule may make at once."""
LAST_DAY = date(2100, 12, 31)


class Repeats(StrEnum):
    """How a rule goes on."""

    WEEKLY = "weekly"
    MONTH_DAY = "month_day"
    MONTH_WEEKDAY = "month_weekday"


class RuleError(Exception):
    """A rule makes no dates that could be used; `code`: see words.RULE_REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Rule:
    """Every n weeks on weekdays (Monday is 0), or every n months on a day or the nth weekday (the
    last is -1); from the first day on, until a day or for so many dates."""

    repeats: Repeats
    first: date
    every: int = 1
    weekdays: tuple[int, ...] = ()
    month_day: int = 1
    nth: int = 1
    until: date | None = None
    count: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the rule as its row keeps it."""
        plain = {**vars(self), "first": self.first.isoformat(), "weekdays": list(self.weekdays)}
        return plain | {"until": self.until.isoformat() if self.until else None}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Rule":
        """Return the rule that a row keeps."""
        until = kept["until"]
        return cls(
            **{
                **kept,
                "repeats": Repeats(kept["repeats"]),
                "first": date.fromisoformat(kept["first"]),
                "weekdays": tuple(kept["weekdays"]),
                "until": date.fromisoformat(until) if until else None,
            }
        )


def days_of(rule: Rule) -> list[date]:
    """Return the days of a rule in their order. Raises RuleError: UNTIL_BEFORE_START, NO_DATES,
    TOO_MANY_DATES."""
    if rule.until is not None and rule.until < rule.first:
        raise RuleError("UNTIL_BEFORE_START")
    by: dict[str, Any] = {"byweekday": rule.weekdays}
    if rule.repeats == Repeats.MONTH_DAY:
        by = {"bymonthday": rule.month_day}
    elif rule.repeats == Repeats.MONTH_WEEKDAY:
        by = {"byweekday": weekday(rule.weekdays[0], rule.nth)}
    found = rrule(
        WEEKLY if rule.repeats == Repeats.WEEKLY else MONTHLY,
        dtstart=datetime.combine(rule.first, time()),
        interval=rule.every,
        until=datetime.combine(min(rule.until or LAST_DAY, LAST_DAY), time()),
        **by,
    )
    days = [each.date() for each in islice(found, min(rule.count or MOST + 1, MOST + 1))]
    if not days:
        raise RuleError("NO_DATES")
    if len(days) > MOST:
        raise RuleError("TOO_MANY_DATES")
    return days
