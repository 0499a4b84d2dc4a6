"""The forms of the scheme editor; each edits one part of a draft."""

from collections.abc import Mapping
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms import Form as PlainForm
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from portal.forms import Form, SelectChoice
from portal.i18n import LANGUAGES, gettext, lazy, localized
from portal.projects.queries import all_projects
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
MOST_PROJECTS = 40


def _choices(kind: str, values: Any) -> list[SelectChoice]:
    return [SelectChoice(str(value), CHOICE_TITLES[kind][value]) for value in values]


def _number(label: Any, least: int, most: int) -> IntegerField:
    return IntegerField(label, [InputRequired(), NumberRange(least, most)])


def typed_texts(form: Any, name: str) -> dict[str, str]:
    """Return what was typed: {language: text}, empty ones left out."""
    typed = {language: form[f"{name}_{language}"].data for language in LANGUAGES}
    return {language: text for language, text in typed.items() if text}


class PartForm(Form):
    """A part of a draft. `revision`: of the draft that was seen; `<name>_<language>`: texts."""

    revision = HiddenField(validators=[DataRequired()])

    def texts(self, name: str) -> dict[str, str]:
        """Return what was typed: {language: text}, empty ones left out."""
        return typed_texts(self, name)

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


class NameForm(PartForm):
    """What a scheme is called, and whether it is the club's."""

    revision = HiddenField(default="0")
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


class ThereForm(PlainForm):
    """What a benefit is in one project."""

    project = SelectField(lazy("In the project"), [Optional()])

    def fields_of(self) -> list[Any]:
        """Return the fields of its text, one a language."""
        return [self[f"text_{language}"] for language in LANGUAGES]


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
    there = FieldList(FormField(ThereForm), min_entries=1, max_entries=MOST_PROJECTS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A club's file may name a project that is yet to be made.
        kept = [row.get("project") for row in (kwargs.get("data") or {}).get("there", ())]
        named = {slug: slug for slug in kept if slug}
        named |= {project.slug: localized(project.name) for project in all_projects()}
        self._projects = [
            SelectChoice("", gettext("No project")),
            *(SelectChoice(slug, name) for slug, name in named.items()),
        ]
        self._offer()

    def add_project(self) -> None:
        """Make room for the text of another project."""
        if len(self.there) < MOST_PROJECTS:
            self.there.append_entry()
            self._offer()

    def _offer(self) -> None:
        for row in self.there:
            row.form.project.choices = self._projects

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse two texts for one project."""
        sound = bool(super().validate(extra_validators))
        slugs = [row.form.project.data for row in self.there if row.form.project.data]
        for place, row in enumerate(self.there):
            if row.form.project.data and row.form.project.data in slugs[:place]:
                row.form.project.errors = [gettext("This project has a text above.")]
                sound = False
        return sound

    def part(self) -> dict[str, Any]:
        """Return the benefit's form."""
        rows = [row.form for row in self.there if row.form.project.data]
        projects = {row.project.data: typed_texts(row, "text") for row in rows}
        return {
            "key": self.key.data,
            "kind": self.kind.data,
            "icon": self.icon.data,
            "title": self.texts("title"),
            "text": self.texts("text"),
            "excluded": self.texts("excluded"),
            "budget": self.budget.data,
            "projects": {slug: texts for slug, texts in projects.items() if texts},
        }


def benefit_data(part: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what the form shows of a benefit: its projects' texts, and room for one more."""
    if part is None:
        return None
    shown = {name: part[name] for name in ("key", "kind", "icon", "budget")}
    for name in ("title", "text", "excluded"):
        shown |= {f"{name}_{language}": text for language, text in part[name].items()}
    there = [
        {"project": slug, **{f"text_{language}": text for language, text in texts.items()}}
        for slug, texts in part["projects"].items()
    ]
    return {**shown, "there": [*there, {}][:MOST_PROJECTS]}


class ProposeForm(Form):
    """When a draft is to begin."""

    begins_on = DateField(lazy("Begins on"), [DataRequired(lazy("Choose the first day."))])


def _add_texts(form: type[PlainForm], **longest: int) -> None:
    for name, most in longest.items():
        for language, title in LANGUAGES.items():
            setattr(form, f"{name}_{language}", StringField(title, [Length(max=most)]))


_add_texts(SchemeForm, name=60)
_add_texts(NameForm, name=60)
_add_texts(MetricForm, name=60)
_add_texts(TierForm, name=40)
_add_texts(BenefitForm, title=60, text=500, excluded=300)
_add_texts(ThereForm, text=500)
