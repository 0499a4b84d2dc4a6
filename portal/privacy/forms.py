"""Forms about one's data and the club's terms."""

from typing import Any

from wtforms import BooleanField, IntegerField, RadioField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from portal.forms import Form, SelectChoice
from portal.i18n import lazy
from portal.personal_data import RetentionRule
from portal.privacy.service import (
    LEAST_WAITING,
    MOST_DAYS,
    MOST_WAITING,
    REFUSAL_REASONS,
    STAFF_REASONS,
)
from portal.privacy.words import REASON_TITLES

NOTE_MAX = 400


class ErasureForm(Form):
    """The member has read what goes, and wants it."""

    understood = BooleanField(
        lazy("I have read what is erased and what stays, and want to be erased."),
        [DataRequired(lazy("Please tick this to go on."))],
    )


class StartForm(Form):
    """Staff ask for a member's erasure."""

    reason = RadioField(
        lazy("Why"),
        [InputRequired(lazy("Choose why."))],
        choices=[SelectChoice(str(value), REASON_TITLES[value]) for value in STAFF_REASONS],
    )
    note = TextAreaField(
        lazy("What shows it"),
        [DataRequired(lazy("Say what shows it.")), Length(min=5, max=NOTE_MAX)],
    )


class StopForm(Form):
    """Staff stop an erasure."""

    reason = RadioField(
        lazy("Why"),
        [InputRequired(lazy("Choose why."))],
        choices=[SelectChoice(str(value), REASON_TITLES[value]) for value in REFUSAL_REASONS],
    )
    note = TextAreaField(lazy("Remark"), [Length(max=NOTE_MAX)])


class TermsForm(Form):
    """How long an erasure waits, and how long rows are kept; a field for each rule."""

    waiting_days = IntegerField(
        lazy("Waiting period of an erasure, in days"),
        [
            InputRequired(lazy("Give a number of days.")),
            NumberRange(LEAST_WAITING, MOST_WAITING),
        ],
    )


def terms_form(rules: list[RetentionRule], **values: Any) -> TermsForm:
    """Return the form with a field `days_<rule>` for each rule."""
    fields = {
        f"days_{rule.key}": IntegerField(
            rule.title,
            [
                InputRequired(lazy("Give a number of days.")),
                NumberRange(rule.least_days, MOST_DAYS),
            ],
        )
        for rule in rules
    }
    made: type[TermsForm] = type("TermsFormOfRules", (TermsForm,), fields)
    return made(**values)
