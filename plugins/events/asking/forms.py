"""The form of a question."""

from typing import Any

from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length

from plugins.events.asking.questions import Kind, Per, Question
from plugins.events.asking.words import KINDS, PERS
from portal.sdk import LANGUAGES, TextsForm, gettext, lazy

_MAIN = "zh_Hans_CN"
_LEAST_CHOICES, _MOST_CHOICES, _LONGEST_CHOICE = 2, 20, 60
_CHOOSING = (Kind.ONE, Kind.SEVERAL)


class QuestionForm(TextsForm):
    """What is asked, of whom, and what may be answered."""

    kind = SelectField(
        lazy("Kind of answer"),
        [InputRequired()],
        choices=[SelectChoice(key, title) for key, title in KINDS.items()],
    )
    per = RadioField(
        lazy("Who answers"),
        [InputRequired()],
        choices=[SelectChoice(key, title) for key, title in PERS.items()],
        default=Per.PARTY,
    )
    required = BooleanField(lazy("Nobody registers without answering it"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Mark what the main language needs."""
        super().__init__(*args, **kwargs)
        self[f"title_{_MAIN}"].flags.required = True

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the main language, and for the same choices in each."""
        valid: bool = super().validate(extra_validators)
        if not self[f"title_{_MAIN}"].data:
            said = gettext("Write it in Simplified Chinese at least.")
            valid = self._say(self[f"title_{_MAIN}"], said)
        if self.kind.data not in _CHOOSING:
            return valid
        main = self[f"choices_{_MAIN}"]
        lines = _lines(main.data)
        if not _LEAST_CHOICES <= len(lines) <= _MOST_CHOICES or len(set(lines)) != len(lines):
            valid = self._say(main, gettext("Write 2 to 20 different ones, each on its line."))
        for field in self.fields_of("choices"):
            theirs = _lines(field.data)
            if any(len(line) > _LONGEST_CHOICE for line in theirs):
                said = gettext("Write no more than %(most)s characters.", most=_LONGEST_CHOICE)
                valid = self._say(field, said)
            if theirs and len(theirs) != len(lines):
                said = gettext("As many lines as in Simplified Chinese, in the same order.")
                valid = self._say(field, said)
        return valid

    def show(self, question: Question) -> None:
        """Fill in a question as it is."""
        self.kind.data, self.per.data = question.kind, question.per
        self.required.data = question.required
        self.fill_texts("title", question.title)
        for language in LANGUAGES:
            lines = [each.get(language, "") for each in question.choices]
            self[f"choices_{language}"].data = "\n".join(lines).strip()

    def draft(self) -> Question:
        """Return what was typed; the form is valid."""
        choices: list[dict[str, str]] = []
        if self.kind.data in _CHOOSING:
            by_language = {key: _lines(self[f"choices_{key}"].data) for key in LANGUAGES}
            choices = [
                {key: lines[number] for key, lines in by_language.items() if lines}
                for number in range(len(by_language[_MAIN]))
            ]
        return Question(
            self.kind.data, self.per.data, bool(self.required.data), self.texts("title"), choices
        )

    def _say(self, field: Any, sentence: str) -> bool:
        field.errors = [*field.errors, sentence]
        return False


def _lines(text: str | None) -> list[str]:
    return [line for each in (text or "").splitlines() if (line := each.strip())]


for _language in LANGUAGES:
    setattr(QuestionForm, f"title_{_language}", StringField(lazy("Question"), [Length(max=120)]))
    setattr(
        QuestionForm,
        f"choices_{_language}",
        TextAreaField(lazy("What may be chosen"), [Length(max=2000)]),
    )
