"""The form of a series' rule, which shows the days before they are made."""

from datetime import date
from typing import Any

from wtforms import DateField, IntegerField, RadioField, SelectField, SelectMultipleField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, NumberRange, Optional

from plugins.events.series.rules import LAST_DAY, MOST, Repeats, Rule, RuleError, days_of
from plugins.events.series.words import NTH, REPEATS, RULE_REFUSALS, weekday_name
from portal.sdk import TextsForm, gettext, lazy

_MANY = lazy("From 1 to 500 dates.")


class RuleForm(TextsForm):
    """Every n weeks or months, on which days, from when until when."""

    repeats = RadioField(
        lazy("How it repeats"),
        choices=[SelectChoice(str(key), title) for key, title in REPEATS.items()],
        default=Repeats.WEEKLY,
    )
    every = IntegerField(
        lazy("Every how many weeks or months"), [InputRequired(), NumberRange(1, 52)], default=1
    )
    weekdays = SelectMultipleField(lazy("On these weekdays"), coerce=int)
    month_day = IntegerField(lazy("Day of the month"), [InputRequired(), NumberRange(1, 31)])
    nth = SelectField(
        lazy("Which one of the month"),
        coerce=int,
        choices=[SelectChoice(key, title) for key, title in NTH.items()],
        default=1,
    )
    weekday = SelectField(lazy("Weekday"), coerce=int)
    first = DateField(lazy("First day"), [InputRequired()])
    until = DateField(lazy("Last day"), [Optional()])
    count = IntegerField(lazy("Or how many dates"), [Optional(), NumberRange(1, MOST, _MANY)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Name the weekdays in the reader's language."""
        super().__init__(*args, **kwargs)
        names = [SelectChoice(number, weekday_name(number)) for number in range(7)]
        self.weekdays.choices, self.weekday.choices = list(names), list(names)

    def start_at(self, day: date) -> None:
        """Fill in what most series are: every week on the weekday of the first date."""
        self.first.data = day
        self.weekdays.data, self.weekday.data = [day.weekday()], day.weekday()
        self.month_day.data, self.nth.data = day.day, min(4, (day.day - 1) // 7 + 1)

    def show(self, rule: Rule) -> None:
        """Fill in a rule."""
        self.start_at(rule.first)
        self.repeats.data, self.every.data = rule.repeats, rule.every
        self.until.data, self.count.data = rule.until, rule.count
        self.nth.data, self.month_day.data = rule.nth, rule.month_day
        if rule.weekdays:
            self.weekdays.data, self.weekday.data = list(rule.weekdays), rule.weekdays[0]

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for one end, and for a rule that makes dates."""
        valid: bool = super().validate(extra_validators)
        for field in (self.first, self.until):
            if field.data and not 2000 <= field.data.year <= LAST_DAY.year:
                valid = self._say(field, gettext("Choose a day of this century."))
        if (self.until.data is None) == (self.count.data is None) and not self.count.errors:
            valid = self._say(self.until, gettext("Say either the last day or how many dates."))
        if self.repeats.data == Repeats.WEEKLY and not self.weekdays.data:
            valid = self._say(self.weekdays, gettext("Choose a weekday."))
        if not valid:
            return False
        try:
            days_of(self.rule())
        except RuleError as error:
            return self._say(self.until, str(RULE_REFUSALS[error.code]))
        return True

    def rule(self) -> Rule:
        """Return what was typed; the form is valid."""
        repeats = Repeats(self.repeats.data)
        weekdays = {
            Repeats.WEEKLY: tuple(sorted(self.weekdays.data or ())),
            Repeats.MONTH_WEEKDAY: (self.weekday.data,),
        }.get(repeats, ())
        typed: dict[str, Any] = {
            name: self[name].data for name in ("first", "every", "month_day", "nth")
        }
        return Rule(
            **typed,
            repeats=repeats,
            weekdays=weekdays,
            until=self.until.data,
            count=self.count.data,
        )

    def _say(self, field: Any, sentence: str) -> bool:
        field.errors = [*field.errors, sentence]
        return False
