"""The words of a series' rule, and why one makes no dates."""

from collections.abc import Mapping
from datetime import date, timedelta

from flask_babel import format_date

from plugins.events.series.rules import Repeats, Rule
from portal.sdk import gettext, lazy, ngettext

REPEATS: Mapping[str, object] = {
    Repeats.WEEKLY: lazy("Every week, or every few weeks"),
    Repeats.MONTH_DAY: lazy("Every month on a day of the month"),
    Repeats.MONTH_WEEKDAY: lazy("Every month on a weekday, such as the second Saturday"),
}

NTH: Mapping[int, object] = {
    1: lazy("first"),
    2: lazy("second"),
    3: lazy("third"),
    4: lazy("fourth"),
    -1: lazy("last"),
}

RULE_REFUSALS: Mapping[str, object] = {
    "UNTIL_BEFORE_START": lazy("The last day lies before the first one."),
    "NO_DATES": lazy("No day matches this rule. Choose a later last day, or another rule."),
    "TOO_MANY_DATES": lazy("These are more than 500 dates. Choose an earlier last day."),
}

_MONDAY = date(2024, 1, 1)


def weekday_name(number: int) -> str:
    """Return the name of a weekday, Monday is 0."""
    return str(format_date(_MONDAY + timedelta(days=number), "EEEE"))


def day_name(day: date) -> str:
    """Return a day as people say it, with its year: 2026年12月6日 周日."""
    return str(format_date(day, "long")) + " " + str(format_date(day, "EEE"))


def rule_words(rule: Rule) -> str:
    """Return a rule as a sentence."""
    return gettext("%(rhythm)s, from %(first)s %(end)s", rhythm=_rhythm(rule),
        first=format_date(rule.first, "long"), end=_end(rule))  # fmt: skip


def _rhythm(rule: Rule) -> str:
    names = "、" if weekday_name(0).startswith("星") else ", "
    days = names.join(weekday_name(number) for number in rule.weekdays)
    values = {"days": days, "day": rule.month_day, "nth": NTH[rule.nth], "every": rule.every}
    once, often = {
        Repeats.WEEKLY: (
            gettext("Every week on %(days)s", **values),
            gettext("Every %(every)s weeks on %(days)s", **values),
        ),
        Repeats.MONTH_DAY: (
            gettext("Every month on day %(day)s", **values),
            gettext("Every %(every)s months on day %(day)s", **values),
        ),
        Repeats.MONTH_WEEKDAY: (
            gettext("Every month on the %(nth)s %(days)s", **values),
            gettext("Every %(every)s months on the %(nth)s %(days)s", **values),
        ),
    }[rule.repeats]
    return once if rule.every == 1 else often


def _end(rule: Rule) -> str:
    if rule.until is not None:
        return gettext("until %(day)s", day=format_date(rule.until, "long"))
    return ngettext("(%(num)d date)", "(%(num)d dates)", rule.count or 0)
