"""The form of an item."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    DecimalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from plugins.rewards.models import Item
from plugins.rewards.rules import Rules
from plugins.rewards.service import Draft
from plugins.rewards.showing import from_local, points, to_local
from plugins.rewards.states import Kind, Period, Way
from plugins.rewards.words import COVERS, KINDS, PERIODS, WAYS
from portal.sdk import LANGUAGES, TextsForm, TierRef, gettext, lazy, localized

_MAIN = "zh_Hans_CN"
_MOST = 10_000_000
WINDOWS = (1, 2, 3)
_WHO = {
    "": lazy("Every member of the project"),
    "home": lazy("Who has a verified home here"),
    "owner": lazy("Owners and co-owners of a home here"),
}


def _titles(words: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(*word) for word in words.items()]


class ItemForm(TextsForm):
    """What it is, what it costs, how many there are, whom it is for."""

    version = HiddenField()
    kind = SelectField(
        lazy("Kind of item"), [InputRequired()],
        choices=_titles({key: title for key, (title, _icon) in KINDS.items()}), default=Kind.GIFT,
    )  # fmt: skip
    way = SelectField(
        lazy("How it comes to its owner"), [InputRequired()], choices=_titles(WAYS),
        default=Way.COLLECT,
    )  # fmt: skip
    prepared = BooleanField(lazy("Staff get it ready first"), default=True)
    cover = RadioField(lazy("Cover picture"), choices=_titles(COVERS), default="tea")
    price = DecimalField(
        lazy("Points a piece"), [InputRequired(), NumberRange(0, _MOST)], places=None
    )
    counts_stock = BooleanField(lazy("Its pieces are counted"), default=True)
    at_once = IntegerField(
        lazy("Pieces of one order at most"), [InputRequired(), NumberRange(1, 99)], default=1
    )
    member_most = IntegerField(lazy("Pieces a person at most"), [Optional(), NumberRange(1, 999)])
    member_period = SelectField(
        lazy("Counted for a person"), choices=_titles(PERIODS), default=Period.YEAR
    )
    household_most = IntegerField(
        lazy("Pieces a household at most"), [Optional(), NumberRange(1, 999)]
    )
    household_period = SelectField(
        lazy("Counted for a household"), choices=_titles(PERIODS), default=Period.YEAR
    )
    home = RadioField(lazy("Who can have it"), choices=_titles(_WHO), default="")
    tiers = SelectMultipleField(lazy("Only for these tiers"), validate_choice=True, choices=[])
    place = IntegerField(
        lazy("Place in the list"), [InputRequired(), NumberRange(1, 9999)], default=100
    )

    def __init__(
        self, known: list[TierRef], *args: Any, kinds: Collection[Kind] = tuple(Kind), **kwargs: Any
    ) -> None:
        """Offer kinds of items, and the tiers that there are with a price for each."""
        super().__init__(*args, **kwargs)
        self.kind.choices = _titles({key: KINDS[key][0] for key in KINDS if key in kinds})
        self.known = known
        self.tiers.choices = [SelectChoice(each.key, localized(each.name)) for each in known]
        self[f"title_{_MAIN}"].flags.required = True

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the main language, for whole thousandths, and for windows in their order."""
        valid: bool = super().validate(extra_validators)
        if not self[f"title_{_MAIN}"].data:
            said = gettext("Write it in Simplified Chinese at least.")
            valid = self._say(self[f"title_{_MAIN}"], said)
        if self.price.data is not None and not _is_whole(self.price.data * 1000):
            valid = self._say(self.price, gettext("Three digits after the point at most."))
        for number in WINDOWS:
            opens, closes = self[f"opens_{number}"], self[f"closes_{number}"]
            if (opens.data is None) != (closes.data is None):
                valid = self._say(closes, gettext("Give both the beginning and the end."))
            elif opens.data and closes.data:
                if not all(2000 <= each.data.year <= 2100 for each in (opens, closes)):
                    valid = self._say(closes, gettext("Choose a year of this century."))
                elif closes.data <= opens.data:
                    valid = self._say(closes, gettext("The end lies after the beginning."))
        return valid and self._read_prices()

    def show(self, item: Item, time_zone: str) -> None:
        """Fill in an item as it is; windows by the clocks of a zone."""
        for name in ("title", "hint", "about"):
            self.fill_texts(name, getattr(item, name))
        for name in (
            "kind", "way", "prepared", "cover", "at_once", "member_most", "member_period",
            "household_most", "household_period", "place", "version",
        ):  # fmt: skip
            self[name].data = getattr(item, name)
        self.price.data = Decimal(str(points(item.price)))
        self.counts_stock.data = item.stock is not None
        rules = Rules.of(item)
        self.home.data, self.tiers.data = rules.home, list(rules.tiers)
        for number, window in zip(WINDOWS, item.windows, strict=False):
            self[f"opens_{number}"].data = to_local(window.opens_at, time_zone)
            self[f"closes_{number}"].data = to_local(window.closes_at, time_zone)

    def draft(self, time_zone: str) -> Draft:
        """Return what was typed, its times by the clocks of a zone; the form is valid."""
        chosen = {
            each.key: dict(each.name) for each in self.known if each.key in (self.tiers.data or ())
        }
        windows = [
            (from_local(opens, time_zone), from_local(closes, time_zone))
            for number in WINDOWS
            if (opens := self[f"opens_{number}"].data) and (closes := self[f"closes_{number}"].data)
        ]
        return Draft(
            kind=self.kind.data,
            way=self.way.data,
            cover=self.cover.data,
            title=self.texts("title"),
            hint=self.texts("hint"),
            about=self.texts("about"),
            price=int((self.price.data or 0) * 1000),
            prices=self.prices,
            counts_stock=bool(self.counts_stock.data),
            at_once=self.at_once.data or 1,
            member_most=self.member_most.data,
            member_period=self.member_period.data,
            household_most=self.household_most.data,
            household_period=self.household_period.data,
            rules=Rules(self.home.data or "", chosen).as_json(),
            prepared=bool(self.prepared.data),
            place=self.place.data or 100,
            windows=tuple(sorted(windows)),
        )

    def _read_prices(self) -> bool:
        """Read the tiers' own prices: `typed` keeps them as they are for the page."""
        from flask import request

        self.prices: dict[str, int] = {}
        self.price_errors: dict[str, str] = {}
        for each in self.known:
            text = request.form.get(f"price-{each.key}", "").strip()
            if not text:
                continue
            whole, _, part = text.partition(".")
            good = (whole + part).isascii() and (whole + part).isdecimal() and len(part) <= 3
            if not (good and whole and len(whole) <= 8):
                self.price_errors[each.key] = gettext("Write points as a number.")
                continue
            self.prices[each.key] = int(whole) * 1000 + int((part + "000")[:3])
        return not self.price_errors

    def _say(self, field: Any, sentence: str) -> bool:
        field.errors = [*field.errors, sentence]
        return False


def _is_whole(number: Any) -> bool:
    return bool(number == number.to_integral_value())


for _language in LANGUAGES:
    setattr(ItemForm, f"title_{_language}", StringField(lazy("Title"), [Length(max=40)]))
    setattr(ItemForm, f"hint_{_language}", StringField(lazy("One line below it"), [Length(max=60)]))
    setattr(
        ItemForm, f"about_{_language}", TextAreaField(lazy("About this item"), [Length(max=4000)])
    )
for _number in WINDOWS:
    setattr(ItemForm, f"opens_{_number}", DateTimeLocalField(lazy("From"), [Optional()]))
    setattr(ItemForm, f"closes_{_number}", DateTimeLocalField(lazy("Until"), [Optional()]))
