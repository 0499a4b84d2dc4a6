"""The form of how an activity's seats are given: made for the tiers there are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from wtforms import DateTimeLocalField, IntegerField, RadioField, StringField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Length, NumberRange, Optional

from plugins.events.ballot.models import Mode
from plugins.events.ballot.service import Way
from plugins.events.models import Occurrence
from plugins.events.showing import from_local, to_local
from plugins.events.words import MODES
from portal.sdk import LANGUAGES, ProjectRef, TextsForm, TierRef, gettext, lazy, localized

_MODES = [SelectChoice(key, title) for key, (title, _said) in MODES.items()]


def _number(title: str, least: int, most: int) -> IntegerField:
    return IntegerField(title, [Optional(), NumberRange(least, most)])


class WayForm(TextsForm):
    """How seats are given, when they are drawn, who has how many lots."""

    mode = RadioField(lazy("How seats are given"), choices=_MODES, default="")
    minutes = _number(lazy("Minutes of the pool"), 1, 1440)
    draw_at = DateTimeLocalField(lazy("Time of the draw"), [Optional()])
    missed = _number(lazy("More lots for each time without a seat"), 0, 20)
    missed_most = _number(lazy("More lots at most"), 0, 50)

    occurrence: Occurrence
    project: ProjectRef
    names: Mapping[str, Mapping[str, str]]
    """Of tiers, by their keys, in their order."""

    @property
    def rows(self) -> list[Any]:
        """The fields of the tiers' lots."""
        return [self[f"lots_{number}"] for number in range(len(self.names))]

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for what the way needs."""
        valid: bool = super().validate(extra_validators)
        if self.mode.data == Mode.SHUFFLED and self.minutes.data is None:
            valid = self._say(self.minutes, gettext("Say for how many minutes."))
        if self.mode.data == Mode.BALLOT:
            typed: datetime | None = self.draw_at.data
            first = to_local(self.occurrence.closes_at, self.project).replace(second=0)
            last = to_local(self.occurrence.starts_at, self.project)
            if typed is None or not first <= typed < last:
                said = gettext("After registration ends and before the activity begins.")
                valid = self._say(self.draw_at, said)
        if not self.texts("source").get("zh_Hans_CN") and self.texts("source"):
            said = gettext("Write it in Simplified Chinese at least.")
            valid = self._say(self["source_zh_Hans_CN"], said)
        return valid

    def show(self) -> None:
        """Fill in how it is."""
        ballot = self.occurrence.ballot
        if ballot is None:
            return
        self.mode.data, self.minutes.data = ballot.mode, ballot.minutes
        self.draw_at.data = to_local(ballot.draw_at, self.project) if ballot.draw_at else None
        self.fill_texts("source", ballot.source)
        self.missed.data, self.missed_most.data = ballot.missed, ballot.missed_most
        for field, tier in zip(self.rows, self.names, strict=True):
            field.data = ballot.tiers.get(tier)

    def way(self) -> Way:
        """Return what was typed; the form is valid."""
        lots = {
            tier: field.data
            for tier, field in zip(self.names, self.rows, strict=True)
            if field.data
        }
        return Way(
            mode=Mode(self.mode.data) if self.mode.data else None,
            minutes=self.minutes.data,
            draw_at=from_local(self.draw_at.data, self.project) if self.draw_at.data else None,
            source=self.texts("source"),
            tiers=lots,
            missed=self.missed.data or 0,
            missed_most=self.missed_most.data or 0,
        )

    def _say(self, field: Any, sentence: str) -> bool:
        field.errors = [*field.errors, sentence]
        return False


for _language in LANGUAGES:
    setattr(
        WayForm,
        f"source_{_language}",
        StringField(lazy("Public number for the draw"), [Length(max=80)]),
    )


def way_form(occurrence: Occurrence, project: ProjectRef, tiers: Sequence[TierRef]) -> WayForm:
    """Return the form for an activity."""
    names = {each.key: dict(each.name) for each in tiers}
    fields = {
        f"lots_{number}": _number(localized(name), 1, 50)
        for number, name in enumerate(names.values())
    }
    form: WayForm = type("LotsForm", (WayForm,), fields)()
    form.occurrence, form.project, form.names = occurrence, project, names
    return form
