"""The form of a new code."""

from wtforms import StringField
from wtforms.validators import DataRequired, Length, Optional

from plugins.surveys.waves.forms import FIRST_LANGUAGE
from portal.sdk import LANGUAGES, TextsForm


class CodeForm(TextsForm):
    """What a code is called."""


for _language in LANGUAGES:
    _needed = DataRequired() if _language == FIRST_LANGUAGE else Optional()
    setattr(
        CodeForm,
        f"title_{_language}",
        StringField(
            LANGUAGES[_language],
            [_needed, Length(max=60)],
            filters=[lambda text: (text or "").strip()],
        ),
    )
