"""The form of a partner."""

from typing import Any

from wtforms import HiddenField, IntegerField, SelectField, StringField, TextAreaField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Regexp

from plugins.rewards.partners.models import Partner
from plugins.rewards.partners.service import TEXTS, Draft
from plugins.rewards.partners.words import CATEGORIES
from portal.sdk import LANGUAGES, TextsForm, TierRef, gettext, lazy

_MAIN = "zh_Hans_CN"
OFFER_MOST = 120
_LABELS: dict[str, tuple[Any, int]] = {
    "name": (lazy("Name of the partner"), 40),
    "about": (lazy("About the partner"), 1000),
    "address": (lazy("Address of the partner"), 120),
    "way": (lazy("How to get there"), 300),
    "hours": (lazy("Opening hours"), 120),
    "showing": (lazy("How the card is shown"), 200),
}


class PartnerForm(TextsForm):
    """Who it is, where, and what each tier gets there."""

    version = HiddenField()
    category = SelectField(
        lazy("Kind of partner"), [InputRequired()],
        choices=[SelectChoice(key, title) for key, (title, _icon) in CATEGORIES.items()],
    )  # fmt: skip
    phone = StringField(
        lazy("Telephone"),
        [
            Length(max=30),
            Regexp(r"^[0-9+() -]*$", message=lazy("Digits, spaces and + - ( ) only.")),
        ],
    )
    place = IntegerField(
        lazy("Place in the list"), [InputRequired(), NumberRange(1, 9999)], default=100
    )

    def __init__(self, known: list[TierRef], *args: Any, **kwargs: Any) -> None:
        """Offer the tiers that there are, with an offer for each."""
        super().__init__(*args, **kwargs)
        self.tiers = [""] + [each.key for each in known]
        self[f"name_{_MAIN}"].flags.required = True

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the name in the main language, and for offers that are not too long."""
        valid: bool = super().validate(extra_validators)
        if not self[f"name_{_MAIN}"].data:
            name = self[f"name_{_MAIN}"]
            name.errors = [*name.errors, gettext("Write it in Simplified Chinese at least.")]
            valid = False
        self.offers, self.offer_errors = self._read_offers()
        return valid and not self.offer_errors

    def show(self, partner: Partner) -> None:
        """Fill in a partner as it is."""
        for name in TEXTS:
            self.fill_texts(name, getattr(partner, name))
        for name in ("category", "phone", "place", "version"):
            self[name].data = getattr(partner, name)

    def draft(self) -> Draft:
        """Return what was typed; the form is valid."""
        return Draft(
            category=self.category.data,
            phone=(self.phone.data or "").strip(),
            place=self.place.data or 100,
            texts={name: self.texts(name) for name in TEXTS},
            offers=self.offers,
        )

    def _read_offers(self) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
        """Read `offer-<tier>-<language>`; the page keeps what was typed."""
        from flask import request

        found: dict[str, dict[str, str]] = {}
        wrong: dict[str, str] = {}
        for tier in self.tiers:
            texts = {
                language: text
                for language in LANGUAGES
                if (text := request.form.get(f"offer-{tier}-{language}", "").strip())
            }
            if any(len(text) > OFFER_MOST or "\0" in text for text in texts.values()):
                wrong[tier] = gettext("%(most)d characters at most.", most=OFFER_MOST)
            elif texts and _MAIN not in texts:
                wrong[tier] = gettext("Write it in Simplified Chinese at least.")
            elif texts:
                found[tier] = texts
        return found, wrong


for _language in LANGUAGES:
    for _name, (_label, _most) in _LABELS.items():
        _kind = TextAreaField if _most > 250 else StringField
        setattr(PartnerForm, f"{_name}_{_language}", _kind(_label, [Length(max=_most)]))
