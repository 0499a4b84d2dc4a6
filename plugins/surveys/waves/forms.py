"""The forms of a new survey, and of a wave's terms: whom, when, how, for how many points."""

from collections.abc import Sequence
from typing import Any

from wtforms import (
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
)

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from plugins.surveys.frame.eligible import LISTED
from plugins.surveys.models import Wave
from plugins.surveys.showing import from_local, to_local
from plugins.surveys.words import MODES, SERIES, STAGES, UNITS
from portal.sdk import LANGUAGES, ProjectRef, TextsForm, gettext, lazy

MOST_POINTS = 10_000
FIRST_LANGUAGE = "zh_Hans_CN"


class TitleForm(TextsForm):
    """What a survey is called."""


for _language in LANGUAGES:
    _field = StringField(
        LANGUAGES[_language],
        [DataRequired() if _language == FIRST_LANGUAGE else Optional(), Length(max=60)],
    )
    setattr(TitleForm, f"title_{_language}", _field)


class SurveyForm(TitleForm):
    """A new survey."""

    series = RadioField(
        lazy("Kind of survey"),
        choices=[SelectChoice(key, title) for key, title in SERIES.items()],
        default="yearly",
    )


class _Several(SelectMultipleField):
    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class TermsForm(TitleForm):
    """Whom a wave asks, when, who can know, and what an answer earns."""

    version = HiddenField()
    mode = RadioField(
        lazy("Who can see who answered what"),
        choices=[SelectChoice(key, words[0]) for key, words in MODES.items()],
    )
    unit = RadioField(
        lazy("Who answers once"), choices=[SelectChoice(key, word) for key, word in UNITS.items()]
    )
    opens_at = DateTimeLocalField(lazy("Opens"), [Optional()])
    closes_at = DateTimeLocalField(lazy("Closes"), [Optional()])
    buildings = _Several(lazy("Buildings"))
    tiers = _Several(lazy("Tiers"))
    stages = _Several(
        lazy("Stage of the home"), choices=[SelectChoice(key, word) for key, word in STAGES.items()]
    )
    points = IntegerField(
        lazy("Points for an answer"), [InputRequired(), NumberRange(0, MOST_POINTS)], default=0
    )
    least_cell = IntegerField(
        lazy("Smallest group that is shown"), [InputRequired(), NumberRange(5, 100)], default=10
    )

    def offer(self, buildings: Sequence[str], tiers: Sequence[tuple[str, str]]) -> None:
        """Name the buildings and tiers of the project."""
        self.buildings.choices = [SelectChoice(name, name) for name in buildings]
        self.tiers.choices = [SelectChoice(key, title) for key, title in tiers]

    def show(self, wave: Wave, project: ProjectRef) -> None:
        """Fill in a wave."""
        self.fill_texts("title", wave.title)
        self.version.data = str(wave.version)
        self.mode.data, self.unit.data = wave.mode, wave.unit
        self.opens_at.data = to_local(wave.opens_at, project)
        self.closes_at.data = to_local(wave.closes_at, project)
        for name in ("buildings", "tiers", "stages"):
            self[name].data = list(wave.frame_rule.get(name, ()))
        self.points.data, self.least_cell.data = wave.points // 1000, wave.least_cell

    def values(self, project: ProjectRef, wave: Wave) -> dict[str, Any]:
        """Return what was typed by column; a list of participants stays as it is."""
        rule = {name: list(self[name].data or ()) for name in ("buildings", "tiers", "stages")}
        rule[LISTED] = list(wave.frame_rule.get(LISTED, ()))
        return {
            "title": self.texts("title"),
            "mode": self.mode.data,
            "unit": self.unit.data,
            "opens_at": from_local(self.opens_at.data, project),
            "closes_at": from_local(self.closes_at.data, project),
            "frame_rule": {name: chosen for name, chosen in rule.items() if chosen},
            "points": (self.points.data or 0) * 1000,
            "least_cell": self.least_cell.data,
        }

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for an end after the beginning, in this century."""
        valid: bool = super().validate(extra_validators)
        opens, closes = self.opens_at.data, self.closes_at.data
        for field in (self.opens_at, self.closes_at):
            if field.data and not 2000 <= field.data.year <= 2099:
                field.errors = [gettext("Choose a day of this century.")]
                valid = False
        if opens and closes and closes <= opens:
            self.closes_at.errors = [gettext("It closes after it opens.")]
            valid = False
        return valid


def whole(text: str | None) -> int:
    """Return a hidden number; 0, which no version is, for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
