"""The life of an activity and of a registration: the states and the steps between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where an activity stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"
    RUNNING = "running"
    ENDED = "ended"
    SETTLED = "settled"
    ARCHIVED = "archived"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Step:
    """A way from some states to another. `reason`: staff must give one."""

    sources: frozenset[State]
    target: State
    reason: bool = False


S = State
_TAKING = frozenset({S.SCHEDULED, S.OPEN, S.CLOSED})
STEPS: Mapping[str, Step] = {
    "submit": Step(frozenset({S.DRAFT}), S.IN_REVIEW),
    "return": Step(frozenset({S.IN_REVIEW}), S.DRAFT, reason=True),
    "approve": Step(frozenset({S.IN_REVIEW}), S.SCHEDULED),
    "open": Step(frozenset({S.SCHEDULED, S.CLOSED}), S.OPEN),
    "close": Step(frozenset({S.OPEN}), S.CLOSED),
    "start": Step(frozenset({S.OPEN, S.CLOSED}), S.RUNNING),
    "end": Step(frozenset({S.RUNNING}), S.ENDED),
    "settle": Step(frozenset({S.ENDED}), S.SETTLED),
    "archive": Step(frozenset({S.SETTLED, S.CANCELLED}), S.ARCHIVED),
    "postpone": Step(_TAKING, S.POSTPONED, reason=True),
    "resume": Step(frozenset({S.POSTPONED}), S.SCHEDULED),
    "cancel": Step(
        frozenset({S.IN_REVIEW, S.POSTPONED, S.RUNNING}) | _TAKING, S.CANCELLED, reason=True
    ),
}

PUBLIC = (S.SCHEDULED, S.OPEN, S.CLOSED, S.RUNNING, S.ENDED, S.SETTLED, S.POSTPONED, S.CANCELLED)
"""What owners see."""
COMING = (S.SCHEDULED, S.OPEN, S.CLOSED, S.RUNNING, S.POSTPONED)
"""What stands in the owners' list; the others are past."""
BEFORE_BEGIN = (S.SCHEDULED, S.OPEN, S.CLOSED)
"""Here places are given and draws held."""
EDITABLE = (S.DRAFT, S.SCHEDULED, S.OPEN, S.CLOSED, S.POSTPONED)


class Seat(StrEnum):
    """Where a registration stands, and each of its seats."""

    PENDING = "pending_approval"
    ENTERED = "ballot_entered"
    WAITING = "waitlisted"
    HELD = "held"
    CONFIRMED = "confirmed"
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    EXCUSED = "excused"
    EXPIRED = "expired"
    DECLINED = "declined"
    NOT_REACHED = "not_reached"
    REJECTED = "rejected"
    NOT_DRAWN = "not_drawn"
    CANCELLED_FREE = "cancelled_free"
    CANCELLED_LATE = "cancelled_late"
    CANCELLED_BY_CLUB = "cancelled_by_club"


class QueueRule(StrEnum):
    """Whom a free seat is offered to: nobody waits; the first, however many they are; the first
    whose whole party fits, while those passed over keep their place; the first again, but what it
    does not need goes to the others."""

    NONE = "none"
    STRICT = "strict"
    SKIP = "skip"
    HOLD = "hold"


IN_ORDER = (QueueRule.STRICT, QueueRule.HOLD)
"""Nobody registers past who waits by these rules."""


class Counts(StrEnum):
    """Whom of a party a quota counts: everybody; everybody of a tier; children; who asks for it."""

    ALL = "all"
    TIER = "tier"
    CHILDREN = "children"
    CHOSEN = "chosen"


BEFORE_SEATS = (Seat.PENDING, Seat.ENTERED, Seat.WAITING)
"""Asked for, drawn for or waited for: these take no seat of a quota yet."""
EXPECTED = (*BEFORE_SEATS, Seat.HELD, Seat.CONFIRMED)
"""What may still be given up; a seat is held while it is offered to who waited."""
AT_THE_DOOR = (Seat.CONFIRMED, Seat.ATTENDED, Seat.NO_SHOW, Seat.EXCUSED)
SEATED = (Seat.HELD, *AT_THE_DOOR)
"""These keep their seats."""
LIVE = (*BEFORE_SEATS, *SEATED)
"""One live registration a person and activity."""
LIVE_SQL = (
    "state IN ('pending_approval', 'ballot_entered', 'waitlisted', 'held', 'confirmed', "
    "'attended', 'no_show', 'excused')"
)
