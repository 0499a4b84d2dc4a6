"""The form of an activity."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from plugins.events.models import Occurrence, Quota
from plugins.events.service import Draft
from plugins.events.showing import from_local, to_local
from plugins.events.states import QueueRule
from plugins.events.words import CATEGORIES, COVERS, QUEUE_RULES
from portal.sdk import LANGUAGES, ProjectRef, TextsForm, gettext, lazy

TEXTS = ("title", "place", "about", "notes")
_NEEDED = ("title", "place", "about")
_MAIN = "zh_Hans_CN"
_TIMES = ("starts_at", "ends_at", "opens_at", "closes_at", "cancel_until")
_MOST = 1_000_000


def _titles(words: Mapping[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(*word) for word in words.items()]


class EventForm(TextsForm):
    """What it is, when, for how many and for how much."""

    category = SelectField(lazy("Kind of activity"), [InputRequired()], choices=_titles(CATEGORIES))
    cover = RadioField(lazy("Cover picture"), choices=_titles(COVERS), default="sports")
    starts_at = DateTimeLocalField(lazy("Begins"), [InputRequired()])
    ends_at = DateTimeLocalField(lazy("Ends"), [InputRequired()])
    opens_at = DateTimeLocalField(lazy("Registration from"), [InputRequired()])
    closes_at = DateTimeLocalField(lazy("Registration until"), [InputRequired()])
    cancel_until = DateTimeLocalField(lazy("Free to cancel until"), [InputRequired()])
    capacity = IntegerField(lazy("Seats"), [Optional(), NumberRange(0, _MOST)])
    queue_rule = SelectField(
        lazy("Waiting list"),
        [InputRequired()],
        choices=_titles({key: title for key, (title, _said) in QUEUE_RULES.items()}),
        default=QueueRule.SKIP,
    )
    household_most = IntegerField(
        lazy("Seats a household at most"), [Optional(), NumberRange(1, 20)]
    )
    least_age = IntegerField(lazy("From how many years of age"), [Optional(), NumberRange(0, 120)])
    guests_most = IntegerField(
        lazy("Guests of a party at most"), [Optional(), NumberRange(0, 10)], default=0
    )
    by_approval = BooleanField(lazy("The club approves each registration"))
    price = IntegerField(
        lazy("Price in points a person"), [InputRequired(), NumberRange(0, _MOST)], default=0
    )
    deposit = IntegerField(
        lazy("Deposit in points a person"), [InputRequired(), NumberRange(0, _MOST)], default=0
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Mark what the main language needs."""
        super().__init__(*args, **kwargs)
        for name in _NEEDED:
            self[f"{name}_{_MAIN}"].flags.required = True

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the main language, and for times in their order."""
        valid: bool = super().validate(extra_validators)
        for name in _NEEDED:
            field = self[f"{name}_{_MAIN}"]
            if not field.data:
                valid = self._say(field, gettext("Write it in Simplified Chinese at least."))
        times = {name: self[name].data for name in _TIMES}
        if None in times.values():
            return False
        if any(not 2000 <= value.year <= 2100 for value in times.values()):
            return self._say(self.starts_at, gettext("Choose a year of this century."))
        if times["ends_at"] <= times["starts_at"]:
            valid = self._say(self.ends_at, gettext("The end lies after the beginning."))
        if times["ends_at"] - times["starts_at"] > timedelta(days=31):
            valid = self._say(self.ends_at, gettext("An activity lasts 31 days at most."))
        if times["closes_at"] <= times["opens_at"]:
            valid = self._say(self.closes_at, gettext("Registration ends after it begins."))
        for name in ("closes_at", "cancel_until"):
            if times[name] > times["starts_at"]:
                said = gettext("Not later than the beginning of the activity.")
                valid = self._say(self[name], said)
        return valid

    def show(self, occurrence: Occurrence, quota: Quota, project: ProjectRef) -> None:
        """Fill in an activity as it is."""
        for name in TEXTS:
            self.fill_texts(name, getattr(occurrence.event, name))
        self.category.data, self.cover.data = occurrence.event.category, occurrence.event.cover
        for name in _TIMES:
            self[name].data = to_local(getattr(occurrence, name), project)
        self.capacity.data = quota.capacity
        self.queue_rule.data = occurrence.queue_rule
        self.household_most.data = occurrence.household_most
        self.least_age.data = occurrence.least_age
        self.guests_most.data = occurrence.guests_most
        self.by_approval.data = occurrence.by_approval
        self.price.data = occurrence.price // 1000
        self.deposit.data = occurrence.deposit // 1000

    def draft(self, project: ProjectRef) -> Draft:
        """Return what was typed; the form is valid."""
        typed: dict[str, Any] = {name: self.texts(name) for name in TEXTS}
        typed |= {name: from_local(self[name].data, project) for name in _TIMES}
        return Draft(
            cover=self.cover.data,
            category=self.category.data,
            price=(self.price.data or 0) * 1000,
            deposit=(self.deposit.data or 0) * 1000,
            capacity=self.capacity.data,
            queue_rule=self.queue_rule.data,
            household_most=self.household_most.data,
            least_age=self.least_age.data,
            guests_most=self.guests_most.data or 0,
            by_approval=bool(self.by_approval.data),
            **typed,
        )

    def _say(self, field: Any, sentence: str) -> bool:
        field.errors = [*field.errors, sentence]
        return False


for _language in LANGUAGES:
    setattr(EventForm, f"title_{_language}", StringField(lazy("Title"), [Length(max=60)]))
    setattr(EventForm, f"place_{_language}", StringField(lazy("Where it is"), [Length(max=80)]))
    setattr(EventForm, f"about_{_language}", TextAreaField(lazy("About it"), [Length(max=4000)]))
    setattr(
        EventForm, f"notes_{_language}", TextAreaField(lazy("Good to know"), [Length(max=1000)])
    )
