"""The life of a wave: its states, the steps between them, and the words that never change."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a wave stands."""

    DRAFT = "draft"
    REVIEW = "review"
    FROZEN = "frozen"
    FIELD = "field"
    PAUSED = "paused"
    CLOSED = "closed"
    SEALED = "sealed"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Mode(StrEnum):
    """Who can know whose answer it is: the staff, the third party alone, nobody."""

    IDENTIFIED = "identified"
    CONFIDENTIAL = "confidential"
    ANONYMOUS = "anonymous"


class Unit(StrEnum):
    """What answers once."""

    PERSON = "person"
    HOUSEHOLD = "household"


class Stage(StrEnum):
    """How long the home is handed over: not yet, under a year, under two, longer."""

    PROSPECT = "prospect"
    SETTLING = "settling"
    STABLE = "stable"
    SENIOR = "senior"


class SideKind(StrEnum):
    """What an answer is that no small number holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    PHOTO = "photo"


@dataclass(frozen=True)
class Step:
    """A way from some states to another; `permission`: who may go it by hand."""

    sources: frozenset[State]
    target: State
    permission: str


S = State
OPEN = (S.FIELD, S.PAUSED)
"""Between opening and closing."""
DONE = (S.CLOSED, S.SEALED, S.PUBLISHED, S.ARCHIVED)
"""Nobody answers any more."""
SEALED = (S.SEALED, S.PUBLISHED, S.ARCHIVED)
"""No answer changes any more."""

BUILD, RELEASE = "surveys.build", "surveys.release"
STEPS: Mapping[str, Step] = {
    "send": Step(frozenset({S.DRAFT}), S.REVIEW, BUILD),
    "send_back": Step(frozenset({S.REVIEW}), S.DRAFT, BUILD),
    "freeze": Step(frozenset({S.REVIEW}), S.FROZEN, RELEASE),
    "open": Step(frozenset({S.FROZEN}), S.FIELD, RELEASE),
    "pause": Step(frozenset({S.FIELD}), S.PAUSED, RELEASE),
    "resume": Step(frozenset({S.PAUSED}), S.FIELD, RELEASE),
    "close": Step(frozenset(OPEN), S.CLOSED, RELEASE),
    "seal": Step(frozenset({S.CLOSED}), S.SEALED, RELEASE),
    "publish": Step(frozenset({S.SEALED}), S.PUBLISHED, RELEASE),
    "archive": Step(frozenset({S.PUBLISHED}), S.ARCHIVED, RELEASE),
}
