"""Answers in the reader's words: for the page before sending, and within later questions."""

from collections.abc import Callable, Mapping
from datetime import date

from plugins.surveys.instrument.conditions import Answer
from plugins.surveys.instrument.parts import Instrument, Kind, Question, Texts
from plugins.surveys.instrument.piping import fill
from portal.sdk import gettext, localized

Say = Callable[[Texts | None], str]


def sayer(instrument: Instrument, answers: Mapping[str, Answer]) -> Say:
    """Return a function that says a text in the reader's language, with answers put into it."""
    told = {
        key: brief(instrument.by_key[key], answer)
        for key, answer in answers.items()
        if key in instrument.by_key
    }
    return lambda texts: fill(localized(texts), told) if texts else ""


def brief(question: Question, answer: Answer) -> str:
    """Return an answer in one line."""
    return " · ".join(lines(question, answer))


def lines(question: Question, answer: Answer | None, say: Say | None = None) -> list[str]:
    """Return an answer as lines to read; nothing for one that was skipped."""
    if answer is None:
        return []
    value, speak = answer.value, say or (lambda texts: localized(texts) if texts else "")
    if value is None:
        return [gettext("Does not apply")]
    if question.kind == Kind.PHOTO:
        return [gettext("A photo")]
    if isinstance(value, Mapping):
        return [
            f"{speak(row.text)}: {_scaled(value[row.key])}"
            for row in question.rows
            if row.key in value
        ]
    if isinstance(value, tuple) or question.options:
        keys = value if isinstance(value, tuple) else (value,)
        return [_option(question, key, answer.text, speak) for key in keys]
    return [value.isoformat() if isinstance(value, date) else str(value)]


def _scaled(value: int | None) -> str:
    return gettext("Does not apply") if value is None else str(value)


def _option(question: Question, key: object, words: str, speak: Say) -> str:
    option = question.option(key)
    text = speak(option.text) if option else str(key)
    return f"{text} ({words})" if words and option and option.other else text
