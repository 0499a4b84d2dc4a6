"""Forms about homes: inviting, ending, correcting, and a project's own settings."""

from datetime import date
from zoneinfo import available_timezones

from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional, StopValidation

from portal.forms import Form, PhoneField, SelectChoice
from portal.i18n import LANGUAGES, gettext, lazy
from portal.members.names import NameRefusedError, clean_name
from portal.projects.addresses import part_key
from portal.projects.models import EndReason, Role
from portal.words import ROLE_TITLES, TITLES

ROLE_CHOICES = [SelectChoice(str(role), ROLE_TITLES[role]) for role in Role]


class InvitationForm(Form):
    """Whom an owner invites into the home."""

    role = RadioField(
        lazy("They are"),
        choices=[
            SelectChoice(role, ROLE_TITLES[role]) for role in ("spouse", "co_owner", "tenant")
        ],
        validators=[DataRequired(lazy("Choose one."))],
    )
    name = StringField(
        lazy("Their name"), validators=[DataRequired(lazy("Enter the name.")), Length(max=80)]
    )
    phone = PhoneField(
        lazy("Their mobile number"), validators=[DataRequired(lazy("Enter the mobile number."))]
    )

    def validate_name(self, field: StringField) -> None:
        """Refuse what is no name."""
        try:
            field.data = clean_name(field.data or "")
        except NameRefusedError:
            raise ValidationError(gettext("Enter the name.")) from None


class MovedOutForm(Form):
    """Since when a tenant does not live in the home any more."""

    on = DateField(lazy("Last day"), validators=[DataRequired(lazy("Enter the day."))])


class AcceptForm(Form):
    """Which household the invited member wants to belong to, when that is a question."""

    household = RadioField(
        lazy("Your household"),
        choices=[
            SelectChoice("join", lazy("Join the household of this home")),
            SelectChoice("stay", lazy("Stay in my present household")),
        ],
        validators=[Optional()],
    )


class EndForm(Form):
    """How and when somebody's place in a home ends."""

    reason = RadioField(
        lazy("Reason"),
        choices=[SelectChoice(str(reason), TITLES["end_reason"][reason]) for reason in EndReason],
        validators=[DataRequired(lazy("Choose a reason."))],
    )
    on = DateField(lazy("Last day"), validators=[DataRequired(lazy("Enter the day."))])
    note = TextAreaField(
        lazy("Note for the audit trail"),
        validators=[DataRequired(lazy("Say how you know.")), Length(max=500)],
    )
    split_household = BooleanField(lazy("Give the leaving member a household of their own"))


class RoleForm(Form):
    """What a member is to a home from now on."""

    role = SelectField(
        lazy("Role in the home"),
        choices=ROLE_CHOICES,
        validators=[DataRequired(lazy("Choose one."))],
    )
    note = TextAreaField(
        lazy("Reason"), validators=[DataRequired(lazy("Give a reason.")), Length(max=500)]
    )


def _finite(form: Form, field: DecimalField) -> None:
    """Refuse NaN and infinity, which cannot be compared."""
    if field.data is not None and not field.data.is_finite():
        raise StopValidation(field.gettext("Not a valid decimal value."))


class UnitForm(Form):
    """A home that staff add by hand."""

    building = StringField(
        lazy("Building"), validators=[DataRequired(lazy("Enter the building.")), Length(max=40)]
    )
    entrance = StringField(lazy("Entrance"), validators=[Length(max=20)])
    number = StringField(
        lazy("Number"), validators=[DataRequired(lazy("Enter the number.")), Length(max=20)]
    )
    area = DecimalField(
        lazy("Area in square metres"),
        places=2,
        validators=[Optional(), _finite, NumberRange(min=1, max=100_000)],
    )
    handover_on = DateField(lazy("Handed over on"), validators=[Optional()])

    def validate_building(self, field: StringField) -> None:
        """Refuse what has neither a letter nor a digit."""
        _has_key(field)

    def validate_number(self, field: StringField) -> None:
        """Refuse what has neither a letter nor a digit."""
        _has_key(field)

    @property
    def area_hundredths(self) -> int | None:
        """Return the area in hundredths of a square metre."""
        return None if self.area.data is None else round(self.area.data * 100)


def _time_zones() -> list[SelectChoice]:
    return [SelectChoice(zone, zone) for zone in sorted(available_timezones())]


class ProjectForm(Form):
    """A project's texts, one field a language, its contact and its time."""

    opened_on = DateField(lazy("Opened on"), validators=[Optional()])
    contact_phone = StringField(lazy("Contact phone"), validators=[Length(max=40)])
    time_zone = SelectField(
        lazy("Time zone"), choices=_time_zones, validators=[DataRequired(lazy("Choose one."))]
    )

    def validate_opened_on(self, field: DateField) -> None:
        """Refuse a year that cannot be."""
        if field.data and not date(1980, 1, 1) <= field.data <= date(2100, 1, 1):
            raise ValidationError(gettext("Please check the year."))


class NewProjectForm(ProjectForm):
    """A project that is added: also the name in its address, which stays."""

    slug = StringField(
        lazy("Name in the address"),
        filters=[lambda typed: (typed or "").strip().lower()],
        validators=[DataRequired(lazy("Enter the name in the address.")), Length(max=40)],
    )


TEXT_LENGTHS = {"name": 60, "city": 40, "welcome": 300}
TEXT_LABELS = {"name": lazy("Name"), "city": lazy("City"), "welcome": lazy("Welcome text")}


def project_form(languages: list[str], required: str) -> type[ProjectForm]:
    """Return the form with a name, a city and a welcome text for each of the club's languages."""
    return type("ProjectTextsForm", (ProjectForm,), _text_fields(languages, required))


def new_project_form(languages: list[str], required: str) -> type[NewProjectForm]:
    """Return the form of a new project, with its texts in each of the club's languages."""
    return type("NewProjectTextsForm", (NewProjectForm,), _text_fields(languages, required))


def _text_fields(languages: list[str], required: str) -> dict[str, StringField]:
    fields = {}
    for language in languages:
        for key, length in TEXT_LENGTHS.items():
            must = key == "name" and language == required
            given = [DataRequired(lazy("Enter the project's name."))] if must else [Optional()]
            kind = TextAreaField if key == "welcome" else StringField
            label = f"{TEXT_LABELS[key]} · {LANGUAGES[language]}"
            fields[f"{key}_{language}"] = kind(label, validators=[*given, Length(max=length)])
    return fields


def _has_key(field: StringField) -> None:
    if not any(char.isalnum() for char in part_key(field.data or "")):
        raise ValidationError(gettext("Use at least one letter or digit."))
