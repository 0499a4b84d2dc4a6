"""The questions of an activity: what is asked, of whom, and what may be answered.

They stand with the activity's texts, so that no page needs a statement of its own to ask them.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from plugins.events.models import Event


class Kind(StrEnum):
    """What an answer may be."""

    SHORT = "short"
    LONG = "long"
    ONE = "one"
    SEVERAL = "several"
    YES_NO = "yes_no"
    NUMBER = "number"


class Per(StrEnum):
    """Who answers: the party once, or each person of it."""

    PARTY = "party"
    PERSON = "person"


@dataclass(frozen=True)
class Question:
    """Something that who registers is asked, at every date of an activity.

    `title` and each of the `choices`: by language; an answer has the numbers of the choices, from
    0. One that has answers is not changed any more: it is `retired`, and another takes its place.
    """

    kind: str
    per: str
    required: bool
    title: Mapping[str, str]
    choices: Sequence[Mapping[str, str]] = ()
    retired: bool = False
    key: str = field(default_factory=lambda: secrets.token_hex(5))

    def as_json(self) -> dict[str, Any]:
        """Return the question as the activity's row keeps it."""
        return {**vars(self), "choices": list(self.choices)}

    def asks_as(self, other: "Question") -> bool:
        """Tell whether an answer to the one is an answer to the other."""
        was, mine = self.as_json(), other.as_json()
        return all(was[name] == mine[name] for name in ("kind", "per", "title", "choices"))


def all_questions(event: Event) -> list[Question]:
    """Return every question that was ever asked, in order."""
    return [Question(**each) for each in event.questions or ()]


def questions_of(event: Event) -> list[Question]:
    """Return what is asked today, in order."""
    return [each for each in all_questions(event) if not each.retired]
