"""Points as people type them into forms."""

from typing import Any

from wtforms import StringField, ValidationError

from portal.forms import Form
from portal.i18n import lazy
from portal.points.amounts import read_points
from portal.points.ledger import MOST

ENTER_POINTS = lazy("Enter points above 0, such as 100 or 0.5.")


class PointsField(StringField):
    """Points as people type them; `milli` holds them as milli-points once they are valid."""

    milli: int = 0

    def pre_validate(self, form: Form | Any) -> None:
        """Refuse what is not a positive number of points."""
        milli = read_points(self.data or "")
        if milli is None or not 1 <= milli <= MOST:
            raise ValidationError(str(ENTER_POINTS))
        self.milli = milli
