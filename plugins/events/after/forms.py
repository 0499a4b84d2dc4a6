"""The forms of reminders, the survey and photos."""

from typing import Any

from wtforms import IntegerField, StringField
from wtforms.validators import Length, NumberRange, Optional

from plugins.events.after.plan import MOST_HOURS, Plan, own_path
from portal.sdk import PicturesField, TextsForm, gettext, lazy, our_address

PHOTOS_MOST = 9


def _before(title: str) -> IntegerField:
    return IntegerField(title, [Optional(), NumberRange(1, MOST_HOURS)])


class CareForm(TextsForm):
    """When members are told, and where the survey is."""

    first = _before(lazy("First reminder, hours before the beginning"))
    second = _before(lazy("Second reminder, hours before the beginning"))
    third = _before(lazy("Third reminder, hours before the beginning"))
    thanks = IntegerField(
        lazy("Thanks, hours after the end"), [Optional(), NumberRange(0, MOST_HOURS // 2)]
    )
    survey = StringField(lazy("Address of a survey on this site"), [Optional(), Length(max=400)])

    def show(self, plan: Plan, survey: str) -> None:
        """Fill in what holds now."""
        for each, hours in zip(self.reminders(), plan.before, strict=False):
            each.data = hours
        self.thanks.data, self.survey.data = plan.thanks, survey

    def reminders(self) -> list[IntegerField]:
        """Return the fields of the reminders."""
        return [self.first, self.second, self.third]

    def hours(self) -> list[int]:
        """Return the hours of the reminders, the largest first."""
        return sorted({each.data for each in self.reminders() if each.data}, reverse=True)

    def path(self) -> str:
        """Return the survey's path, "" for none."""
        return own_path(self.survey.data or "", our_address("")) or ""

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, and that the survey is on this site."""
        if not super().validate(extra_validators):
            return False
        if (self.survey.data or "").strip() and not self.path():
            self.survey.errors = [
                gettext("Only an address of this site: it begins with / or with its name.")
            ]
            return False
        return True


class PhotosForm(TextsForm):
    """Photos of an activity."""

    photos = PicturesField(lazy("Photos"), most=PHOTOS_MOST)
