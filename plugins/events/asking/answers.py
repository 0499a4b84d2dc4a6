"""What somebody typed, checked against the questions; and as it is read by others."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plugins.events.asking.questions import Kind, Per, Question
from plugins.events.errors import EventError
from portal.sdk import gettext, localized

Typed = Mapping[str, Sequence[str]]
"""Answers as they come: by `field_key`, a list of what was typed or chosen."""
LONGEST = {Kind.SHORT: 200, Kind.LONG: 1000}
_NUMBER = re.compile(r"-?\d{1,9}")


@dataclass(frozen=True)
class Given:
    """An answer that fits: to which question, of which person ("" for the party), and its value."""

    question: str
    person: str
    value: str


@dataclass(frozen=True)
class Field:
    """A question as a form asks it: once, or of one person."""

    name: str
    question: Question
    typed: Sequence[str]
    error: str = ""

    @property
    def text(self) -> str:
        """What was typed into a field of words or a number."""
        return self.typed[0] if self.typed else ""


@dataclass(frozen=True)
class Sheet:
    """The questions of an activity with what was typed so far; `errors`: by `field_key`."""

    questions: Sequence[Question] = ()
    typed: Typed = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def fields(self, person: str = "") -> list[Field]:
        """Return what is asked of the party, or of a person."""
        per, found = (Per.PERSON if person else Per.PARTY), []
        for each in self.questions:
            if each.per == per:
                key = field_key(each, person)
                typed, error = self.typed.get(key, ()), self.errors.get(key, "")
                found.append(Field(f"answer-{key}", each, typed, error))
        return found


def field_key(question: Question, person: str = "") -> str:
    """Return the key of an answer: the question's, for one person with theirs behind it."""
    return f"{question.key}.{person}" if person else question.key


def check(questions: Sequence[Question], persons: Sequence[str], typed: Typed) -> list[Given]:
    """Return the answers of a party of these persons; of others nothing is kept.

    Raises EventError: QUESTIONS_CHANGED when something answers no question of today, BAD_ANSWERS
    with a sentence for each that does not fit.
    """
    known = {each.key for each in questions}
    if any(key.partition(".")[0] not in known and any(said) for key, said in typed.items()):
        raise EventError("QUESTIONS_CHANGED")
    given, errors = [], {}
    for question in questions:
        for person in persons if question.per == Per.PERSON else [""]:
            key = field_key(question, person)
            try:
                value = _value(question, typed.get(key, ()))
            except ValueError as wrong:
                errors[key] = str(wrong)
                continue
            if value:
                given.append(Given(question.key, person, value))
    if errors:
        raise EventError("BAD_ANSWERS", errors=errors)
    return given


def _value(question: Question, said: Sequence[str]) -> str:
    """Return what is kept of an answer. Raises ValueError with the sentence of what is wrong."""
    kind = Kind(question.kind)
    plain = [text for each in said if (text := _plain(each))]
    if not plain:
        if question.required:
            raise ValueError(gettext("Please answer this."))
        return ""
    if kind in LONGEST:
        most = LONGEST[kind]
        if len(plain[0]) > most:
            raise ValueError(gettext("Write no more than %(most)s characters.", most=most))
        return plain[0]
    if kind == Kind.NUMBER:
        if not _NUMBER.fullmatch(plain[0]):
            raise ValueError(gettext("Write a whole number."))
        return str(int(plain[0]))
    offered = ["yes", "no"] if kind == Kind.YES_NO else [str(n) for n in range(_many(question))]
    if any(each not in offered for each in plain) or (kind != Kind.SEVERAL and len(plain) > 1):
        raise ValueError(gettext("Choose from what is offered."))
    return ",".join(sorted(set(plain), key=offered.index))


def _many(question: Question) -> int:
    return len(question.choices)


def _plain(text: str) -> str:
    return text.replace("\0", "").replace("\r\n", "\n").strip()


def as_typed(question: Question, value: str) -> list[str]:
    """Return a kept answer as a form has it."""
    return value.split(",") if question.kind in (Kind.ONE, Kind.SEVERAL) else [value]


def shown(question: Question, value: str) -> str:
    """Return a kept answer in the reader's words."""
    if question.kind == Kind.YES_NO:
        return gettext("Yes") if value == "yes" else gettext("No")
    if question.kind in (Kind.ONE, Kind.SEVERAL):
        return " · ".join(localized(question.choices[int(number)]) for number in value.split(","))
    return value
