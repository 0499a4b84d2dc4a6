"""The forms of care: what is promised, and the proof of what was done."""

from datetime import date
from decimal import Decimal
from typing import Any

from wtforms import DateField, DecimalField, HiddenField, IntegerField, SelectField, StringField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from plugins.rewards.care.acting import PICTURES_MOST
from plugins.rewards.care.dates import is_counted
from plugins.rewards.care.promising import Promise
from plugins.rewards.care.states import Care, Rhythm
from plugins.rewards.care.words import KINDS, RHYTHMS
from plugins.rewards.models import CareRule, CareTerms
from portal.sdk import PicturesField, StaffRef, TextsForm, TierRef, gettext, lazy, localized

_YUAN_MOST = 100_000


class ProofForm(TextsForm):
    """Photos of a gift, a receipt, a visit."""

    photos = PicturesField(lazy("Proof"), most=PICTURES_MOST)


class PromiseForm(TextsForm):
    """What a tier is promised, how often, for how much, by whom, and from when on."""

    version = HiddenField()
    tier = SelectField(lazy("Tier"), [InputRequired()], choices=[])
    kind = SelectField(
        lazy("Kind of care"), [InputRequired()], default=Care.CALL,
        choices=[SelectChoice(key, title) for key, (title, _icon) in KINDS.items()],
    )  # fmt: skip
    title = StringField(lazy("More exactly"), [Length(max=60)])
    rhythm = SelectField(
        lazy("How often"), [InputRequired()], default=Rhythm.DAYS,
        choices=[SelectChoice(*word) for word in RHYTHMS.items()],
    )  # fmt: skip
    least = IntegerField(lazy("At the earliest after"), [Optional(), NumberRange(1, 366)])
    most = IntegerField(lazy("At the latest after"), [Optional(), NumberRange(1, 366)])
    amount = DecimalField(
        lazy("Yuan each time at most"), [Optional(), NumberRange(0, _YUAN_MOST)], places=2
    )
    performer = SelectField(lazy("Who does it"), choices=[], default="")
    since = DateField(lazy("In force from"), [InputRequired()])

    def __init__(
        self, known: list[TierRef], staff: list[StaffRef], *args: Any, **kwargs: Any
    ) -> None:
        """Offer the tiers that there are, and who looks after members."""
        super().__init__(*args, **kwargs)
        self.staff = staff
        self.tier.choices = [SelectChoice(each.key, localized(each.name)) for each in known]
        anybody = SelectChoice("", gettext("Whoever takes it"))
        people = [SelectChoice(each.public_id, each.name) for each in staff]
        self.performer.choices = [anybody, *people]

    def fix(self, rule: CareRule) -> None:
        """Let what the promise is stay as it is: only its terms change."""
        for name in ("tier", "kind", "rhythm", "title"):
            self[name].data = getattr(rule, name)

    def show(self, terms: CareTerms) -> None:
        """Fill in what a rule says."""
        for name in ("least", "most", "since", "version"):
            self[name].data = getattr(terms, name)
        self.amount.data = Decimal(terms.amount) / 100 if terms.amount else None
        at_work = {each.id: each.public_id for each in self.staff}
        self.performer.data = at_work.get(terms.performer or 0, "")

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for a number where it is counted from the last time, and for whole fen."""
        valid: bool = super().validate(extra_validators)
        if valid and is_counted(self.rhythm.data):
            if self.most.data is None:
                valid = self._say(self.most, gettext("Write a number from 1 to 366."))
            elif (self.least.data or self.most.data) > self.most.data:
                valid = self._say(self.most, gettext("The latest is not before the earliest."))
        if valid and self.amount.data is not None and self.amount.data * 100 % 1:
            valid = self._say(self.amount, gettext("Write an amount in yuan, such as 12.50."))
        since = self.since.data
        if valid and since and not 2000 <= since.year <= 2100:
            valid = self._say(self.since, gettext("Choose a year of this century."))
        return valid

    def terms(self) -> Promise:
        """Return what was typed."""
        counted = is_counted(self.rhythm.data)
        people = {each.public_id: each for each in self.staff}
        return Promise(
            since=self.since.data or date.min,
            least=(self.least.data or self.most.data) if counted else None,
            most=self.most.data if counted else None,
            amount=int((self.amount.data or 0) * 100),
            performer=people.get(self.performer.data or ""),
        )

    def _say(self, field: Any, sentence: str) -> bool:
        field.errors = [*field.errors, sentence]
        return False
