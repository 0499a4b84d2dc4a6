"""The forms of the policy and of the days that do not count."""

from datetime import date, datetime
from typing import Any

from wtforms import DateField, DateTimeLocalField, IntegerField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from plugins.events.ladder.models import Policy
from plugins.events.ladder.policies import FIELDS
from plugins.events.showing import from_local, to_local
from portal.sdk import ProjectRef, TextsForm, gettext, lazy


def _number(title: str, least: int, most: int, default: int) -> IntegerField:
    return IntegerField(title, [InputRequired(), NumberRange(least, most)], default=default)


class PolicyForm(TextsForm):
    """A version of the policy."""

    starts_at = DateTimeLocalField(lazy("In force from"), [InputRequired()])
    no_show_weight = _number(lazy("Marks for not coming"), 0, 5, 1)
    late_weight = _number(lazy("Marks for cancelling late"), 0, 5, 1)
    days = _number(lazy("Days for which a mark counts"), 1, 730, 90)
    warn_from = _number(lazy("A warning from so many marks"), 1, 50, 1)
    later_from = _number(lazy("A later opening from so many marks"), 1, 50, 2)
    queue_from = _number(lazy("Waiting lists only from so many marks"), 1, 50, 3)
    later_hours = _number(lazy("Hours by which registration opens later"), 1, 336, 24)
    notice_hours = _number(
        lazy("Hours before the beginning until which seats that came free bind"), 0, 336, 24
    )

    def show(self, policy: Policy, project: ProjectRef) -> None:
        """Fill in a version."""
        for name in FIELDS:
            self[name].data = getattr(policy, name)
        self.starts_at.data = to_local(policy.starts_at, project)

    def values(self) -> dict[str, int]:
        """Return the numbers, once the form is valid."""
        return {name: self[name].data for name in FIELDS}

    def begins(self, project: ProjectRef) -> datetime:
        """Return from when it is to be in force, once the form is valid."""
        begins: Any = self.starts_at.data
        return from_local(begins, project)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, and that the steps rise."""
        if not super().validate(extra_validators):
            return False
        for lower, higher in (("warn_from", "later_from"), ("later_from", "queue_from")):
            if self[lower].data >= self[higher].data:
                self[higher].errors = [
                    gettext("Each step begins at more marks than the one before.")
                ]
                return False
        if not self.no_show_weight.data and not self.late_weight.data:
            self.no_show_weight.errors = [gettext("Something has to count.")]
            return False
        begins = self.starts_at.data
        if begins is None or not 2000 <= begins.year <= 2100:
            self.starts_at.errors = [gettext("Choose a day and a time.")]
            return False
        return True


class PauseForm(TextsForm):
    """Days that do not count."""

    title = StringField(lazy("What is it"), [DataRequired(), Length(max=60)])
    first = DateField(lazy("First day"), [InputRequired()])
    last = DateField(lazy("Last day"), [InputRequired()])

    def days(self) -> tuple[date, date]:
        """Return the first and the last day, once the form is valid."""
        found: Any = (self.first.data, self.last.data)
        return found[0], found[1]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, and that the days follow each other and are few enough."""
        if not super().validate(extra_validators):
            return False
        first, last = self.first.data, self.last.data
        if first is None or last is None or not 0 <= (last - first).days < 62:
            self.last.errors = [
                gettext("The last day comes after the first, by two months at most.")
            ]
            return False
        return True
