"""Forms about roles."""

from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.forms import Form
from portal.i18n import lazy


class FindAccountForm(Form):
    """Whom the role is for."""

    who = StringField(lazy("Mobile number or e-mail"), [InputRequired(), Length(max=254)])


class GrantForm(Form):
    """Which role, and where."""

    role = SelectField(lazy("Role"), [InputRequired()])
    project = SelectField(lazy("Where"), [InputRequired()])
