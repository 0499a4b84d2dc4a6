"""Answers within later questions: "{q1}" is what was answered to q1, as plain text."""

import re
from collections.abc import Iterator, Mapping

from plugins.surveys.instrument.parts import Question

_PLACE = re.compile(r"\{([a-z][a-z0-9_]{0,29})\}")


def references(text: str) -> frozenset[str]:
    """Return the keys of the questions that a text names."""
    return frozenset(_PLACE.findall(text))


def fill(text: str, told: Mapping[str, str], *, blank: str = "…") -> str:
    """Put answers into a text, once: what an answer itself says in braces stays as it is.

    The result is text, never markup: a template escapes it. `blank` stands for no answer.
    """
    return _PLACE.sub(lambda found: told.get(found[1]) or blank, text)


def piped(question: Question) -> Iterator[str]:
    """Yield the keys that a question's texts name, in its title, its hint and its parts."""
    texts = [question.text, question.hint or {}]
    texts += [each.text for each in question.parts]
    for table in texts:
        for text in table.values():
            yield from sorted(references(text))
