"""Forms about people: joining, the profile, persons of the household, the staff's corrections."""

from collections.abc import Collection
from datetime import date
from typing import Any

from wtforms import (
    BooleanField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from portal.forms import Form, PhoneField, SelectChoice
from portal.i18n import Text, gettext, lazy
from portal.members.models import PersonRelation, Salutation
from portal.members.names import NAME_MAX, NameRefusedError, clean_name
from portal.members.service import BIRTH_MONTH, needs_guardian
from portal.words import TITLES

REASON_MAX = 200


class NameField(StringField):
    """A person's name, one line, tidied."""

    def __init__(self, label: Text, **options: Any) -> None:
        options.setdefault("validators", [DataRequired(lazy("Please enter the name."))])
        options.setdefault("render_kw", {"maxlength": NAME_MAX, "autocomplete": "name"})
        super().__init__(label, **options)

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not a name."""
        try:
            self.data = clean_name(self.data or "")
        except NameRefusedError:
            if self.data:
                raise ValidationError(
                    gettext("Please enter a name of 1 to 80 characters.")
                ) from None


class SalutationField(RadioField):
    """How a person wants to be addressed."""

    def __init__(self, label: Text, **options: Any) -> None:
        titles = TITLES["salutation"]
        choices = [SelectChoice(value, titles[value]) for value in ("ms", "mr", "none")]
        super().__init__(label, choices=choices, default=Salutation.NONE, **options)


class JoinForm(Form):
    """What a person gives to become a member."""

    name = NameField(lazy("Your name"))
    salutation = SalutationField(lazy("How may we address you"))
    follow = SelectField(lazy("A project you are interested in"), validators=[Optional()])
    adult = BooleanField(lazy("I am 18 or older"))
    consents = SelectMultipleField(coerce=int, choices=[], validate_choice=False)

    def __init__(self, *args: Any, legal_text_ids: Collection[int] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.legal_text_ids = frozenset(legal_text_ids)

    def validate_adult(self, field: BooleanField) -> None:
        """Refuse without the statement."""
        if not field.data:
            raise ValidationError(gettext("The club is open from the age of 18."))

    def validate_consents(self, field: SelectMultipleField) -> None:
        """Refuse unless every text in force is accepted."""
        if self.legal_text_ids - set(field.data or ()):
            raise ValidationError(gettext("Please read and accept each text to go on."))


class ProfileForm(Form):
    """What a member may change of themselves."""

    name = NameField(lazy("Your name"))
    salutation = SalutationField(lazy("How may we address you"))
    birth_month = SelectField(lazy("Month of birth"), coerce=int, validators=[Optional()])


class PersonForm(Form):
    """Someone at home without an account."""

    name = NameField(lazy("Full name"), render_kw={"maxlength": NAME_MAX, "autocomplete": "off"})
    relation = SelectField(lazy("Relation to you"), validators=[InputRequired()])
    birth_month = StringField(
        lazy("Year and month of birth"),
        validators=[Optional()],
        render_kw={"type": "month", "placeholder": "2018-04"},
    )
    guardian = BooleanField(lazy("I am a guardian of this child and agree to this entry"))

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        titles = TITLES["relation"]
        self.relation.choices = [SelectChoice(value, titles[value]) for value in PersonRelation]

    def validate_birth_month(self, field: StringField) -> None:
        """Refuse a month that does not exist or lies ahead; a child's is needed."""
        if field.data and not BIRTH_MONTH.fullmatch(field.data):
            raise ValidationError(gettext("Please enter year and month, such as 2018-04."))
        if field.data and field.data > f"{self.today:%Y-%m}":
            raise ValidationError(gettext("This month lies in the future."))

    def validate_guardian(self, field: BooleanField) -> None:
        """Ask a guardian's consent for a child under 14."""
        month = self.birth_month.data or ""
        if field.data or self.birth_month.errors or not BIRTH_MONTH.fullmatch(month):
            return
        if needs_guardian(month, self.today):
            raise ValidationError(gettext("For a child under 14 a guardian's consent is needed."))

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask the birth month of a child."""
        good = super().validate(extra_validators)
        if self.relation.data == PersonRelation.CHILD and not self.birth_month.data:
            self.birth_month.errors = [gettext("Please enter the child's year and month of birth.")]
            return False
        return good


class ReasonField(TextAreaField):
    """Why staff do something: a sentence that others will read."""

    def __init__(self, label: Text, **options: Any) -> None:
        options.setdefault(
            "validators", [DataRequired(lazy("Please say why.")), Length(min=2, max=REASON_MAX)]
        )
        options.setdefault("render_kw", {"rows": 2, "maxlength": REASON_MAX})
        super().__init__(label, **options)


class CorrectionForm(Form):
    """A member's name and salutation, corrected by staff."""

    name = NameField(lazy("Full name"), render_kw={"maxlength": NAME_MAX, "autocomplete": "off"})
    salutation = SalutationField(lazy("Salutation"))
    reason = ReasonField(lazy("Reason"))


class UnmaskForm(Form):
    """Why a full phone number is shown."""

    reason = ReasonField(lazy("What do you need the number for"))


class RegistrationForm(Form):
    """A member registered at the desk."""

    phone = PhoneField(
        lazy("Mobile number"),
        validators=[InputRequired(lazy("Please enter a mobile number.")), Length(max=40)],
        render_kw={"type": "tel", "inputmode": "tel", "autocomplete": "off"},
    )
    name = NameField(lazy("Full name"), render_kw={"maxlength": NAME_MAX, "autocomplete": "off"})
    salutation = SalutationField(lazy("Salutation"))
    adult = BooleanField(lazy("The person is 18 or older and wants to join"))

    def validate_adult(self, field: BooleanField) -> None:
        """Refuse without the statement."""
        if not field.data:
            raise ValidationError(gettext("The club is open from the age of 18."))
