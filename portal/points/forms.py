"""The owner's forms about points."""

from typing import Any

from wtforms import HiddenField, RadioField
from wtforms.validators import DataRequired, InputRequired

from portal.forms import Form, SelectChoice
from portal.i18n import lazy
from portal.members.models import Member
from portal.points.fields import ENTER_POINTS, PointsField


class GiveForm(Form):
    """Points for somebody of the household; `confirmed` once the giver has seen both again."""

    receiver = RadioField(
        lazy("To whom"),
        validators=[InputRequired(lazy("Choose somebody of your household."))],
        validate_choice=True,
    )
    points = PointsField(
        lazy("How many points"),
        validators=[DataRequired(ENTER_POINTS)],
        render_kw={"inputmode": "decimal", "maxlength": 16, "autocomplete": "off"},
    )
    confirmed = HiddenField()

    def __init__(self, people: list[Member], **options: Any) -> None:
        super().__init__(**options)
        self.receiver.choices = [SelectChoice(each.public_id, each.name) for each in people]
        if len(people) == 1 and not self.receiver.data:
            self.receiver.data = people[0].public_id
