"""The forms of hand-over and of who stands in."""

from collections.abc import Sequence

from wtforms import DateField, SelectField, TextAreaField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length

from plugins.complaints.forms import check_words
from portal.sdk import TextsForm, gettext, lazy

Choices = Sequence[tuple[str, str]]


class HandOverForm(TextsForm):
    """Whose cases go to whom, and why."""

    holder = SelectField(lazy("All running cases of"), [InputRequired()])
    to = SelectField(lazy("Go to"), [InputRequired()])
    body = TextAreaField(
        lazy("Why"), [DataRequired(lazy("Give a reason.")), Length(max=500), check_words]
    )

    def offer(self, holders: Choices, takers: Choices) -> None:
        """Offer who has cases, and who may get them."""
        self.holder.choices = [SelectChoice(*each) for each in holders]
        self.to.choices = _asked(takers)


class StandInForm(TextsForm):
    """Who gets whose new complaints, from when until when."""

    absent = SelectField(lazy("Who is away"), [InputRequired()])
    taker = SelectField(lazy("Who gets new complaints"), [InputRequired()])
    since = DateField(lazy("First day away"), [InputRequired()])
    until = DateField(lazy("Last day away"), [InputRequired()])

    def offer(self, absent: Choices, takers: Choices) -> None:
        """Offer whose absence the reader may note down, and who may stand in."""
        self.absent.choices = [SelectChoice(*each) for each in absent]
        self.taker.choices = _asked(takers)


def _asked(choices: Choices) -> list[SelectChoice]:
    return [SelectChoice("", gettext("choose")), *(SelectChoice(*each) for each in choices)]
