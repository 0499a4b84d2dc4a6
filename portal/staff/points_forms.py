"""The staff's forms about a member's points."""

from typing import Any

from wtforms import HiddenField, RadioField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length

from portal.forms import Form, SelectChoice
from portal.i18n import gettext, lazy
from portal.points.amounts import read_points
from portal.points.kinds import Kind
from portal.points.ledger import MOST, NOTE_LENGTH

_SAY_WHY = lazy("Say why: the owner reads it beside the line.")


class PointsField(StringField):
    """Points as people type them; `milli` holds them as milli-points once they are valid."""

    milli: int = 0

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not a positive number of points."""
        milli = read_points(self.data or "")
        if milli is None or not 1 <= milli <= MOST:
            raise ValidationError(gettext("Enter points above 0, such as 100 or 0.5."))
        self.milli = milli


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
            SelectChoice(Kind.AWARD, lazy("Give points")),
            SelectChoice(Kind.DEDUCT, lazy("Take points away")),
        ],
        default=Kind.AWARD,
    )
    points = PointsField(
        lazy("Points"),
        validators=[DataRequired(lazy("Enter points above 0, such as 100 or 0.5."))],
        render_kw={"inputmode": "decimal", "maxlength": 16, "autocomplete": "off"},
    )
    reason = _reason()


class TakeBackForm(Form):
    """A line that is taken back."""

    reason = _reason()


class DecisionForm(Form):
    """What a second person says to a proposal."""

    decision = HiddenField(validators=[DataRequired()])
