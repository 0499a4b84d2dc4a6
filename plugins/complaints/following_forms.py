"""The forms of promises, transfers and joined cases."""

from collections.abc import Sequence
from typing import Any

from wtforms import DateField, IntegerField, SelectField, StringField, ValidationError

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from plugins.complaints.forms import ReasonForm, VersionForm, check_words
from portal.sdk import gettext, lazy


class PromiseForm(VersionForm):
    """What will be done, and by when."""

    body = StringField(lazy("What is promised"), [DataRequired(), Length(max=200), check_words])
    due_on = DateField(lazy("By which day"), [InputRequired()])


class TransferForm(VersionForm):
    """Whose hands a case goes into."""

    category = SelectField(lazy("Category"), default="")
    colleague = SelectField(lazy("Colleague"), default="")
    body = StringField(lazy("Why another category"), [Length(max=500), check_words])

    def validate_body(self, field: Any) -> None:
        """Ask for the reason of another category: the owner reads it."""
        if self.category.data and not field.data:
            raise ValidationError(gettext("Give a reason: the owner reads it."))

    def offer(
        self, colleagues: Sequence[tuple[str, str]], categories: Sequence[tuple[str, str]]
    ) -> None:
        """Offer who handles complaints here, and the project's categories."""
        stays = SelectChoice("", gettext("as it is"))
        self.category.choices = [stays, *(SelectChoice(*each) for each in categories)]
        self.colleague.choices = [stays, *(SelectChoice(*each) for each in colleagues)]

    def validate_colleague(self, field: Any) -> None:
        """Ask for a change at all."""
        if not field.data and not self.category.data:
            raise ValidationError(gettext("Choose a category or a colleague."))


class MergeForm(VersionForm):
    """Which complaint it is joined into."""

    code = StringField(lazy("Number of the other complaint"), [DataRequired(), Length(max=20)])


class ExtendForm(ReasonForm):
    """By how much a deadline is extended, and why."""

    hours = IntegerField(lazy("Business hours more"), [InputRequired(), NumberRange(1, 500)])
