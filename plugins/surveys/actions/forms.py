"""The form of an action, in every language."""

from wtforms import SelectField, TextAreaField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, Length, Optional

from plugins.surveys.waves.forms import FIRST_LANGUAGE
from plugins.surveys.words import DIMENSIONS
from portal.sdk import LANGUAGES, TextsForm, lazy

LONGEST = 500


class ActionForm(TextsForm):
    """You said, we did."""

    dimension = SelectField(
        lazy("What it is about"),
        [Optional()],
        choices=[
            SelectChoice("", lazy("The whole survey")),
            *(SelectChoice(key, title) for key, title in DIMENSIONS.items()),
        ],
    )


def _text(language: str) -> TextAreaField:
    needed = DataRequired() if language == FIRST_LANGUAGE else Optional()
    return TextAreaField(LANGUAGES[language], [needed, Length(max=LONGEST)])


for _language in LANGUAGES:
    setattr(ActionForm, f"said_{_language}", _text(_language))
    setattr(ActionForm, f"did_{_language}", _text(_language))
