"""The forms of rewards: a line of the rules, a budget, a payment."""

from collections.abc import Sequence
from decimal import Decimal
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

from plugins.referrals.models import Campaign
from plugins.referrals.models.rewards import Kind, RewardLine
from plugins.referrals.words import SIDES, STATES, TAX_CLASSES
from portal.sdk import TextsForm, gettext, lazy

LINES = 8
UNITS = {Kind.POINTS: 1000, Kind.CASH: 100}
"""What one point and one yuan are counted in."""
KINDS = (SelectChoice("points", lazy("Points")), SelectChoice("cash", lazy("Cash (yuan)")))
_AMOUNT = (Optional(), NumberRange(0, 100_000_000))


def _list(text: str | None) -> list[str]:
    words = (text or "").replace("，", ",").split(",")
    return [word.strip()[:40] for word in words if word.strip()]


def shown(kind: str, amount: int) -> Decimal:
    """Return an amount in points or yuan, as it is typed."""
    return Decimal(amount) / UNITS[Kind(kind)]


class LineForm(TextsForm):
    """One promise: empty without an amount."""

    class Meta(TextsForm.Meta):
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
        """See that the parts fit together; without an amount nothing is asked."""
        if not any(self.amount.raw_data or ()):
            return True
        valid: bool = super().validate(extra_validators)
        if self.beneficiary.data == "friend" and self.kind.data == Kind.POINTS:
            self.kind.errors = [gettext("A friend is no member yet: give cash.")]
            valid = False
        first, last = self.from_nth.data or 1, self.to_nth.data
        if last is not None and last < first:
            self.to_nth.errors = [gettext("The last referral comes after the first.")]
            valid = False
        return valid

    def show(self, line: RewardLine) -> None:
        """Fill in a line of an earlier version."""
        for name in ("stage", "beneficiary", "kind", "from_nth", "to_nth", "at_once"):
            self[name].data = getattr(line, name)
        self.amount.data = shown(line.kind, line.amount)
        self.tiers.data, self.buildings.data = ", ".join(line.tiers), ", ".join(line.buildings)

    def values(self) -> dict[str, Any] | None:
        """Return what was typed, None without an amount."""
        if not self.amount.data:
            return None
        kind = Kind(self.kind.data)
        return {
            "stage": self.stage.data,
            "beneficiary": self.beneficiary.data,
            "kind": kind,
            "amount": int(self.amount.data * UNITS[kind]),
            "from_nth": self.from_nth.data or 1,
            "to_nth": self.to_nth.data,
            "tiers": _list(self.tiers.data),
            "buildings": _list(self.buildings.data),
            "at_once": kind == Kind.POINTS and bool(self.at_once.data),
        }


class PromisesForm(TextsForm):
    """The rewards of a version of the rules, and what one owner may get in a year."""

    cap_points = DecimalField(lazy("Points that an owner may get a year"), _AMOUNT, places=2)
    cap_cash = DecimalField(lazy("Yuan that an owner may get a year"), _AMOUNT, places=2)
    lines = FieldList(FormField(LineForm), min_entries=LINES, max_entries=LINES)

    def show_promises(self, found: Campaign | None, lines: Sequence[RewardLine]) -> None:
        """Fill in the rewards of an earlier version."""
        for name, kind in (("cap_points", Kind.POINTS), ("cap_cash", Kind.CASH)):
            cap = getattr(found, name, None)
            self[name].data = None if cap is None else shown(kind, cap)
        for entry, line in zip(self.lines, lines, strict=False):
            entry.form.show(line)

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
    starts_on = DateField(lazy("In force from"), [InputRequired()])

    def validate_rate(self, field: Any) -> None:
        """See that what is no tax withholds nothing."""
        if self.tax_class.data == "none" and field.data:
            raise ValidationError(gettext("No tax withholds 0 percent."))


class PaidForm(TextsForm):
    """When a payout was paid, and what proves it."""

    paid_on = DateField(lazy("Day"), [InputRequired()])
    proof = StringField(lazy("Number of the bank's paper"), [InputRequired(), Length(max=120)])
