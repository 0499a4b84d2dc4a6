"""Forms of claims: a member's, and the staff's decision."""

from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, Length, Optional

from portal.claims.decisions import REASONS, Decision, Resolution
from portal.forms import Form, SelectChoice
from portal.i18n import gettext, lazy
from portal.members.names import NameRefusedError, clean_name
from portal.projects.addresses import part_key
from portal.projects.models import Role
from portal.words import ROLE_TITLES, TITLES


class ProofForm(Form):
    """More photos for a claim, and a line to the staff."""

    photos = MultipleFileField(lazy("Photos"))
    note = TextAreaField(lazy("A line to the staff"), validators=[Length(max=500)])


class ClaimForm(Form):
    """A member says which home is theirs."""

    building = StringField(
        lazy("Building"), validators=[DataRequired(lazy("Enter the building.")), Length(max=40)]
    )
    entrance = StringField(lazy("Entrance"), validators=[Length(max=20)])
    number = StringField(
        lazy("Number"), validators=[DataRequired(lazy("Enter the number.")), Length(max=20)]
    )
    role = RadioField(
        lazy("You are"),
        choices=[SelectChoice(str(role), ROLE_TITLES[role]) for role in Role],
        default=Role.OWNER,
        validators=[DataRequired(lazy("Choose one."))],
    )
    name = StringField(
        lazy("Your name as in the deed"),
        validators=[DataRequired(lazy("Enter the name.")), Length(max=80)],
    )
    photos = MultipleFileField(lazy("Photos of proof"))

    def validate_building(self, field: StringField) -> None:
        """Refuse what has neither a letter nor a digit."""
        _has_key(field)

    def validate_number(self, field: StringField) -> None:
        """Refuse what has neither a letter nor a digit."""
        _has_key(field)

    def validate_name(self, field: StringField) -> None:
        """Refuse what is no name."""
        try:
            field.data = clean_name(field.data or "")
        except NameRefusedError:
            raise ValidationError(gettext("Enter the name.")) from None


def _reasons(decision: Decision) -> list[SelectChoice]:
    return [
        SelectChoice(str(reason), TITLES["claim_reason"][reason]) for reason in REASONS[decision]
    ]


class DecisionForm(Form):
    """What staff answer to a claim; the fields of an approval count only with one."""

    decision = RadioField(
        lazy("Decision"),
        choices=[
            SelectChoice(str(Decision.APPROVE), lazy("Approve")),
            SelectChoice(str(Decision.MORE), lazy("Ask for more")),
            SelectChoice(str(Decision.REFUSE), lazy("Refuse")),
        ],
        validators=[DataRequired(lazy("Choose a decision."))],
    )
    approve_reason = SelectField(
        lazy("Reason"), choices=_reasons(Decision.APPROVE), validators=[Optional()]
    )
    more_reason = SelectField(
        lazy("What is missing"), choices=_reasons(Decision.MORE), validators=[Optional()]
    )
    refuse_reason = SelectField(
        lazy("Reason"), choices=_reasons(Decision.REFUSE), validators=[Optional()]
    )
    note = TextAreaField(lazy("Note; the owner reads it"), validators=[Length(max=500)])
    since = DateField(lazy("Lives there since"), validators=[Optional()])
    resolution = RadioField(
        lazy("The present owner"),
        choices=[
            SelectChoice(str(Resolution.SALE), lazy("Has sold the home: ends on the date below")),
            SelectChoice(
                str(Resolution.MISTAKE), lazy("Was verified by mistake: ends on the date below")
            ),
            SelectChoice(str(Resolution.CO_OWNER), lazy("Stays; the claimant becomes a co-owner")),
        ],
        validators=[Optional()],
    )
    ended_on = DateField(lazy("Last day of the present owner"), validators=[Optional()])
    add_unit = BooleanField(lazy("Add this home to the register"))
    update_roster_phone = BooleanField(lazy("Put the claimant's number into the roster"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Each decision needs its own reason: the fields of the others are not looked at.
        for field in (self.approve_reason, self.more_reason, self.refuse_reason):
            field.flags.required = True

    def validate_decision(self, field: RadioField) -> None:
        """Refuse a decision without its reason."""
        if field.data in set(Decision) and not self.reason:
            raise ValidationError(gettext("Choose a reason."))

    @property
    def reason(self) -> str:
        """Return the reason chosen for the chosen decision."""
        return self[f"{self.decision.data}_reason"].data or ""


def _has_key(field: StringField) -> None:
    if not any(char.isalnum() for char in part_key(field.data or "")):
        raise ValidationError(gettext("Use at least one letter or digit."))
