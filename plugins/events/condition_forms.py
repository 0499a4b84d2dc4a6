"""The form of an activity's conditions."""

from collections.abc import Sequence
from typing import Any

from wtforms import IntegerField, SelectField, SelectMultipleField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import NumberRange, Optional

from plugins.events.eligibility import Rules
from portal.sdk import BuildingRef, TextsForm, TierRef, lazy, localized

_HOMES = [
    SelectChoice("", lazy("Anybody who sees the activity")),
    SelectChoice("home", lazy("Residents with a verified home here")),
    SelectChoice("owner", lazy("Owners and co-owners of a home here")),
]


class ConditionsForm(TextsForm):
    """Whom an activity is for."""

    home = SelectField(lazy("Who may register"), choices=_HOMES)
    buildings = SelectMultipleField(lazy("Only residents of these buildings"))
    tiers = SelectMultipleField(lazy("Only members of these tiers"))
    tenure = IntegerField(
        lazy("Months with a home here, at least"), [Optional(), NumberRange(1, 600)]
    )
    pause = IntegerField(
        lazy("Months since they last came to it, at least"), [Optional(), NumberRange(1, 120)]
    )

    def __init__(
        self,
        buildings: Sequence[BuildingRef],
        tiers: Sequence[TierRef],
        shown: Rules,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Offer the buildings and tiers there are, and those that `shown` names still."""
        super().__init__(*args, **kwargs)
        self._buildings = dict(shown.buildings) | {str(each.id): each.name for each in buildings}
        self._tiers = {key: dict(name) for key, name in shown.tiers.items()} | {
            each.key: dict(each.name) for each in tiers
        }
        self.buildings.choices = [SelectChoice(*each) for each in self._buildings.items()]
        self.tiers.choices = [
            SelectChoice(key, localized(name)) for key, name in self._tiers.items()
        ]

    def show(self, rules: Rules) -> None:
        """Fill in the conditions as they are."""
        self.home.data, self.tenure.data, self.pause.data = rules.home, rules.tenure, rules.pause
        self.buildings.data, self.tiers.data = list(rules.buildings), list(rules.tiers)

    def rules(self) -> Rules:
        """Return what was chosen; the form is valid."""
        return Rules(
            home=self.home.data,
            buildings={key: self._buildings[key] for key in self.buildings.data or []},
            tiers={key: self._tiers[key] for key in self.tiers.data or []},
            tenure=self.tenure.data,
            pause=self.pause.data,
        )
