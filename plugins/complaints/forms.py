"""The forms of owners and of staff."""

from collections.abc import Sequence
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from plugins.complaints import screening, text
from plugins.complaints.models import Canned, Category
from plugins.complaints.posting import Draft
from plugins.complaints.states import Frontline, Ring
from plugins.complaints.words import ANSWERS, RINGS
from portal.sdk import HomeRef, PicturesField, StaffRef, TextsForm, gettext, lazy, localized

ELSEWHERE = "elsewhere"
PHOTOS_MOST = 9
REPLY_PHOTOS_MOST = 4


def check_words(form: Any, field: Any) -> None:
    """Refuse texts that say nothing, and those that are made to break pages."""
    if text.is_hostile(field.data or ""):
        raise ValidationError(gettext("There are signs in it that turn or cover other text."))
    if field.data and not text.says_something(field.data):
        raise ValidationError(gettext("Please write it in words."))


def check_title(form: Any, field: Any) -> None:
    """Refuse a title that is too long, as a reader counts."""
    if text.length(field.data or "") > text.TITLE_MOST:
        raise ValidationError(gettext("At most %(most)s characters, please.", most=text.TITLE_MOST))


_WORDS = [DataRequired(), Length(max=text.BODY_MOST), check_words]


class ScreenedForm(TextsForm):
    """Words that neighbours will read: personal numbers in them are masked, or held for a look."""

    personal = StringField()
    numbers: Sequence[str] = ()
    public = True
    screened: tuple[str, ...] = ("body",)

    def for_ring(self, ring: str) -> None:
        """Screen only what neighbours would read."""
        self.public = ring != Ring.PRIVATE

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask once what to do about personal numbers; mask them when that is wanted."""
        if not super().validate(extra_validators):
            return False
        if not self.public:
            return True
        fields = [self[name] for name in self.screened]
        self.numbers = [each for field in fields for each in screening.personal(field.data or "")]
        if self.numbers and self.personal.data == "mask":
            for field in fields:
                field.data = screening.mask(field.data or "")
        elif self.numbers and self.personal.data != "hold":
            self.form_errors.append(
                gettext(
                    "Neighbours would read a number of somebody's: %(numbers)s.",
                    numbers=", ".join(self.numbers[:3]),
                )
            )
            return False
        return True


class ComplaintForm(ScreenedForm):
    """A new complaint."""

    screened = ("title", "body")

    category = SelectField(lazy("What it is about"), [InputRequired()])
    home = SelectField(lazy("Which home or where"), [InputRequired()])
    place = StringField(lazy("Where in the grounds"), [Length(max=80), check_words])
    title = StringField(
        lazy("In one sentence"), [DataRequired(), Length(max=200), check_words, check_title]
    )
    body = TextAreaField(lazy("What is the matter"), _WORDS)
    contractor = StringField(lazy("Contractor"), [Length(max=60), check_words])
    batch = StringField(lazy("Handover batch"), [Length(max=60), check_words])
    photos = PicturesField(lazy("Photos"), most=PHOTOS_MOST)
    ring = RadioField(
        lazy("Who may see who you are"),
        choices=[SelectChoice(key, words[0]) for key, words in RINGS.items()],
        default=Ring.ALIAS,
    )
    show_home = BooleanField(lazy("The project's staff may see my home, to come and look"))

    def offer(self, categories: Sequence[Category], homes: Sequence[HomeRef]) -> None:
        """Offer the project's categories and the member's homes."""
        below = {each.parent_id for each in categories}
        titles = {each.id: localized(each.title) for each in categories}
        self.category.choices = [
            SelectChoice(
                each.key,
                f"{titles[each.parent_id]} · {titles[each.id]}"
                if each.parent_id in titles
                else titles[each.id],
            )
            for each in categories
            if each.id not in below
        ]
        self.home.choices = [
            *(SelectChoice(each.public_id, each.title) for each in homes),
            SelectChoice(ELSEWHERE, gettext("Somewhere in the grounds")),
        ]
        self._categories = {each.key: each for each in categories}
        self._homes = {each.public_id: each for each in homes}

    def validate_place(self, field: Any) -> None:
        """Ask where it is when it is at no home."""
        if self.home.data == ELSEWHERE and not field.data:
            raise ValidationError(gettext("Say where it is."))

    def validate(self, extra_validators: Any = None) -> bool:
        """Screen by the ring that is chosen."""
        self.for_ring(self.ring.data)
        return super().validate(extra_validators)

    def draft(self) -> Draft:
        """Return what was typed; the form is valid."""
        home = self._homes.get(self.home.data)
        return Draft(
            category=self._categories[self.category.data],
            home=home or next(iter(self._homes.values())),
            title=self.title.data or "",
            body=self.body.data or "",
            ring=Ring(self.ring.data),
            frontline=Frontline.HOME if self.show_home.data else Frontline.ALIAS,
            at_home=home is not None,
            place=self.place.data or "",
            contractor=self.contractor.data or "",
            batch=self.batch.data or "",
        )


class WordsForm(TextsForm):
    """A reply, a change of words, a note, a reason: a text."""

    body = TextAreaField(lazy("Your words"), _WORDS)
    quote = HiddenField()


class ReplyForm(ScreenedForm):
    """What an owner says in a thread, with photos."""

    body = TextAreaField(lazy("Your words"), _WORDS)
    quote = HiddenField()
    photos = PicturesField(lazy("Photos"), most=REPLY_PHOTOS_MOST)


class VersionForm(TextsForm):
    """A decision on what the page showed."""

    version = IntegerField(validators=[InputRequired(), NumberRange(1, 2_000_000_000)])


class RatingForm(VersionForm):
    """How satisfied the household is."""

    rating = StringField(lazy("How satisfied are you"))

    def validate_rating(self, field: Any) -> None:
        """Take 1 to 5, and nothing like it."""
        if field.data not in ("1", "2", "3", "4", "5"):
            raise ValidationError(gettext("Choose from 1 to 5."))


class ReasonForm(VersionForm):
    """A decision with its reason."""

    body = TextAreaField(
        lazy("Why"), [DataRequired(lazy("Give a reason.")), Length(max=1000), check_words]
    )


class AnswerForm(VersionForm):
    """An official answer."""

    step = SelectField(
        lazy("What the answer does"),
        choices=[SelectChoice(key, words[0]) for key, words in ANSWERS.items()],
    )
    body = TextAreaField(lazy("Words of the answer"), _WORDS)


class DayForm(TextsForm):
    """A day that is otherwise than in the national calendar."""

    day = DateField(lazy("Day"), [InputRequired()])
    working = RadioField(
        lazy("This day is"),
        choices=[SelectChoice("yes", lazy("a workday")), SelectChoice("no", lazy("a day off"))],
        default="no",
    )
    note = StringField(lazy("Why"), [DataRequired(), Length(max=60), check_words])

    def validate_day(self, field: Any) -> None:
        """Take days that a deadline may reach."""
        if field.data and not 2000 <= field.data.year <= 2100:
            raise ValidationError(gettext("Choose a year of this century."))


class CannedForm(TextsForm):
    """A text to begin an answer with."""

    step = SelectField(
        lazy("For which answer"),
        choices=[SelectChoice(key, words[0]) for key, words in ANSWERS.items()],
    )
    title = StringField(lazy("Name of the text"), [DataRequired(), Length(max=60)])
    body = TextAreaField(lazy("Text"), _WORDS)

    def row(self, project_id: int) -> Canned:
        """Return what was typed as a row."""
        return Canned(
            project_id=project_id,
            step=self.step.data,
            title=self.title.data or "",
            body=self.body.data or "",
        )


class CategoryForm(TextsForm):
    """A category, and how many business hours its solution may take."""

    resolution_hours = IntegerField(
        lazy("Business hours for a solution"), [InputRequired(), NumberRange(1, 2000)]
    )
    parent = SelectField(lazy("Below"), default="")
    active = BooleanField(lazy("Offered to owners"), default=True)
    handler = SelectField(lazy("New complaints of it come to"), default="")

    def offer(self, tops: Sequence[Category], colleagues: Sequence[StaffRef]) -> None:
        """Offer the categories that others may stand below, and who works with complaints here."""
        self.handler.choices = [
            SelectChoice("", gettext("nobody: they are queued")),
            *(SelectChoice(each.public_id, each.name) for each in colleagues),
        ]
        self.parent.choices = [
            SelectChoice("", gettext("nothing: it stands by itself")),
            *(SelectChoice(each.key, localized(each.title)) for each in tops),
        ]

    def validate_title_zh_Hans_CN(self, field: Any) -> None:  # noqa: N802 - named like the field
        """Ask for the main language."""
        if not field.data:
            raise ValidationError(gettext("Write it in Simplified Chinese at least."))


for _language in ("zh_Hans_CN", "zh_Hant", "en"):
    setattr(CategoryForm, f"title_{_language}", StringField(lazy("Title"), [Length(max=40)]))
