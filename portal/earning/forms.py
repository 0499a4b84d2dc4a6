"""The forms of rule books: a rule without JSON, publishing, and a dry run."""

from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from portal.earning import words
from portal.earning.fields import COMMON
from portal.earning.sources import known_sources
from portal.forms import Form, SelectChoice, tidy
from portal.i18n import gettext, lazy

CONDITIONS, WAYS, LIMITS = 3, 2, 3
MOST_LIMITS = 6
MOST_ROWS = MOST_WAYS = 12
"""What the form can show of a condition; one with more stays as it is."""
NOTHING = ""


def _choices(titles: Any, *, empty: str | None = None) -> list[SelectChoice]:
    first = [] if empty is None else [SelectChoice(NOTHING, empty)]
    return [*first, *(SelectChoice(str(key), str(title)) for key, title in titles.items())]


class ConditionForm(PlainForm):
    """One comparison; without a field it is not there."""

    field = SelectField(lazy("What"), [Optional()])
    op = SelectField(lazy("How"), [Optional()])
    negated = BooleanField(lazy("not"))
    value = StringField(lazy("Value"), [Length(max=400)], filters=[tidy])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = {field.key: field.title for field in COMMON}
        for source in known_sources().values():
            fields |= {field.key: field.title for field in source.fields}
        self.field.choices = _choices(fields, empty=gettext("No condition"))
        self.op.choices = _choices(words.COMPARISONS)


class WayForm(PlainForm):
    """One way to fulfil a rule's condition: comparisons that hold together."""

    conditions = FieldList(FormField(ConditionForm), min_entries=CONDITIONS, max_entries=MOST_ROWS)


class LimitForm(PlainForm):
    """One limit; without a number it is not there."""

    times = IntegerField(lazy("Times"), [Optional(), NumberRange(1, 1_000_000)])
    points = StringField(lazy("Points"), [Length(max=20)], filters=[tidy])
    period = SelectField(lazy("In"), [Optional()])
    per = SelectField(lazy("Counted for"), [Optional()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.period.choices = _choices(words.PERIODS)
        self.per.choices = _choices(words.PERS)


class RuleForm(Form):
    """A rule: on what, under which conditions, how many points, where to, and what limits it."""

    key = StringField(
        lazy("Key"),
        [
            InputRequired(lazy("Enter a short key, such as welcome.")),
            Regexp(
                r"^[a-z][a-z0-9_-]{0,23}$",
                message=lazy("Small letters, digits, - and _, at most 24, a letter first."),
            ),
        ],
    )
    title_zh = StringField(
        lazy("Name in Simplified Chinese"),
        [InputRequired(lazy("Enter what owners read beside the points.")), Length(max=60)],
    )
    title_hant = StringField(lazy("Name in Traditional Chinese"), [Length(max=60)])
    title_en = StringField(lazy("Name in English"), [Length(max=60)])
    source = SelectField(lazy("When this happens"), [InputRequired()])
    effect = SelectField(lazy("The rule"), [InputRequired()])
    ways = FieldList(FormField(WayForm), min_entries=WAYS, max_entries=MOST_WAYS)
    kind = SelectField(lazy("How the points are reckoned"), [InputRequired()])
    points = StringField(lazy("Points"), [Length(max=20)])
    divisor = StringField(lazy("For each so many yuan"), [Length(max=20)])
    rounding = SelectField(lazy("Rounding"), [Optional()])
    rates = TextAreaField(lazy("Rates by category"), [Length(max=1000)])
    bands = TextAreaField(lazy("Bands"), [Length(max=1000)])
    steps = StringField(lazy("Points of the first, second, third time"), [Length(max=300)])
    tiers = TextAreaField(lazy("Factors by tier"), [Length(max=1000)])
    campaigns = TextAreaField(lazy("Campaigns"), [Length(max=1000)])
    to = SelectMultipleField(
        lazy("Posted to"), [InputRequired(lazy("Choose where the points go."))]
    )
    limits = FieldList(FormField(LimitForm), min_entries=LIMITS, max_entries=MOST_LIMITS)
    budget_code = StringField(lazy("Campaign budget: its key"), [Length(max=24)])
    budget_points = StringField(lazy("Campaign budget: points in all"), [Length(max=20)])
    pending = SelectField(lazy("Available"), [Optional()])
    pending_days = IntegerField(lazy("Days"), [Optional(), NumberRange(1, 3650)])
    pending_until = SelectField(lazy("With the event"), [Optional()])
    pending_same = SelectField(lazy("Of the same"), [Optional()])
    pending_percent = IntegerField(lazy("Percent at least"), [Optional(), NumberRange(1, 100)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = {key: source.title for key, source in known_sources().items()}
        for kept in (self.source, self.pending_until):
            if kept.data and kept.data not in sources:
                sources[kept.data] = kept.data
        self.source.choices = _choices(sources)
        self.pending_until.choices = _choices(sources)
        self.effect.choices = _choices(words.EFFECTS)
        self.kind.choices = _choices(words.FORMULAS)
        self.rounding.choices = _choices(words.ROUNDINGS)
        self.to.choices = _choices(words.CURRENCIES)
        self.pending.choices = _choices(
            {
                "": lazy("At once"),
                "days": lazy("Some days after the event"),
                "until": lazy("With a later event"),
            }
        )
        self.pending_same.choices = _choices(words.SAMES)

    def make_room(self) -> None:
        """Add a line to each way, a way, and a limit, as far as there may be more."""
        for way in self.ways:
            if len(way.form.conditions) < MOST_ROWS:
                way.form.conditions.append_entry()
        if len(self.ways) < MOST_WAYS:
            self.ways.append_entry()
        if len(self.limits) < MOST_LIMITS:
            self.limits.append_entry()


class ProposeForm(Form):
    """From when on the draft would count, and whether it corrects the past."""

    begins_on = DateField(
        lazy("Counts from"), [InputRequired(lazy("Choose the first day of these rules."))]
    )
    correction = BooleanField(
        lazy("This corrects the past: a colleague who did not write it agrees")
    )
    note = StringField(lazy("What changes, and why"), [Length(max=300)])


class BacktestForm(Form):
    """The days whose facts a draft is replayed on."""

    since = DateField(lazy("From"), [InputRequired(lazy("Choose the first day."))])
    until = DateField(lazy("Until"), [InputRequired(lazy("Choose the last day."))])


class TryForm(Form):
    """A fact that has not happened: what would the rules make of it?"""

    card = StringField(
        lazy("Card number of a member"), [InputRequired(lazy("Enter the 8 digits of a card."))]
    )
    source = SelectField(lazy("What happens"), [InputRequired()])
    on = DateField(lazy("On"), [InputRequired(lazy("Choose a day."))])
    amount = StringField(lazy("Amount in yuan"), [Length(max=20)])
    category = StringField(lazy("Category"), [Length(max=40)])
    more = StringField(lazy("Further facts"), [Length(max=300)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = {key: source.title for key, source in known_sources().items()}
        self.source.choices = _choices(titles)


__all__ = [
    "NOTHING",
    "BacktestForm",
    "ConditionForm",
    "LimitForm",
    "ProposeForm",
    "RuleForm",
    "TryForm",
    "WayForm",
]
