"""How much a line of the rules gives: the fields of its form, and what was typed there."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from wtforms import DateField, DecimalField, SelectField, StringField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Length, NumberRange, Optional

from plugins.referrals.models.rewards import Kind, Measure, RewardLine
from plugins.referrals.words import MEASURES
from portal.sdk import TextsForm, gettext, lazy

UNITS = {Kind.POINTS: 1000, Kind.CASH: 100}
"""What one point and one yuan are counted in."""
MOST_BANDS, _LARGEST = 8, Decimal(100_000_000)
_MONTHS = 120


def shown(kind: str, amount: int) -> Decimal:
    """Return an amount in points or yuan, as it is typed."""
    return Decimal(amount) / UNITS[Kind(kind)]


def read_bands(text: str, first: int, then: int) -> list[list[int]] | None:
    """Return the bands typed as "1000000: 5000, 2000000: 8000", the lowest first; None for what
    cannot be read, for two of one price and for too many. `first`, `then`: units of both."""
    found = []
    for part in text.replace("，", ",").replace("：", ":").replace("\n", ",").split(","):
        if not part.strip():
            continue
        price, _, given = part.partition(":")
        try:
            pair = Decimal(price.strip()), Decimal(given.strip())
        except InvalidOperation:
            return None
        if not all(each.is_finite() and 0 <= each <= _LARGEST for each in pair):
            return None
        found.append([int(pair[0] * first), int(pair[1] * then)])
    found.sort()
    if not found or len(found) > MOST_BANDS or len({each[0] for each in found}) < len(found):
        return None
    return found


def show_bands(bands: Sequence[Sequence[int]], first: int, then: int) -> str:
    """Return bands as they are typed."""
    return ", ".join(
        f"{Decimal(price) / first:f}: {Decimal(given) / then:f}" for price, given in bands
    )


class MeasureForm(TextsForm):
    """The measure, its ceiling and its bands, and the days between which the stage counts."""

    measure = SelectField(
        lazy("How it is measured"),
        [Optional()],
        choices=[SelectChoice(*each) for each in MEASURES.items()],
        default="fixed",
    )
    most = DecimalField(lazy("At most"), [Optional(), NumberRange(0, 100_000_000)], places=2)
    bands = StringField(lazy("Bands"), [Optional(), Length(max=300)])
    from_on = DateField(lazy("Reached from"), [Optional()])
    until_on = DateField(lazy("Reached until"), [Optional()])

    def check_measure(self, kind: str, amount: Decimal | None) -> bool:
        """See that the measure has what it needs, and put down what it lacks."""
        valid, measure = True, self.measure.data
        if measure == Measure.BANDS and self.read(kind) is None:
            self.bands.errors = [
                gettext("Write them as price: amount, with commas, each price once.")
            ]
            valid = False
        if measure == Measure.PERCENT and (amount or 0) > 100:
            self.measure.errors = [gettext("100 percent at most.")]
            valid = False
        if measure == Measure.FEE_MONTHS and (kind != Kind.CASH or (amount or 0) > _MONTHS):
            self.measure.errors = [gettext("Fee months are paid in cash, 120 at most.")]
            valid = False
        first, last = self.from_on.data, self.until_on.data
        if first and last and last < first:
            self.until_on.errors = [gettext("The end lies after the beginning.")]
            valid = False
        return valid

    def read(self, kind: str) -> list[list[int]] | None:
        """Return the bands that were typed."""
        return read_bands(self.bands.data or "", UNITS[Kind.CASH], UNITS[Kind(kind)])

    def show_measure(self, line: RewardLine) -> Decimal | None:
        """Fill in a line of an earlier version; return its amount as it is typed."""
        for name in ("measure", "from_on", "until_on"):
            self[name].data = getattr(line, name)
        self.most.data = None if line.most is None else shown(line.kind, line.most)
        if line.measure == Measure.BANDS:
            self.bands.data = show_bands(line.bands, UNITS[Kind.CASH], UNITS[Kind(line.kind)])
            return None
        if line.measure == Measure.FIXED:
            return shown(line.kind, line.amount)
        return Decimal(line.amount) / 100

    def measured(self, kind: Kind, typed: Decimal | None) -> dict[str, Any]:
        """Return what was typed, and the amount by the measure's own unit."""
        measure = Measure(self.measure.data or Measure.FIXED)
        bands = (self.read(kind) or []) if measure == Measure.BANDS else []
        unit = UNITS[kind] if measure == Measure.FIXED else 100
        highest = max((each[1] for each in bands), default=0)
        most = self.most.data if measure in (Measure.PERCENT, Measure.FEE_MONTHS) else None
        return {
            "measure": measure,
            "amount": highest or int((typed or 0) * unit),
            "most": int(most * UNITS[kind]) if most else None,
            "bands": bands,
            "from_on": self.from_on.data,
            "until_on": self.until_on.data,
        }
