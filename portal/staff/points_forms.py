"""The staff's forms about a member's points."""

from wtforms import RadioField, TextAreaField
from wtforms.validators import DataRequired, Length

from portal.forms import Form, SelectChoice
from portal.i18n import lazy
from portal.points.fields import ENTER_POINTS, PointsField
from portal.points.keys import NOTE_LENGTH
from portal.points.kinds import Kind

_SAY_WHY = lazy("Say why: the owner reads it beside the line.")


def _reason() -> TextAreaField:
    return TextAreaField(
        lazy("Why"),
        validators=[DataRequired(_SAY_WHY), Length(max=NOTE_LENGTH)],
        render_kw={"rows": 2, "maxlength": NOTE_LENGTH},
    )


class AdjustForm(Form):
    """Points given or taken by hand."""

    kind = RadioField(
        lazy("What to do"),
        choices=[
            SelectChoice(Kind.AWARD, lazy("Award points")),
            SelectChoice(Kind.DEDUCT, lazy("Take points away")),
        ],
        default=Kind.AWARD,
    )
    points = PointsField(
        lazy("Points"),
        validators=[DataRequired(ENTER_POINTS)],
        render_kw={"inputmode": "decimal", "maxlength": 16, "autocomplete": "off"},
    )
    reason = _reason()


class TakeBackForm(Form):
    """A line that is taken back."""

    reason = _reason()
