"""The forms of the scheme editor; each edits one part of a draft."""

from collections.abc import Mapping
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from portal.forms import Form, SelectChoice
from portal.i18n import LANGUAGES, lazy
from portal.tiers.kinds import (
    BenefitKind,
    DownTo,
    Measure,
    PeriodKind,
    Pool,
    Span,
    When,
    WindowKind,
)
from portal.tiers.schema import COLORS, ICONS, ROLES
from portal.tiers.terms import Metric
from portal.tiers.words import BENEFIT_TITLES, CHOICE_TITLES, KIND_TITLES
from portal.words import ROLE_TITLES

_KEY = Regexp(
    r"\A[a-z][a-z0-9_]{0,29}\Z", message=lazy("Use a–z, 0–9 and _, at most 30, a letter first.")
)


def _choices(kind: str, values: Any) -> list[SelectChoice]:
    return [SelectChoice(str(value), CHOICE_TITLES[kind][value]) for value in values]


def _number(label: Any, least: int, most: int) -> IntegerField:
    return IntegerField(label, [InputRequired(), NumberRange(least, most)])


class PartForm(Form):
    """A part of a draft. `revision`: of the draft that was seen; `<name>_<language>`: texts."""

    revision = HiddenField(validators=[DataRequired()])

    def texts(self, name: str) -> dict[str, str]:
        """Return what was typed: {language: text}, empty ones left out."""
        typed = {language: self[f"{name}_{language}"].data for language in LANGUAGES}
        return {language: text for language, text in typed.items() if text}

    def fields_of(self, name: str) -> list[Any]:
        """Return the fields of a text, one a language."""
        return [self[f"{name}_{language}"] for language in LANGUAGES]

    def fill_texts(self, name: str, texts: Mapping[str, str]) -> None:
        """Show texts for editing."""
        for language in LANGUAGES:
            self[f"{name}_{language}"].data = texts.get(language, "")


class SchemeForm(PartForm):
    """A new scheme."""

    revision = HiddenField(default="0")
    key = StringField(lazy("Key"), [DataRequired(), _KEY])
    is_club = BooleanField(lazy("This is the club's tier, shown on the card"))


class SettingsForm(PartForm):
    """When tiers move, and whose figures count."""

    pool = SelectField(
        lazy("Whose figures count"), [InputRequired()], choices=_choices("pool", Pool)
    )
    period = SelectField(lazy("Period"), [InputRequired()], choices=_choices("period", PeriodKind))
    up = SelectField(lazy("Going up"), [InputRequired()], choices=_choices("when", When))
    down_when = SelectField(lazy("Going down"), [InputRequired()], choices=_choices("when", When))
    down_to = SelectField(lazy("Falls"), [InputRequired()], choices=_choices("down_to", DownTo))
    whole_periods = _number(lazy("Whole periods that a tier is valid after the present one"), 0, 12)
    keep_percent = _number(lazy("Percent of a threshold that keeps a tier"), 1, 100)
    grace_days = _number(lazy("Days of grace before a fall"), 0, 730)
    second_chance_days = _number(lazy("Days of a second chance after a fall"), 0, 730)


class MetricForm(PartForm):
    """A figure that conditions use."""

    key = StringField(lazy("Key"), [DataRequired(), _KEY])
    kind = SelectField(
        lazy("What it measures"),
        [InputRequired()],
        choices=[SelectChoice(*each) for each in KIND_TITLES.items()],
    )
    window = SelectField(lazy("Over"), [InputRequired()], choices=_choices("window", WindowKind))
    months = IntegerField(lazy("Months, for a rolling window"), [Optional(), NumberRange(0, 240)])
    span = SelectField(lazy("Calendar unit"), [InputRequired()], choices=_choices("span", Span))
    back = BooleanField(lazy("The period before the present one"))
    roles = SelectMultipleField(
        lazy("Homes in which the member is"),
        [DataRequired(lazy("Choose at least one."))],
        choices=[SelectChoice(role, ROLE_TITLES[role]) for role in ROLES],
        default=Metric.roles,
    )
    currency = SelectField(
        lazy("Points of"),
        [InputRequired()],
        choices=_choices("currency", ("qualifying", "redeemable", "bonus")),
    )
    sources = StringField(
        lazy("Sources of facts, such as event.attended, with spaces between"), [Length(max=400)]
    )
    category = StringField(lazy("Only of this category"), [Length(max=40)])
    measure = SelectField(lazy("Of facts"), [InputRequired()], choices=_choices("measure", Measure))
    per = StringField(lazy("Mean for each of this figure of the fact"), [Length(max=30)])
    round_to = IntegerField(lazy("Mean rounded to (fen)"), [Optional(), NumberRange(1, 10**9)])

    def part(self) -> dict[str, Any]:
        """Return the metric's form."""
        return {
            "key": self.key.data,
            "kind": self.kind.data,
            "name": self.texts("name"),
            "window": {
                "kind": self.window.data,
                "months": self.months.data or 0,
                "span": self.span.data,
                "back": int(bool(self.back.data)),
            },
            "roles": self.roles.data,
            "currency": self.currency.data,
            "sources": (self.sources.data or "").replace(",", " ").split(),
            "category": self.category.data or None,
            "measure": self.measure.data,
            "per": self.per.data or "",
            "round_to": self.round_to.data or 1,
        }

    def fill(self, part: Mapping[str, Any]) -> None:
        """Show a metric for editing."""
        for name in ("key", "kind", "currency", "measure", "per", "round_to", "roles"):
            self[name].data = part[name]
        window = part["window"]
        self.window.data, self.months.data = window["kind"], window["months"]
        self.span.data, self.back.data = window["span"], bool(window["back"])
        self.sources.data, self.category.data = " ".join(part["sources"]), part["category"]
        self.fill_texts("name", part["name"])


class TierForm(PartForm):
    """A tier; its conditions are read beside the form."""

    key = StringField(lazy("Key"), [DataRequired(), _KEY])
    color = SelectField(lazy("Colour"), [InputRequired()], choices=_choices("color", COLORS))
    icon = SelectField(
        lazy("Icon"), [InputRequired()], choices=[SelectChoice(each, each) for each in ICONS]
    )
    own_keep = BooleanField(lazy("Kept by a condition of its own"))


class BenefitForm(PartForm):
    """What a tier gives."""

    key = StringField(lazy("Key"), [DataRequired(), _KEY])
    kind = SelectField(
        lazy("Kind"),
        [InputRequired()],
        choices=[SelectChoice(str(kind), BENEFIT_TITLES[kind]) for kind in BenefitKind],
    )
    icon = SelectField(
        lazy("Icon"), [InputRequired()], choices=[SelectChoice(each, each) for each in ICONS]
    )
    budget = IntegerField(lazy("How many a year, for gifts"), [Optional(), NumberRange(1, 10**9)])
    project = StringField(lazy("Another text in the project (its address)"), [Length(max=40)])

    def keep_others(self, part: Mapping[str, Any]) -> None:
        """Show the texts of all projects but the first in words; they stay as they are."""
        self.others = list(part.get("projects", {}).items())[1:]

    def part(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Return the benefit's form; texts of other projects stay."""
        projects = dict(before.get("projects", {}))
        if self.project.data:
            projects[self.project.data] = self.texts("there")
            if not projects[self.project.data]:
                del projects[self.project.data]
        return {
            "key": self.key.data,
            "kind": self.kind.data,
            "icon": self.icon.data,
            "title": self.texts("title"),
            "text": self.texts("text"),
            "excluded": self.texts("excluded"),
            "budget": self.budget.data,
            "projects": projects,
        }

    def fill(self, part: Mapping[str, Any]) -> None:
        """Show a benefit for editing."""
        for name in ("key", "kind", "icon", "budget"):
            self[name].data = part[name]
        for name in ("title", "text", "excluded"):
            self.fill_texts(name, part[name])
        for slug, texts in list(part["projects"].items())[:1]:
            self.project.data = slug
            self.fill_texts("there", texts)


class ProposeForm(Form):
    """When a draft is to begin."""

    begins_on = DateField(lazy("Begins on"), [DataRequired(lazy("Choose the first day."))])


def _add_texts(form: type[Form], *names: str) -> None:
    for name in names:
        for language, title in LANGUAGES.items():
            setattr(form, f"{name}_{language}", StringField(title, [Length(max=500)]))


_add_texts(SchemeForm, "name")
_add_texts(MetricForm, "name")
_add_texts(TierForm, "name")
_add_texts(BenefitForm, "title", "text", "excluded", "there")
