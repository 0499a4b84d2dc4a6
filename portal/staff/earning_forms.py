"""The staff's form about what a member did."""

from wtforms import DateField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from portal.forms import Form
from portal.i18n import Text, lazy
from portal.points.keys import NOTE_LENGTH

REFUSALS: dict[str, Text] = {
    "own_award": lazy("Nobody records what they did themselves."),
    "day_invalid": lazy("Choose a day from when the member joined until today."),
    "unknown_category": lazy("No rule that counts asks for this category."),
}


class AwardForm(Form):
    """That a member did something on a day, and why staff know."""

    category = SelectField(lazy("What for"), validate_choice=True)
    on = DateField(lazy("On"), [InputRequired(lazy("Choose a day."))])
    note = TextAreaField(
        lazy("Note"),
        [DataRequired(lazy("Say what the member did: the audit trail keeps it.")),
         Length(max=NOTE_LENGTH)],
        render_kw={"rows": 2, "maxlength": NOTE_LENGTH},
    )  # fmt: skip
