"""The life of a case: its states, the steps between them, who may take each, and the levels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class State(StrEnum):
    """Where a case stands. `queued`: handed in, and in nobody's charge yet; its clocks run."""

    QUEUED = "queued"
    OPEN = "open"
    ACKED = "acked"
    IN_PROGRESS = "in_progress"
    WAITING_OWNER = "waiting_owner"
    PROPOSED = "proposed"
    CLOSED_SATISFIED = "closed_satisfied"
    CLOSED_UNSATISFIED = "closed_unsatisfied"
    CLOSED_LAPSED = "closed_lapsed"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


class Level(IntEnum):
    """Who is answerable for a case; within a round it only rises."""

    PROJECT = 0
    CITY = 1
    GROUP = 2
    LEADER = 3


class Ring(StrEnum):
    """What neighbours see: the complaint under an alias, with the home, or nothing at all."""

    ALIAS = "alias"
    HOME = "home"
    PRIVATE = "private"


class Frontline(StrEnum):
    """What the staff of the project see of the owner."""

    ALIAS = "alias"
    HOME = "home"


class Kind(StrEnum):
    """What a post is: an owner's words, the official answer, a note among the staff."""

    REPLY = "reply"
    OFFICIAL = "official"
    NOTE = "note"


class PostState(StrEnum):
    """Whether a post is shown."""

    SHOWN = "shown"
    HELD = "held"
    HIDDEN = "hidden"


class ReviewState(StrEnum):
    """What came of a moderator's look."""

    OPEN = "open"
    KEPT = "kept"
    HIDDEN = "hidden"


class ActKind(StrEnum):
    """What a moderator does. The last three are about a member, the others about words."""

    HOLD = "hold"
    RELEASE = "release"
    HIDE = "hide"
    SHOW = "show"
    MASK = "mask"
    REDACT = "redact"
    LOCK = "lock"
    UNLOCK = "unlock"
    MERGE = "merge"
    UNMERGE = "unmerge"
    LIFT = "lift"
    WARN = "warn"
    MUTE = "mute"
    SUSPEND = "suspend"


class AppealState(StrEnum):
    """Whether the member concerned has asked the group, and what it said."""

    NONE = "none"
    OPEN = "open"
    UPHELD = "upheld"
    OVERTURNED = "overturned"


class Veil(StrEnum):
    """Whether neighbours read a public complaint, or only that it is there."""

    NONE = ""
    HELD = "held"
    HIDDEN = "hidden"


class PromiseState(StrEnum):
    """What became of a promise."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"


class Stage(StrEnum):
    """How far a burst of complaints has come; it only goes on."""

    WATCH = "watch"
    ALERT = "alert"
    PLAN = "plan"
    STOOD_DOWN = "stood_down"


class By(StrEnum):
    """Who takes a step."""

    OWNER = "owner"
    STAFF = "staff"
    CENTRE = "centre"
    CLOCK = "clock"


@dataclass(frozen=True)
class Step:
    """A way from some states to another; without a target the state stays as it is."""

    sources: frozenset[State]
    target: State | None
    by: frozenset[By]


S = State
LIVE = (S.QUEUED, S.OPEN, S.ACKED, S.IN_PROGRESS, S.WAITING_OWNER, S.PROPOSED)
"""These are not over."""
HANDLED = (S.QUEUED, S.OPEN, S.ACKED, S.IN_PROGRESS, S.WAITING_OWNER)
"""The staff have to do something about these."""
CLOSED = (S.CLOSED_SATISFIED, S.CLOSED_UNSATISFIED, S.CLOSED_LAPSED)

_NEW = frozenset({S.QUEUED, S.OPEN})
_TAKEN = frozenset({*_NEW, S.ACKED, S.IN_PROGRESS})
_LIVE = frozenset(LIVE)
_STAFF = frozenset({By.STAFF})
STEPS: Mapping[str, Step] = {
    "acknowledge": Step(_NEW, S.ACKED, _STAFF),
    "start": Step(_NEW | {S.ACKED}, S.IN_PROGRESS, _STAFF),
    "ask": Step(_TAKEN, S.WAITING_OWNER, _STAFF),
    "answer": Step(frozenset({S.WAITING_OWNER}), S.IN_PROGRESS, frozenset({By.OWNER, By.CLOCK})),
    "propose": Step(_TAKEN, S.PROPOSED, _STAFF),
    "accept": Step(frozenset({S.PROPOSED}), S.CLOSED_SATISFIED, frozenset({By.OWNER})),
    "settle": Step(frozenset({S.PROPOSED}), S.CLOSED_UNSATISFIED, frozenset({By.OWNER})),
    "refuse": Step(frozenset({S.PROPOSED}), S.IN_PROGRESS, frozenset({By.OWNER})),
    "lapse": Step(frozenset({S.PROPOSED}), S.CLOSED_LAPSED, frozenset({By.CLOCK})),
    "reopen": Step(frozenset({S.CLOSED_LAPSED}), S.IN_PROGRESS, frozenset({By.OWNER})),
    "withdraw": Step(_LIVE, S.WITHDRAWN, frozenset({By.OWNER})),
    "overrule": Step(frozenset({S.IN_PROGRESS}), S.CLOSED_UNSATISFIED, frozenset({By.CENTRE})),
    "extend": Step(_LIVE, None, frozenset({By.CENTRE})),
    "take_over": Step(_LIVE, None, frozenset({By.CENTRE})),
    "breach": Step(_LIVE, None, frozenset({By.CLOCK})),
    "reply": Step(_LIVE, None, frozenset({By.STAFF})),
    "assign": Step(_LIVE, None, frozenset({By.STAFF})),
    "unseal": Step(frozenset(State), None, frozenset({By.CENTRE})),
    "transfer": Step(_LIVE, None, _STAFF),
    "move": Step(_LIVE, None, _STAFF),
    "promise": Step(_LIVE, None, _STAFF),
    "classify": Step(frozenset(State), None, _STAFF),
    "keep": Step(frozenset(State), None, _STAFF),
    "break": Step(frozenset(State), None, frozenset({By.CLOCK})),
    "merge": Step(_LIVE, S.MERGED, _STAFF),
    "unmerge": Step(frozenset({S.MERGED}), S.IN_PROGRESS, _STAFF),
    "gather": Step(_LIVE, None, _STAFF),
    "scatter": Step(frozenset(State), None, _STAFF),
}


def after(step: str, state: State, by: By) -> State:
    """Return the state that a step leads to.

    What nobody had in charge is open from the first act of the staff on, whatever that was.
    """
    if (target := STEPS[step].target) is not None:
        return target
    looked = state == State.QUEUED and by in (By.STAFF, By.CENTRE)
    return State.OPEN if looked else state


STEPS_OF_OWNERS = ("accept", "settle", "refuse", "reopen", "withdraw", "answer")

_CHAINS: Mapping[str, tuple[Level, ...]] = {
    "group": (Level.PROJECT, Level.GROUP),
    "city": (Level.PROJECT, Level.CITY, Level.GROUP),
    "leader": (Level.PROJECT, Level.CITY, Level.GROUP, Level.LEADER),
}


def chain(setting: str) -> tuple[Level, ...]:
    """Return the levels that a project has, the lowest first."""
    return _CHAINS.get(setting, _CHAINS["group"])


def above(level: int, levels: Iterable[Level]) -> Level | None:
    """Return the next level above; None at the top."""
    return min((each for each in levels if each > level), default=None)
