"""The forms of owners, friends and staff."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)
from wtforms.widgets import CheckboxInput, ListWidget

from plugins.referrals.measures.words import draft_lines
from plugins.referrals.models import PROTECTION_DAYS, Campaign
from plugins.referrals.models.rewards import Kind, RewardLine
from plugins.referrals.reward_forms import PromisesForm
from plugins.referrals.rules import Draft
from plugins.referrals.states import Buyer
from plugins.referrals.words import BUYERS, SEEN
from portal.sdk import (
    LANGUAGES,
    PhoneError,
    ProjectRef,
    TextsForm,
    gettext,
    lazy,
    normalize_phone,
    now,
)

_MAIN = "zh_Hans_CN"
_SUM = (Optional(), NumberRange(0, 10_000_000_000))
NUMBERS = (
    "visit_days", "subscribe_days", "known_days", "notice_minutes", "answer_minutes",
    "consent_hours", "most_a_day",
)  # fmt: skip


def _choices(words: Mapping[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(*word) for word in words.items()]


class _PhoneForm(TextsForm):
    phone = StringField(lazy("Mobile number"), [InputRequired(), Length(max=30)])

    def validate_phone(self, field: Any) -> None:
        """Read the number, however it was typed."""
        try:
            self.number = normalize_phone(field.data)
        except PhoneError as error:
            raise ValidationError(
                gettext("This is no mobile number that we can use here.")
            ) from error


class InviteForm(_PhoneForm):
    """An owner invites a friend: the number, and how to address the friend, which is not kept."""

    greeting = StringField(lazy("How you address your friend"), [Optional(), Length(max=30)])


class NumberForm(_PhoneForm):
    """The number to which a friend has a code sent."""


class ConsentForm(TextsForm):
    """A friend agrees: the code that proves the number, the name, and an explicit yes."""

    code = StringField(lazy("Code from the text message"), [InputRequired(), Length(max=12)])
    name = StringField(lazy("Your name"), [DataRequired(), Length(max=40)])
    agree = BooleanField(lazy("I agree"), [InputRequired()])

    def validate_agree(self, field: Any) -> None:
        """Ask for the yes itself."""
        if not field.data:
            raise ValidationError(gettext("Tick the box if you agree; without it nothing is kept."))


class RulesForm(PromisesForm):
    """A version of the rules."""

    starts_at = DateTimeLocalField(lazy("In force from"), [InputRequired()])
    ends_at = DateTimeLocalField(lazy("In force until"), [Optional()])
    protection_days = SelectField(
        lazy("Days of protection"),
        [InputRequired()],
        choices=[SelectChoice(days, str(days)) for days in PROTECTION_DAYS],
        coerce=int,
        default=30,
    )
    visit_days = IntegerField(
        lazy("Days until the first visit"), [InputRequired(), NumberRange(1, 365)], default=15
    )
    subscribe_days = IntegerField(
        lazy("Days from the visit to the choice of a home"),
        [InputRequired(), NumberRange(1, 730)],
        default=60,
    )
    known_days = IntegerField(
        lazy("Days for which a known customer counts"),
        [InputRequired(), NumberRange(0, 730)],
        default=90,
    )
    notice_minutes = IntegerField(
        lazy("Minutes between report and visit"),
        [InputRequired(), NumberRange(0, 1440)],
        default=30,
    )
    answer_minutes = IntegerField(
        lazy("Minutes in which the staff answer"),
        [InputRequired(), NumberRange(5, 10080)],
        default=120,
    )
    consent_hours = IntegerField(
        lazy("Hours for which an invitation waits"),
        [InputRequired(), NumberRange(1, 720)],
        default=72,
    )
    most_a_day = IntegerField(
        lazy("Friends that an owner may report a day"),
        [InputRequired(), NumberRange(1, 500)],
        default=20,
    )
    kin = SelectMultipleField(
        lazy("Who may sign in the friend's place"),
        choices=[
            SelectChoice(key, word)
            for key, word in BUYERS.items()
            if key not in (Buyer.FRIEND, Buyer.OTHER)
        ],
        default=[Buyer.SPOUSE, Buyer.PARENT, Buyer.CHILD],
        widget=ListWidget(),
        option_widget=CheckboxInput(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Mark what the main language needs."""
        super().__init__(*args, **kwargs)
        for name in ("title", "promise"):
            self[f"{name}_{_MAIN}"].flags.required = True

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the main language, and for days in their order."""
        valid: bool = super().validate(extra_validators)
        for name in ("title", "promise"):
            field = self[f"{name}_{_MAIN}"]
            if not field.data:
                field.errors = [gettext("Write it in Simplified Chinese at least.")]
                valid = False
        starts, ends = self.starts_at.data, self.ends_at.data
        for field in (self.starts_at, self.ends_at):
            if field.data and not 2000 <= field.data.year <= 2100:
                field.errors = [gettext("Choose a year of this century.")]
                valid = False
        if starts and ends and ends <= starts:
            self.ends_at.errors = [gettext("The end lies after the beginning.")]
            valid = False
        return valid

    def show(
        self, found: Campaign | Draft | None, lines: Sequence[RewardLine], project: ProjectRef
    ) -> None:
        """Fill in the version that is to be followed with its rewards, from a moment on."""
        self.show_promises(found, lines)
        soon = (now() + timedelta(minutes=5)).astimezone(ZoneInfo(project.time_zone))
        self.starts_at.data = soon.replace(tzinfo=None, second=0, microsecond=0)
        if found is None:
            return
        for name in ("title", "promise"):
            self.fill_texts(name, getattr(found, name))
        for name in (*NUMBERS, "protection_days", "kin"):
            self[name].data = getattr(found, name)

    def show_draft(self, found: Draft, project: ProjectRef) -> None:
        """Fill in a draft as it was typed."""
        self.show(found, draft_lines(found.promises), project)
        zone = ZoneInfo(project.time_zone)
        for name in ("starts_at", "ends_at"):
            at = getattr(found, name)
            self[name].data = at.astimezone(zone).replace(tzinfo=None) if at else None

    def draft(self, project: ProjectRef) -> Draft:
        """Return what was typed; the form is valid."""
        zone = ZoneInfo(project.time_zone)
        starts, ends = self.starts_at.data or now(), self.ends_at.data
        return Draft(
            title=self.texts("title"),
            promise=self.texts("promise"),
            starts_at=starts.replace(tzinfo=zone),
            ends_at=ends.replace(tzinfo=zone) if ends else None,
            protection_days=self.protection_days.data,
            kin=self.kin.data or [],
            promises=self.promises(),
            cap_points=self.cap(Kind.POINTS),
            cap_cash=self.cap(Kind.CASH),
            month_fee=self.fee(),
            shares=self.parts(),
            **{name: self[name].data for name in NUMBERS},
        )


for _language in LANGUAGES:
    setattr(RulesForm, f"title_{_language}", StringField(lazy("Title"), [Length(max=60)]))
    setattr(
        RulesForm,
        f"promise_{_language}",
        TextAreaField(lazy("What owners and friends get"), [Length(max=1000)]),
    )


class SumsForm(TextsForm):
    """What a home costs, and how large it is."""

    price = DecimalField(lazy("Price of the contract, yuan"), _SUM, places=2)
    area = DecimalField(lazy("Floor area, square metres"), _SUM, places=2)

    def hundredths(self, name: str) -> int | None:
        """Return a price in fen, an area in hundredths; None where nothing was typed."""
        return int(self[name].data * 100) if self[name].data else None


class StageForm(SumsForm):
    """A stage of the sale with its day and its proof."""

    on = DateField(lazy("Day"), [InputRequired()])
    buyer = RadioField(lazy("Who signs"), [Optional()], choices=_choices(BUYERS))
    building = StringField(lazy("Building"), [Optional(), Length(max=40)])
    evidence = StringField(lazy("Number of the paper, or what proves it"), [Length(max=200)])


class PriceForm(SumsForm):
    """Price and area of a home that was chosen, entered later or corrected."""

    words = StringField(lazy("Reason"), [InputRequired(), Length(max=200)])


class KnownForm(TextsForm):
    """Numbers that the sales office knows: only their keyed hashes are kept."""

    seen = RadioField(lazy("How they are known"), choices=_choices(SEEN), default="visit")
    seen_on = DateField(lazy("Day"), [InputRequired()])
    numbers = TextAreaField(
        lazy("Mobile numbers, one a line"), [InputRequired(), Length(max=40_000)]
    )


class StagesForm(TextsForm):
    """Stages from the sales system, as lines."""

    rows = TextAreaField(lazy("Lines with commas"), [InputRequired(), Length(max=60_000)])
