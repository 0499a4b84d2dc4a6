"""The kinds of care, how often it comes, and the life of a task."""

from enum import StrEnum


class Care(StrEnum):
    """What is done for a member."""

    CALL = "call"
    VISIT = "visit"
    GIFT = "gift"
    DINNER = "dinner"
    OTHER = "other"


class Rhythm(StrEnum):
    """What it goes by: days or months since the last time, or a day of every year."""

    DAYS = "days"
    MONTHS = "months"
    BIRTHDAY = "birthday"
    JOINED = "joined"
    HANDOVER = "handover"


COUNTED = (Rhythm.DAYS, Rhythm.MONTHS)
"""Counted from the last time; the others come once a year."""


class TaskState(StrEnum):
    """Where a task stands; closed: nobody needs it any more."""

    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What came of a task that was done."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    DECLINED = "declined"


class Closing(StrEnum):
    """Why a task was closed without being done."""

    MOVED_OUT = "moved_out"
    TIER_CHANGED = "tier_changed"
    NO_LONGER_WANTED = "no_longer_wanted"
    RULE_ENDED = "rule_ended"
    MISSED = "missed"
    ERASED = "erased"


class Act(StrEnum):
    """A step in the life of a task."""

    PLANNED = "planned"
    TAKEN = "taken"
    ASSIGNED = "assigned"
    GIVEN_BACK = "given_back"
    POSTPONED = "postponed"
    DONE = "done"
    SKIPPED = "skipped"
    UNDONE = "undone"
    CLOSED = "closed"
    ESCALATED = "escalated"
