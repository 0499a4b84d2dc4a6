"""The forms of the choices and of the wordings."""

from datetime import time

from wtforms import SelectMultipleField, StringField, SubmitField, TextAreaField, TimeField
from wtforms.validators import DataRequired, Length, ValidationError

from portal.forms import Form
from portal.i18n import LANGUAGES, gettext, lazy
from portal.notifications.kinds import NotificationKind
from portal.notifications.wording import WordingError, check_wording


class ChoicesForm(Form):
    """Which messages by which channel, and when not."""

    wanted = SelectMultipleField(validate_choice=False)
    begins = TimeField(lazy("From"), [DataRequired()])
    ends = TimeField(lazy("Until"), [DataRequired()])


class WordingForm(Form):
    """Subject and body in each language; a language left empty keeps the built-in words."""

    preview = SubmitField(lazy("Preview"))
    kind: NotificationKind

    def wordings(self) -> dict[str, tuple[str, str]]:
        """Return the words that were typed, by language."""
        return {
            locale: (self[f"subject_{locale}"].data, self[f"body_{locale}"].data)
            for locale in LANGUAGES
            if self[f"subject_{locale}"].data or self[f"body_{locale}"].data
        }

    def validate(self, extra_validators: object = None) -> bool:
        """Refuse unknown fields, and one of the two texts without the other."""
        valid: bool = super().validate(extra_validators)
        for locale in LANGUAGES:
            subject, body = self[f"subject_{locale}"], self[f"body_{locale}"]
            for field, other in ((subject, body), (body, subject)):
                try:
                    _check(field.data or "", other.data or "", self.kind)
                except ValidationError as error:
                    field.errors = [*field.errors, str(error)]
                    valid = False
        return valid


for _locale, _title in LANGUAGES.items():
    setattr(WordingForm, f"subject_{_locale}", StringField(lazy("Subject"), [Length(max=120)]))
    setattr(WordingForm, f"body_{_locale}", TextAreaField(lazy("Text"), [Length(max=1000)]))


def as_time(minutes: int) -> time:
    """Return minutes of the day as a time."""
    return time(minutes // 60, minutes % 60)


def as_minutes(value: time) -> int:
    """Return a time as minutes of the day."""
    return value.hour * 60 + value.minute


def _check(text: str, other: str, kind: NotificationKind) -> None:
    if not text and other:
        raise ValidationError(gettext("Write both, or leave both empty."))
    try:
        check_wording(text, kind.sample)
    except WordingError as error:
        if error.code == "braces":
            raise ValidationError(
                gettext("A brace is open. Write a field as {name}, a brace as {{ or }}.")
            ) from error
        raise ValidationError(
            gettext("{%(field)s} is not a field of this message.", field=error.field)
        ) from error
