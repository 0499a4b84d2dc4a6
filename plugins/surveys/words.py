"""The words of states, modes, stages, steps and refusals."""

from collections.abc import Mapping

from plugins.surveys.states import Mode, Stage, State, Unit
from portal.sdk import lazy

STATES: Mapping[str, tuple[object, str, str]] = {
    State.DRAFT: (lazy("Draft"), "", "pencil"),
    State.REVIEW: (lazy("In review"), "gold", "hourglass"),
    State.FROZEN: (lazy("Frozen, not open yet"), "blue", "lock"),
    State.FIELD: (lazy("Open for answers"), "green", "message-2"),
    State.PAUSED: (lazy("Paused"), "gold", "clock"),
    State.CLOSED: (lazy("Closed"), "blue", "check"),
    State.SEALED: (lazy("Sealed"), "blue", "lock"),
    State.PUBLISHED: (lazy("Published"), "green", "chart-bar"),
    State.ARCHIVED: (lazy("Archived"), "", "clock"),
}
"""State -> its word, its tone, its icon."""

MODES: Mapping[str, tuple[object, object]] = {
    Mode.IDENTIFIED: (lazy("With names"), lazy("The club sees who answered what")),
    Mode.CONFIDENTIAL: (
        lazy("Confidential"),
        lazy("Only the independent auditor can see who answered what"),
    ),
    Mode.ANONYMOUS: (
        lazy("Anonymous"),
        lazy("Nobody can see who answered what once answers are sealed"),
    ),
}

UNITS: Mapping[str, object] = {
    Unit.PERSON: lazy("One answer a person"),
    Unit.HOUSEHOLD: lazy("One answer a household"),
}

STAGES: Mapping[str, object] = {
    Stage.PROSPECT: lazy("Before handover"),
    Stage.SETTLING: lazy("First year"),
    Stage.STABLE: lazy("Second year"),
    Stage.SENIOR: lazy("Longer than two years"),
}

STEPS: Mapping[str, tuple[object, str]] = {
    "send": (lazy("Send to review"), "check"),
    "send_back": (lazy("Back to the draft"), "pencil"),
    "freeze": (lazy("Approve and freeze"), "lock"),
    "open": (lazy("Open for answers"), "message-2"),
    "pause": (lazy("Pause"), "clock"),
    "resume": (lazy("Go on"), "message-2"),
    "close": (lazy("Close"), "check"),
    "seal": (lazy("Seal"), "lock"),
    "publish": (lazy("Publish"), "chart-bar"),
    "archive": (lazy("Archive"), "clock"),
}
"""Step -> what its button says, its icon."""

AUDIT: Mapping[str, object] = {
    "made": lazy("Survey made"),
    "wave_made": lazy("Survey begun anew"),
    "edited": lazy("Questions of a survey changed"),
    "imported": lazy("Questions of a survey imported"),
    "exported": lazy("Survey taken as a file"),
    "send": lazy("Survey sent to review"),
    "send_back": lazy("Survey sent back from review"),
    "freeze": lazy("Survey approved and frozen"),
    "open": lazy("Survey opened for answers"),
    "pause": lazy("Survey paused"),
    "resume": lazy("Survey goes on"),
    "close": lazy("Survey closed"),
    "seal": lazy("Survey sealed"),
    "publish": lazy("Survey published"),
    "archive": lazy("Survey archived"),
}
"""Act -> what the audit trail says."""

REFUSALS: Mapping[str, object] = {
    "STALE": lazy("Somebody was faster: the survey has changed. Look at it again, then decide."),
    "ILLEGAL_STEP": lazy("This is not possible any more: the survey stands elsewhere now."),
    "NOT_DRAFT": lazy("Only a draft can be changed."),
    "OWN_WORK": lazy("Who wrote a survey or sent it to review does not approve it."),
    "PROBLEMS": lazy("The questions have problems: mend them first."),
    "NO_FRAME": lazy("Nobody belongs to whom you chose: choose others first."),
    "TOO_LATE": lazy("The survey closes before it opens: give another day."),
    "SERIES_TAKEN": lazy("There is a survey with this name already."),
    "NOT_SHUFFLED": lazy("Anonymous answers are not shuffled yet: seal it once they are."),
    "UNFINISHED": lazy("One wave of this survey is still being written: finish that one first."),
}
