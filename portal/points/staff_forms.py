"""The staff's forms about the club's points: deciding, sealing, and the rules of a currency."""

from datetime import date, timedelta
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from portal import clock
from portal.forms import Form, SelectChoice
from portal.i18n import LANGUAGES, gettext, lazy
from portal.points.amounts import plain_points, read_points
from portal.points.keys import NOTE_LENGTH
from portal.points.kinds import NegativePolicy, Rounding, SpendOrder
from portal.points.models import Currency, Policy

_LARGEST = 10**15
_FAR = timedelta(days=3653)


class DecisionForm(Form):
    """What a second person says to a proposal."""

    decision = RadioField(
        lazy("Decision"),
        choices=[
            SelectChoice("approve", lazy("Agree and book")),
            SelectChoice("refuse", lazy("Refuse")),
        ],
        validators=[DataRequired(lazy("Choose one."))],
    )
    note = TextAreaField(
        lazy("Reason"),
        validators=[Length(max=NOTE_LENGTH)],
        render_kw={"rows": 3, "maxlength": NOTE_LENGTH},
    )


class SealForm(Form):
    """A month to be sealed, typed once more by whoever means it."""

    month = HiddenField(validators=[DataRequired()])
    typed = StringField(
        lazy("Type the month"),
        validators=[DataRequired(lazy("Type the month as it is shown."))],
        render_kw={"maxlength": 7, "autocomplete": "off", "inputmode": "numeric"},
    )

    def validate_typed(self, field: StringField) -> None:
        """Whoever seals has read which month it is."""
        if field.data != self.month.data:
            raise ValidationError(gettext("Type the month as it is shown."))


class AmountField(StringField):
    """Points as people type them, zero included; `milli` holds them as milli-points."""

    milli: int = 0

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no number of points from zero up."""
        milli = read_points(self.data or "")
        if milli is None or not 0 <= milli <= _LARGEST:
            raise ValidationError(gettext("Enter points from 0 up, such as 5,000."))
        self.milli = milli


def _amount(label: Any) -> AmountField:
    return AmountField(
        label,
        validators=[InputRequired(lazy("Enter points from 0 up, such as 5,000."))],
        render_kw={"inputmode": "decimal", "maxlength": 18, "autocomplete": "off"},
    )


def _whole(label: Any, least: int, most: int, *validators: Any) -> IntegerField:
    return IntegerField(
        label,
        validators=[*validators, NumberRange(least, most)],
        render_kw={"inputmode": "numeric", "min": least, "max": most},
    )


_NUMBER = InputRequired(lazy("Enter a whole number."))


class RulesForm(Form):
    """A version of a currency's rules, and the day from which it applies."""

    spend_order = RadioField(
        lazy("Which points are used first"),
        choices=[
            SelectChoice(SpendOrder.EXPIRY_FIRST, lazy("Those that expire first")),
            SelectChoice(SpendOrder.OLDEST_FIRST, lazy("The oldest")),
            SelectChoice(SpendOrder.BONUS_FIRST, lazy("Those given as a bonus")),
            SelectChoice(SpendOrder.BONUS_ACROSS, lazy("The currency of bonus points, then these")),
        ],
    )
    expiry_months = _whole(lazy("Points last, in months"), 1, 1200, Optional())
    expiry_rounding = SelectField(
        lazy("They end on"),
        choices=[
            SelectChoice(Rounding.DAY, lazy("that very day")),
            SelectChoice(Rounding.MONTH, lazy("the last day of the month")),
            SelectChoice(Rounding.QUARTER, lazy("the last day of the quarter")),
            SelectChoice(Rounding.YEAR, lazy("the last day of the year")),
            SelectChoice("calendar", lazy("a day of the calendar")),
        ],
        validators=[DataRequired(lazy("Choose one."))],
    )
    expiry_day = StringField(
        lazy("Day of the calendar"),
        validators=[Length(max=5)],
        render_kw={"maxlength": 5, "placeholder": "03-31", "autocomplete": "off"},
    )
    december_carry = BooleanField(lazy("What is earned in December counts as of January"))
    activity_extends = BooleanField(lazy("Earning and using points makes the others last as long"))
    decay_parts = _whole(lazy("They go in so many equal parts"), 1, 24, _NUMBER)
    reinstate_days = _whole(lazy("What comes back late lives again, in days"), 0, 366, _NUMBER)
    negative_policy = RadioField(
        lazy("When points are taken back that were used already"),
        choices=[
            SelectChoice(NegativePolicy.FORBID, lazy("It is refused")),
            SelectChoice(NegativePolicy.REVERSAL, lazy("They are owed")),
            SelectChoice(NegativePolicy.LIMIT, lazy("They are owed, up to a limit")),
        ],
    )
    negative_limit = _amount(lazy("Owed at most"))
    transfer_limit = _amount(lazy("A member may give away in a month"))
    alone_limit = _amount(lazy("One person may adjust for a member in a day"))
    cost = StringField(
        lazy("1,000 points cost the club, in yuan"),
        validators=[InputRequired(lazy("Enter an amount, such as 50 or 12.50."))],
        render_kw={"inputmode": "decimal", "maxlength": 12, "autocomplete": "off"},
    )
    valid_from = DateField(
        lazy("Applies from"), validators=[DataRequired(lazy("Choose a day from today on."))]
    )
    reason = TextAreaField(
        lazy("Why"),
        validators=[DataRequired(lazy("Say why.")), Length(max=NOTE_LENGTH)],
        render_kw={"rows": 2, "maxlength": NOTE_LENGTH},
    )

    def name_fields(self) -> list[Any]:
        """Return the fields of the name, a language each."""
        return [self[f"name_{language}"] for language in LANGUAGES]

    def validate_cost(self, field: StringField) -> None:
        """Refuse what is no amount of yuan and whole fen."""
        fen = read_points(field.data or "")
        if fen is None or fen < 0 or fen % 10 or fen > 10**11:
            raise ValidationError(gettext("Enter an amount, such as 50 or 12.50."))

    def validate_valid_from(self, field: DateField) -> None:
        """Refuse a day so far away that nobody plans for it."""
        if field.data and field.data > clock.now().date() + _FAR:
            raise ValidationError(gettext("Choose a day within the next ten years."))

    def validate_expiry_day(self, field: StringField) -> None:
        """A day of the calendar is needed where points end on one."""
        if self.expiry_rounding.data == "calendar" and self._day() is None:
            raise ValidationError(gettext("Write the day as 03-31."))
        if self.expiry_rounding.data == "calendar" and not self.expiry_months.data:
            raise ValidationError(gettext("Say how many months the points last at least."))

    def rules(self) -> dict[str, Any]:
        """Return what the valid form says, as the fields of CurrencyRules."""
        on_calendar = self.expiry_rounding.data == "calendar"
        return {
            "name": {
                language: self[f"name_{language}"].data
                for language in LANGUAGES
                if self[f"name_{language}"].data
            },
            "spend_order": self.spend_order.data,
            "expiry_months": self.expiry_months.data,
            "expiry_rounding": Rounding.DAY if on_calendar else self.expiry_rounding.data,
            "expiry_day": self._day() if on_calendar else None,
            "december_carry": bool(self.december_carry.data),
            "activity_extends": bool(self.activity_extends.data),
            "decay_parts": self.decay_parts.data,
            "reinstate_days": self.reinstate_days.data,
            "negative_policy": self.negative_policy.data,
            "negative_limit": self.negative_limit.milli,
            "transfer_limit": self.transfer_limit.milli,
            "alone_limit": self.alone_limit.milli,
            "cost_fen": (read_points(self.cost.data or "") or 0) // 10,
        }

    def _day(self) -> int | None:
        month, _dash, day = (self.expiry_day.data or "").partition("-")
        try:
            date(2024, int(month), int(day))
        except (ValueError, OverflowError):
            return None
        return int(month) * 100 + int(day)


for _language, _title in LANGUAGES.items():
    setattr(
        RulesForm,
        f"name_{_language}",
        StringField(_title, [DataRequired(lazy("Give the name.")), Length(max=40)]),
    )


def form_of(found: Currency | Policy, valid_from: date) -> RulesForm:
    """Return the form filled with the rules that are there."""
    day = found.expiry_day
    plain = {
        name: plain_points(getattr(found, name))
        for name in ("negative_limit", "transfer_limit", "alone_limit")
    }
    return RulesForm(
        formdata=None,
        **{f"name_{language}": found.name.get(language, "") for language in LANGUAGES},
        spend_order=found.spend_order,
        expiry_months=found.expiry_months,
        expiry_rounding="calendar" if day else found.expiry_rounding,
        expiry_day=f"{day // 100:02}-{day % 100:02}" if day else "",
        december_carry=found.december_carry,
        activity_extends=found.activity_extends,
        decay_parts=found.decay_parts,
        reinstate_days=found.reinstate_days,
        negative_policy=found.negative_policy,
        cost=plain_points(found.cost_fen * 10),
        valid_from=valid_from,
        **plain,
    )
