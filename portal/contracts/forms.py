"""The form with which staff correct a contract."""

from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length, Optional

from portal.contracts.cells import fen_of
from portal.contracts.models import ContractState
from portal.contracts.sentences import FAULTS
from portal.forms import Form, SelectChoice
from portal.i18n import lazy
from portal.roster.cells import CellError
from portal.words import TITLES

REASON_LENGTH = 300


class CorrectionForm(Form):
    """What a contract is to say, and why."""

    seen = HiddenField()
    price = StringField(
        lazy("Price (yuan)"), [DataRequired(lazy("The amount is missing.")), Length(max=40)]
    )
    state = SelectField(
        lazy("State"),
        choices=[
            SelectChoice(str(state), TITLES["contract_state"][state]) for state in ContractState
        ],
        validators=[DataRequired(lazy("Choose one."))],
    )
    signed_on = DateField(lazy("Signed on"), [Optional()])
    handed_over_on = DateField(lazy("Handed over on"), [Optional()])
    cancelled_on = DateField(lazy("Cancelled on"), [Optional()])
    reason = TextAreaField(
        lazy("Reason"),
        [DataRequired(lazy("Say why it is corrected.")), Length(max=REASON_LENGTH)],
    )
    fen = 0

    def validate_price(self, field: StringField) -> None:
        """Read the price as offices write it; `fen` holds it."""
        try:
            self.fen = fen_of(field.data)
        except CellError as error:
            raise ValidationError(FAULTS[str(error)]) from error
