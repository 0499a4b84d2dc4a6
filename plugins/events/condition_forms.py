"""The form of an activity's conditions: made for the buildings and tiers there are."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import DateTimeLocalField, IntegerField, SelectField, SelectMultipleField, StringField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Length, NumberRange, Optional

from plugins.events.conditions import Conditions, Extra, TierTerms
from plugins.events.counting import tier_key
from plugins.events.eligibility import Rules
from plugins.events.models import Occurrence, Quota, Window
from plugins.events.showing import from_local, to_local
from portal.sdk import (
    LANGUAGES,
    BuildingRef,
    ProjectRef,
    TextsForm,
    TierRef,
    gettext,
    lazy,
    localized,
)

_HOMES = [
    SelectChoice("", lazy("Anybody who sees the activity")),
    SelectChoice("home", lazy("Residents with a verified home here")),
    SelectChoice("owner", lazy("Owners and co-owners of a home here")),
]
_MOST = 1_000_000
EXTRAS = (1, 2)
"""What members may choose besides their seats."""


def _seats(title: str) -> IntegerField:
    return IntegerField(title, [Optional(), NumberRange(0, _MOST)])


class ConditionsForm(TextsForm):
    """Whom an activity is for, windows of tiers, quotas within the total."""

    home = SelectField(lazy("Who may register"), choices=_HOMES, default="")
    buildings = SelectMultipleField(lazy("Only residents of these buildings"))
    tiers = SelectMultipleField(lazy("Only members of these tiers"))
    tenure = IntegerField(
        lazy("Months with a home here, at least"), [Optional(), NumberRange(1, 600)]
    )
    pause = IntegerField(
        lazy("Months since they last came to it, at least"), [Optional(), NumberRange(1, 120)]
    )
    children = _seats(lazy("Seats for children under 14 at most"))

    occurrence: Occurrence
    project: ProjectRef
    names: Mapping[str, Mapping[str, str]]
    """Of tiers, by their keys, in their order."""
    places: Mapping[str, str]

    @property
    def rows(self) -> list[tuple[str, list[Any]]]:
        """The fields of each tier, with its name."""
        return [
            (localized(name), [self[f"{part}_{number}"] for part in ("opens", "price", "seats")])
            for number, name in enumerate(self.names.values())
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for windows that lie before the end of registration, and for names of extras."""
        valid: bool = super().validate(extra_validators)
        ends = to_local(self.occurrence.closes_at, self.project)
        for number in range(len(self.names)):
            field = self[f"opens_{number}"]
            if field.data and not (field.data.year >= 2000 and field.data < ends):
                said = gettext("Before registration ends.")
                field.errors, valid = [*field.errors, said], False
        for number in EXTRAS:
            field = self[f"extra_{number}_zh_Hans_CN"]
            if not field.data and (self[f"room_{number}"].data is not None or field.object_data):
                said = gettext("Write it in Simplified Chinese at least.")
                field.errors, valid = [*field.errors, said], False
        return valid

    def show(self, windows: Sequence[Window], quotas: Sequence[Quota]) -> None:
        """Fill in the conditions as they are."""
        rules, by_key = Rules.of(self.occurrence), {quota.key: quota for quota in quotas}
        self.home.data, self.tenure.data, self.pause.data = rules.home, rules.tenure, rules.pause
        self.buildings.data, self.tiers.data = list(rules.buildings), list(rules.tiers)
        by_tier = {window.tier: window for window in windows}
        for number, tier in enumerate(self.names):
            if window := by_tier.get(tier):
                self[f"opens_{number}"].data = to_local(window.opens_at, self.project)
                self[f"price_{number}"].data = window.price // 1000
                self[f"seats_{number}"].data = by_key[tier_key(tier)].capacity
        if quota := by_key.get("children"):
            self.children.data = quota.capacity
        for number in EXTRAS:
            if quota := by_key.get(f"chosen:{number}"):
                self.fill_texts(f"extra_{number}", quota.title)
                self[f"room_{number}"].data = quota.capacity

    def conditions(self) -> Conditions:
        """Return what was typed; the form is valid."""
        rules = Rules(
            home=self.home.data,
            buildings={key: self.places[key] for key in self.buildings.data or []},
            tiers={key: self.names[key] for key in self.tiers.data or []},
            tenure=self.tenure.data,
            pause=self.pause.data,
        )
        windows = {}
        for number, (tier, name) in enumerate(self.names.items()):
            opens, price, seats = (
                self[f"{part}_{number}"].data for part in ("opens", "price", "seats")
            )
            if (opens, price, seats) == (None, None, None):
                continue
            windows[tier] = TierTerms(
                name=name,
                opens_at=from_local(opens, self.project) if opens else self.occurrence.opens_at,
                price=self.occurrence.price if price is None else price * 1000,
                most=seats,
            )
        return Conditions(rules, windows, self.children.data, [self._extra(n) for n in EXTRAS])

    def _extra(self, number: int) -> Extra | None:
        title = self.texts(f"extra_{number}")
        return Extra(title, self[f"room_{number}"].data) if title else None


for _number in EXTRAS:
    setattr(ConditionsForm, f"room_{_number}", _seats(lazy("How many there are")))
    for _language in LANGUAGES:
        _field = StringField(lazy("What members may choose"), [Length(max=40)])
        setattr(ConditionsForm, f"extra_{_number}_{_language}", _field)


def conditions_form(
    occurrence: Occurrence,
    project: ProjectRef,
    buildings: Sequence[BuildingRef],
    tiers: Sequence[TierRef],
    quotas: Sequence[Quota],
) -> ConditionsForm:
    """Return the form for an activity: with the buildings and tiers there are, and with those that
    it names still."""
    rules = Rules.of(occurrence)
    old = {
        quota.key.removeprefix("tier:"): quota.title for quota in quotas if quota.key[:5] == "tier:"
    }
    names = {each.key: dict(each.name) for each in tiers}
    names |= {
        key: dict(name) for key, name in (old | dict(rules.tiers)).items() if key not in names
    }
    fields: dict[str, Any] = {}
    for number in range(len(names)):
        fields[f"opens_{number}"] = DateTimeLocalField(lazy("Registration from"), [Optional()])
        fields[f"price_{number}"] = _seats(lazy("Points a person"))
        fields[f"seats_{number}"] = _seats(lazy("Seats at most"))
    form: ConditionsForm = type("TiersForm", (ConditionsForm,), fields)()
    form.occurrence, form.project, form.names = occurrence, project, names
    form.places = dict(rules.buildings) | {str(each.id): each.name for each in buildings}
    form.buildings.choices = [SelectChoice(*each) for each in form.places.items()]
    form.tiers.choices = [SelectChoice(key, localized(name)) for key, name in names.items()]
    return form
