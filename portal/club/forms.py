"""The forms of the club's settings."""

from collections.abc import Mapping
from typing import Any

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, Length, Optional, Regexp

from portal.accounts.service import EmailError, normalize_email
from portal.club.colors import LEAST_CONTRAST, contrast_with_white, is_color
from portal.forms import Form, SelectChoice
from portal.i18n import LANGUAGES, gettext, lazy

LONGEST_LEGAL_TEXT = 40_000
_LANGUAGE_CHOICES = [SelectChoice(*language) for language in LANGUAGES.items()]


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class TextsForm(Form):
    """A form with texts in every language: a field `<name>_<language>` for each."""

    def texts(self, name: str) -> dict[str, str]:
        """Return what was typed: {language: text}, empty ones left out."""
        typed = {language: self[f"{name}_{language}"].data for language in LANGUAGES}
        return {language: text for language, text in typed.items() if text}

    def fields_of(self, name: str) -> list[Any]:
        """Return the fields of a text, one a language."""
        return [self[f"{name}_{language}"] for language in LANGUAGES]

    def fill_texts(self, name: str, texts: Mapping[str, str]) -> None:
        """Show texts for editing."""
        for language in LANGUAGES:
            self[f"{name}_{language}"].data = texts.get(language, "")


class ClubForm(TextsForm):
    """Brand, languages and contact."""

    brand_color = StringField(
        lazy("Brand colour"), [DataRequired(lazy("Choose a colour."))], filters=[_lower]
    )
    languages = SelectMultipleField(lazy("Languages offered"), choices=_LANGUAGE_CHOICES)
    default_language = RadioField(lazy("Main language"), choices=_LANGUAGE_CHOICES)
    mail_sender = StringField(lazy("Sender of mails"), [Optional(), Length(max=254)])
    contact_phone = StringField(
        lazy("Service phone"),
        [
            Optional(),
            Length(max=40),
            Regexp(r"[0-9+() -]{3,40}$", message=lazy("Use digits, spaces and dashes only.")),
        ],
    )
    contact_email = StringField(lazy("Service e-mail"), [Optional(), Length(max=254)])
    logo_upload = FileField(lazy("Logo"))
    remove_logo = BooleanField(lazy("Show no logo"))

    def validate_brand_color(self, field: StringField) -> None:
        """Refuse a colour that white text cannot be read on."""
        color = field.data or ""
        if not is_color(color):
            raise ValidationError(gettext("Give the colour as # and six digits, such as #0f766e."))
        ratio = contrast_with_white(color)
        if ratio < LEAST_CONTRAST:
            raise ValidationError(
                gettext(
                    "White text on this colour is hard to read: contrast %(ratio)s, needed 4.5. "
                    "Choose a darker one.",
                    ratio=f"{ratio:.1f}",
                )
            )

    def validate_default_language(self, field: RadioField) -> None:
        """The main language is one of those offered, and the club has a name in it."""
        if field.data not in (self.languages.data or ()):
            raise ValidationError(gettext("The main language must be one of those offered."))
        name = self[f"name_{field.data}"]
        if not name.data:
            name.errors = [*name.errors, gettext("Give the name in the main language.")]
            raise ValidationError(gettext("Give the name in the main language."))

    def validate_mail_sender(self, field: StringField) -> None:
        """Put the address into its usual form."""
        field.data = _email(field.data)

    def validate_contact_email(self, field: StringField) -> None:
        """Put the address into its usual form."""
        field.data = _email(field.data)


class LegalTextForm(TextsForm):
    """A new version of the terms or the privacy notice, written from version `after`."""

    after = HiddenField()


for _language, _title in LANGUAGES.items():
    setattr(ClubForm, f"name_{_language}", StringField(_title, [Length(max=40)]))
    setattr(ClubForm, f"tagline_{_language}", StringField(_title, [Length(max=60)]))
    setattr(
        LegalTextForm,
        f"body_{_language}",
        TextAreaField(_title, [Length(max=LONGEST_LEGAL_TEXT)]),
    )


def _email(text: str | None) -> str | None:
    try:
        return normalize_email(text) if text else None
    except EmailError:
        raise ValidationError(gettext("This is not an e-mail address.")) from None
