"""The forms of moderation: reports, decisions, appeals."""

from typing import Any

from wtforms import IntegerField, RadioField, SelectField, TextAreaField, ValidationError

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from plugins.complaints.forms import check_words
from plugins.complaints.states import ActKind
from plugins.complaints.words import REASONS
from portal.sdk import TextsForm, gettext, lazy

KEEP, NO_SANCTION = "keep", "none"
STAY, TAKE_APART = "stay", "apart"
_REASONS = [SelectChoice(key, title) for key, title in REASONS.items()]


class ReportForm(TextsForm):
    """Why something should be looked at."""

    reason = RadioField(lazy("What is wrong with it"), choices=_REASONS)
    body = TextAreaField(lazy("What the moderator should know"), [Length(max=500), check_words])


class LookForm(TextsForm):
    """What a moderator decides about words, and about who wrote them."""

    act = RadioField(
        lazy("The words"),
        choices=[
            SelectChoice(KEEP, lazy("Leave them, everybody reads them")),
            SelectChoice(ActKind.MASK, lazy("Mask personal numbers, then show them")),
            SelectChoice(ActKind.HIDE, lazy("Hide them: neighbours read that and why")),
        ],
        default=KEEP,
    )
    joined = RadioField(
        lazy("The joining"),
        choices=[
            SelectChoice(STAY, lazy("Leave them joined: it is one trouble")),
            SelectChoice(TAKE_APART, lazy("Take them apart: two troubles")),
        ],
        default=STAY,
    )
    reason = SelectField(lazy("Reason"), choices=[SelectChoice("", "—"), *_REASONS], default="")
    note = TextAreaField(lazy("To the author"), [Length(max=500), check_words])
    sanction = SelectField(
        lazy("The author"),
        choices=[
            SelectChoice(NO_SANCTION, lazy("nothing")),
            SelectChoice(ActKind.WARN, lazy("warn")),
            SelectChoice(ActKind.MUTE, lazy("mute: no replies to others")),
            SelectChoice(ActKind.SUSPEND, lazy("suspend: nothing public")),
        ],
        default=NO_SANCTION,
    )
    days = IntegerField(lazy("For how many days"), [Optional(), NumberRange(1, 365)])

    def validate_reason(self, field: Any) -> None:
        """Ask for a reason wherever something is done."""
        acts = self.act.data != KEEP or self.sanction.data != NO_SANCTION
        if acts and not field.data:
            raise ValidationError(gettext("Choose the reason: the author and the owners read it."))

    def validate_sanction(self, field: Any) -> None:
        """Ask for the days of what ends by itself."""
        if field.data in (ActKind.MUTE, ActKind.SUSPEND) and not self.days.data:
            raise ValidationError(gettext("Say for how many days, 1 to 365."))


class AppealForm(TextsForm):
    """Why an act was wrong."""

    body = TextAreaField(
        lazy("Why it should be looked at again"), [DataRequired(), Length(max=1000), check_words]
    )


class AppealAnswerForm(TextsForm):
    """What the group says to an appeal."""

    verdict = RadioField(
        lazy("Decision"),
        choices=[
            SelectChoice("uphold", lazy("The moderator was right")),
            SelectChoice("overturn", lazy("Undo it")),
        ],
    )
    body = TextAreaField(lazy("Reason"), [DataRequired(), Length(max=1000), check_words])
