"""The form of a new service token."""

from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from portal.forms import Form, SelectChoice
from portal.i18n import lazy

LIVES = {
    "30": lazy("30 days"),
    "90": lazy("90 days"),
    "365": lazy("One year"),
    "730": lazy("Two years"),
}
"""How long a token may live, by days."""


class TokenForm(Form):
    """What a service is called, where it works and what it may do."""

    name = StringField(
        lazy("Name of the service"),
        [InputRequired(lazy("Enter a name, such as “Kiosk in the lobby”.")), Length(max=80)],
    )
    project = SelectField(lazy("Where"), [InputRequired()])
    scopes = SelectMultipleField(
        lazy("What it may do"), [InputRequired(lazy("Choose at least one right."))]
    )
    days = SelectField(
        lazy("Valid for"),
        [InputRequired()],
        choices=[SelectChoice(days, title) for days, title in LIVES.items()],
        default="365",
    )
