"""The form that every form is made from: the reader's language, tidy input, shared fields."""

import unicodedata
from typing import Any

from flask_babel import get_locale
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, StringField, ValidationError

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.i18n import get_translations

from portal.i18n import gettext
from portal.idempotency.keys import new_key
from portal.phones import PhoneError, mask_phone, normalize_phone

_WTFORMS_LOCALES = {"zh_Hans_CN": ["zh"], "zh_Hant": ["zh_TW"], "en": ["en"]}


def tidy(value: Any) -> Any:
    """Return text without surrounding space and control characters, in Unicode NFC."""
    if not isinstance(value, str):
        return value
    kept = (char for char in value if unicodedata.category(char) != "Cc" or char in "\n\t")
    return unicodedata.normalize("NFC", "".join(kept)).strip()


class Form(FlaskForm):
    """A form whose own messages are in the reader's language, whose texts are tidied, and which is
    done once however often it is sent (`hidden_tag()` holds its key)."""

    idempotency_key = HiddenField(default=new_key)

    class Meta:
        """WTForms' settings for every form."""

        def get_translations(self, form: FlaskForm) -> Any:
            """Return WTForms' catalogue for the reader: its files are named zh and zh_TW."""
            return get_translations(_WTFORMS_LOCALES.get(str(get_locale()), ["zh"]))

        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Any:
            """Tidy every text field before its validators run; passwords are left alone."""
            kind = unbound_field.field_class
            if issubclass(kind, StringField) and not issubclass(kind, PasswordField):
                options["filters"] = [tidy, *unbound_field.kwargs.get("filters", ())]
            return unbound_field.bind(form=form, **options)


class PhoneField(StringField):
    """A phone number as people type it; `e164` holds it normalised once it is valid."""

    e164: str | None = None

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not a mobile number."""
        if not self.data:
            return
        try:
            self.e164 = normalize_phone(self.data)
        except PhoneError:
            raise ValidationError(gettext("This is not a mobile number.")) from None


def errors_of(field: Field) -> list[str]:
    """Return a field's messages as text."""
    return [str(error) for error in field.errors]


__all__ = ["Form", "PhoneField", "SelectChoice", "errors_of", "mask_phone", "tidy"]
