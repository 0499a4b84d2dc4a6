"""The forms of rewards: a line of the rules, a budget, a payment."""

from collections.abc import Sequence
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FieldList,
    FormField,
    IntegerField,
    SelectField,
    StringField,
)

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from plugins.referrals.measures.forms import UNITS, MeasureForm, read_bands, shown
from plugins.referrals.models import Campaign
from plugins.referrals.models.rewards import Kind, Measure, RewardLine
from plugins.referrals.rules import Draft
from plugins.referrals.words import SIDES, STATES, TAX_CLASSES
from portal.sdk import TextsForm, gettext, lazy

LINES = 8
KINDS = (SelectChoice("points", lazy("Points")), SelectChoice("cash", lazy("Cash (yuan)")))
_AMOUNT = (Optional(), NumberRange(0, 100_000_000))


def _list(text: str | None) -> list[str]:
    words = (text or "").replace("，", ",").split(",")
    return [word.strip()[:40] for word in words if word.strip()]


class LineForm(MeasureForm):
    """One promise: empty without an amount and without bands."""

    class Meta(MeasureForm.Meta):
        """Part of a form that has its own token."""

        csrf = False

    stage = SelectField(
        lazy("Stage"),
        [InputRequired()],
        choices=[
            SelectChoice(key, STATES[key][0])
            for key in ("visited", "subscribed", "signed", "paid", "closed")
        ],
    )
    beneficiary = SelectField(
        lazy("Who gets it"),
        [InputRequired()],
        choices=[SelectChoice(*side) for side in SIDES.items()],
    )
    kind = SelectField(lazy("Kind of reward"), [InputRequired()], choices=list(KINDS))
    amount = DecimalField(lazy("Reward amount"), _AMOUNT, places=2)
    from_nth = IntegerField(lazy("From which referral"), [Optional(), NumberRange(1, 999)])
    to_nth = IntegerField(lazy("To which referral"), [Optional(), NumberRange(1, 999)])
    tiers = StringField(lazy("Tiers, by key, with commas"), [Optional(), Length(max=200)])
    buildings = StringField(lazy("Buildings, with commas"), [Optional(), Length(max=200)])
    at_once = BooleanField(lazy("Give points at once, without approval"))

    def validate(self, extra_validators: Any = None) -> bool:
        """See that the parts fit together; of an empty line nothing is asked."""
        if not any((*(self.amount.raw_data or ()), self.bands.data)):
            return True
        valid: bool = super().validate(extra_validators)
        if self.beneficiary.data == "friend" and self.kind.data == Kind.POINTS:
            self.kind.errors = [gettext("A friend is no member yet: give cash.")]
            valid = False
        first, last = self.from_nth.data or 1, self.to_nth.data
        if last is not None and last < first:
            self.to_nth.errors = [gettext("The last referral comes after the first.")]
            valid = False
        return valid and self.check_measure(self.kind.data, self.amount.data)

    def show(self, line: RewardLine) -> None:
        """Fill in a line of an earlier version."""
        for name in ("stage", "beneficiary", "kind", "from_nth", "to_nth", "at_once"):
            self[name].data = getattr(line, name)
        self.amount.data = self.show_measure(line)
        self.tiers.data, self.buildings.data = ", ".join(line.tiers), ", ".join(line.buildings)

    def values(self) -> dict[str, Any] | None:
        """Return what was typed, None for an empty line."""
        if not (self.amount.data or self.bands.data):
            return None
        kind = Kind(self.kind.data)
        measured = self.measured(kind, self.amount.data)
        if not measured["amount"]:
            return None
        return {
            "stage": self.stage.data,
            "beneficiary": self.beneficiary.data,
            "kind": kind,
            "from_nth": self.from_nth.data or 1,
            "to_nth": self.to_nth.data,
            "tiers": _list(self.tiers.data),
            "buildings": _list(self.buildings.data),
            "at_once": kind == Kind.POINTS and bool(self.at_once.data),
            **measured,
        }


class PromisesForm(TextsForm):
    """The rewards of a version of the rules, and what one owner may get in a year."""

    cap_points = DecimalField(lazy("Points that an owner may get a year"), _AMOUNT, places=2)
    cap_cash = DecimalField(lazy("Yuan that an owner may get a year"), _AMOUNT, places=2)
    month_fee = DecimalField(
        lazy("Management fee, yuan a square metre and month"),
        [Optional(), NumberRange(0, 1000)],
        places=2,
    )
    shares = StringField(
        lazy("Shares of owners who invited the same friend"), [Optional(), Length(max=30)]
    )
    lines = FieldList(FormField(LineForm), min_entries=LINES, max_entries=LINES)

    def show_promises(self, found: Campaign | Draft | None, lines: Sequence[RewardLine]) -> None:
        """Fill in the rewards of an earlier version."""
        for name, kind in (("cap_points", Kind.POINTS), ("cap_cash", Kind.CASH)):
            cap = getattr(found, name, None)
            self[name].data = None if cap is None else shown(kind, cap)
        if found is not None:
            self.shares.data = ":".join(str(share) for share in found.shares)
            self.month_fee.data = shown(Kind.CASH, found.month_fee) if found.month_fee else None
        for entry, line in zip(self.lines, lines, strict=False):
            entry.form.show(line)

    def validate(self, extra_validators: Any = None) -> bool:
        """See that the fee of a month is known where it is promised, and shares are a whole."""
        valid: bool = super().validate(extra_validators)
        if valid and not self.month_fee.data:
            for entry in self.lines:
                if entry.form.measure.data == Measure.FEE_MONTHS and entry.form.values():
                    self.month_fee.errors = [gettext("Say how much a month of the fee is.")]
                    valid = False
        if self.shares.data and not self.parts():
            self.shares.errors = [
                gettext("Write two to five percents that make 100, like 50:30:20.")
            ]
            valid = False
        return valid

    def parts(self) -> list[int]:
        """Return the percents that were typed, none for what is no whole."""
        typed = (self.shares.data or "").replace("：", ":").replace(" ", "").split(":")
        if not all(each.isascii() and each.isdigit() and len(each) < 3 for each in typed):
            return []
        found = [int(each) for each in typed]
        return found if 2 <= len(found) <= 5 and min(found) > 0 and sum(found) == 100 else []

    def fee(self) -> int | None:
        """Return the fee in fen a square metre and month."""
        return int(self.month_fee.data * 100) if self.month_fee.data else None

    def promises(self) -> list[dict[str, Any]]:
        """Return the lines that have an amount."""
        return [values for entry in self.lines if (values := entry.form.values())]

    def cap(self, kind: Kind) -> int | None:
        """Return a cap in milli-points or fen, None for no limit."""
        typed = self[f"cap_{kind}"].data
        return None if typed is None else int(typed * UNITS[kind])


class BudgetForm(TextsForm):
    """What may be given from a day on."""

    kind = SelectField(lazy("Kind of reward"), [InputRequired()], choices=list(KINDS))
    starts_on = DateField(lazy("In force from"), [InputRequired()])
    amount = DecimalField(lazy("Reward amount"), [InputRequired(), NumberRange(0, 10_000_000_000)])


class TaxForm(TextsForm):
    """Which tax is withheld from a day on."""

    tax_class = SelectField(
        lazy("As what"),
        [InputRequired()],
        choices=[SelectChoice(*each) for each in TAX_CLASSES.items()],
    )
    rate = DecimalField(lazy("Rate in percent"), [InputRequired(), NumberRange(0, 100)], places=2)
    free = DecimalField(
        lazy("Yuan of a payment that are free"), [Optional(), NumberRange(0, 1_000_000)], places=2
    )
    free_rate = DecimalField(
        lazy("Percent of a payment that is free, where it is more"),
        [Optional(), NumberRange(0, 100)],
        places=2,
    )
    bands = StringField(lazy("Higher rates"), [Optional(), Length(max=200)])
    starts_on = DateField(lazy("In force from"), [InputRequired()])

    def validate_bands(self, field: Any) -> None:
        """See that rates rise from a sum above nought and are no more than all of it."""
        found = self.higher()
        rates = [rate for _, rate in found]
        if field.data and (
            not found or found[0][0] <= 0 or sorted(rates) != rates or rates[-1] > 10_000
        ):
            raise ValidationError(
                gettext("Write them as sum: percent, with commas, each rate above the one before.")
            )

    def higher(self) -> list[list[int]]:
        """Return the bands that were typed: fen, and hundredths of a percent."""
        return (read_bands(self.bands.data, 100, 100) or []) if self.bands.data else []

    def validate_rate(self, field: Any) -> None:
        """See that what is no tax withholds nothing."""
        if self.tax_class.data == "none" and field.data:
            raise ValidationError(gettext("No tax withholds 0 percent."))


class PaidForm(TextsForm):
    """When a payout was paid, and what proves it."""

    paid_on = DateField(lazy("Day"), [InputRequired()])
    proof = StringField(lazy("Number of the bank's paper"), [InputRequired(), Length(max=120)])
