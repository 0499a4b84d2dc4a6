"""The words of states, modes, stages, steps and refusals."""

from collections.abc import Mapping

from plugins.surveys.answering.pressure import Sign
from plugins.surveys.figures.compare import Trend
from plugins.surveys.participants.service import Outcome
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
    State.PUBLISHED: (lazy("Released"), "green", "chart-bar"),
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

SERIES: Mapping[str, object] = {
    "yearly": lazy("Yearly survey, five dimensions"),
    "after_event": lazy("After an activity"),
    "after_repair": lazy("After a repair"),
    "after_handover": lazy("After the handover"),
    "own": lazy("A survey of another kind"),
}

KINDS: Mapping[str, object] = {
    "single": lazy("One of several"),
    "multiple": lazy("Several of several"),
    "matrix": lazy("Matrix"),
    "rating": lazy("Rating"),
    "nps": lazy("Recommendation, 0 to 10"),
    "ranking": lazy("Ranking"),
    "number": lazy("A number"),
    "date": lazy("Date"),
    "short": lazy("Short text"),
    "long": lazy("Long text"),
    "photo": lazy("Photo"),
    "text": lazy("Text without an answer"),
}

SCALES: Mapping[str, object] = {
    "1-5": lazy("1 to 5"),
    "stars": lazy("Five stars"),
    "faces": lazy("Five faces"),
    "0-10": lazy("0 to 10"),
}

DIMENSIONS: Mapping[str, object] = {
    "sales": lazy("Sales service"),
    "after_sales": lazy("After-sales service"),
    "property": lazy("Property management"),
    "engineering": lazy("Quality of the building"),
    "surroundings": lazy("Surroundings"),
}

ROLES: Mapping[str, object] = {
    "satisfaction": lazy("Satisfaction"),
    "expectation": lazy("Expectation"),
    "again": lazy("Would buy again"),
    "recommend": lazy("Would recommend"),
    "recommended_count": lazy("Recommended to how many"),
    "effort": lazy("Effort"),
    "overall": lazy("Overall"),
}

PATTERNS: Mapping[str, object] = {
    "email": lazy("E-mail address"),
    "digits": lazy("Digits alone"),
    "plate": lazy("Number plate"),
    "postcode": lazy("Postcode"),
}

COMPARISONS: Mapping[str, object] = {
    "eq": lazy("equals"),
    "ne": lazy("does not equal"),
    "le": lazy("is at most"),
    "ge": lazy("is at least"),
    "lt": lazy("is below"),
    "gt": lazy("is above"),
    "in": lazy("is one of (with commas)"),
    "has": lazy("contains the choice"),
    "answered": lazy("is answered"),
    "skipped": lazy("is skipped"),
}

JOINS: Mapping[str, object] = {
    "all": lazy("All of these lines hold"),
    "any": lazy("One of these lines holds at least"),
    "none": lazy("None of these lines holds"),
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

NEXT: Mapping[str, object] = {
    State.DRAFT: lazy(
        "Look through the questions, say whom and when, then send it to review. From there on"
        " nothing is changed unless it is sent back."
    ),
    State.REVIEW: lazy(
        "Somebody who may approve surveys, and neither wrote nor sent this one, approves it or"
        " sends it back. With the approval the list of those asked is drawn."
    ),
    State.FROZEN: lazy(
        "It opens by itself at the time that is set; who may approve surveys can open it now."
        " Invitations go out then."
    ),
    State.FIELD: lazy(
        "Owners answer. It closes by itself; until then the silent can be reminded, and who may"
        " approve surveys can pause or close it."
    ),
    State.PAUSED: lazy("Nobody can answer. Who may approve surveys lets it go on, or closes it."),
    State.CLOSED: lazy(
        "The results are there. Half an hour after the close, when late answers are in, who may"
        " approve surveys seals it."
    ),
    State.SEALED: lazy(
        "The answers stay as they are. Somebody who neither wrote nor sent this survey publishes"
        " the figures; until then say what is being done about them."
    ),
    State.PUBLISHED: lazy(
        "Owners read the results. Keep “You said, we did” up to date; then begin the next wave."
    ),
    State.ARCHIVED: lazy("It is done. Begin the next wave when it is time."),
}
"""State -> what comes next, and who can do it."""

OUTCOMES: Mapping[str, object] = {
    Outcome.TAKEN: lazy("Will be asked"),
    Outcome.UNKNOWN: lazy("No such card"),
    Outcome.ELSEWHERE: lazy("No verified home in this project"),
    Outcome.TWICE: lazy("In the list twice"),
    Outcome.UNREADABLE: lazy("Cannot be read"),
}
"""Outcome of a row of a list of participants -> its word."""

SIGNS: Mapping[Sign, tuple[object, object]] = {
    Sign.BURST: (
        lazy("Many from one device"),
        lazy("The third answer, or a later one, of one device within ten minutes"),
    ),
    Sign.STRAIGHT: (
        lazy("A straight line"),
        lazy("Every line of the matrices has the same mark, five lines at least"),
    ),
    Sign.FAST: (lazy("Very fast"), lazy("Less than a second for each question")),
    Sign.ASSISTED: (
        lazy("With help of the staff"),
        lazy("The owner said so, or a staff account sent it"),
    ),
}
"""Sign of pressure -> its word, and what it means."""

FIELDS: Mapping[str, object] = {
    "building": lazy("Building"),
    "stage": lazy("Stage of the home"),
    "tier": lazy("Tier"),
}
"""By what results are shown."""

FIGURES = (
    lazy("Satisfied overall"),
    lazy("Would buy again"),
    lazy("Would recommend"),
    lazy("Loyal owners"),
)
"""The first figures that are published, in their order."""

MORE_FIGURES: Mapping[str, object] = {
    "nps": lazy("NPS"),
    "effort": lazy("Made easy (1 to 5)"),
    "gap": lazy("Satisfaction less expectation"),
    "recommended": lazy("Recommended to how many"),
    "recommended_cut": lazy("Recommended to how many, the largest twentieth cut"),
}

PLAIN: Mapping[str, object] = {
    "satisfied": lazy("are satisfied"),
    "again": lazy("would buy from us again"),
    "recommend": lazy("would recommend us"),
    "loyal": lazy("say yes to all three"),
    "nps": lazy("Who recommends us, less who does not (−100 to 100)"),
    "recommended": lazy("persons, on average, were told about us by each owner"),
}
"""Published figures in plain words."""

TRENDS: Mapping[str, object] = {
    Trend.UP: lazy("Higher than the wave before, and more than chance"),
    Trend.DOWN: lazy("Lower than the wave before, and more than chance"),
    Trend.NOT_SIGNIFICANT: lazy("The change may be chance: not significant at 5 %"),
    Trend.NO_DATA: lazy("Not comparable with the wave before"),
}
"""What a change says."""

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
    "listed": lazy("Survey narrowed to a list of participants"),
    "unlisted": lazy("List of participants of a survey taken out"),
    "reminded": lazy("Silent ones reminded of a survey"),
    "quota_set": lazy("Quota of a survey set"),
    "quota_dropped": lazy("Quota of a survey taken out"),
    "code_made": lazy("Code for open answers added"),
    "code_retired": lazy("Code for open answers taken out of use"),
    "code_back": lazy("Code for open answers in use again"),
    "seat_taken": lazy("Sorting of open answers begun"),
    "texts_sorted": lazy("Open answers sorted"),
    "table_taken": lazy("Table of open answers taken as a file"),
    "archive_taken": lazy("Auditor's archive of a survey taken"),
    "signed": lazy("Figures of a survey signed"),
    "action_added": lazy("Answer to owners of a survey added"),
    "action_edited": lazy("Answer to owners of a survey changed"),
    "action_moved": lazy("Answers to owners of a survey put in another order"),
    "action_done": lazy("Answer to owners of a survey marked as done"),
    "action_planned": lazy("Answer to owners of a survey marked as planned"),
    "action_withdrawn": lazy("Answer to owners of a survey withdrawn"),
    "action_restored": lazy("Answer to owners of a survey put back"),
    "results_taken": lazy("Results of a survey taken as a file"),
    "answers_taken": lazy("Single answers of a survey taken as a file"),
}
"""Act -> what the audit trail says."""

AGREEMENT: tuple[tuple[float, object], ...] = (
    (0.81, lazy("almost perfect agreement")),
    (0.61, lazy("substantial agreement")),
    (0.41, lazy("moderate agreement: say the codes more clearly")),
    (0.21, lazy("fair agreement: the codes need work")),
    (-1.0, lazy("slight agreement or none: do not rely on the table")),
)
"""From which kappa on a sentence holds. Source: J. R. Landis, G. G. Koch, Biometrics 33 (1977)."""


def agreement(kappa: float) -> object:
    """Return what a kappa means."""
    return next(word for least, word in AGREEMENT if round(kappa, 2) >= least or least < 0)


REFUSALS: Mapping[str, object] = {
    "STALE": lazy("Somebody was faster: the survey has changed. Look at it again, then decide."),
    "ILLEGAL_STEP": lazy("This is not possible any more: the survey stands elsewhere now."),
    "NOT_DRAFT": lazy("Only a draft can be changed."),
    "OWN_WORK": lazy("Who wrote a survey or sent it to review does not approve it."),
    "OWN_RESULTS": lazy(
        "Who wrote a survey, sent it to review or published it leaves this to another."
    ),
    "SEAL_BROKEN": lazy(
        "The answers are not those that were sealed: nothing is published. Tell the administrator."
    ),
    "NOT_PUBLISHED": lazy("The figures are not published yet."),
    "FEW": lazy("Too few have answered: single answers are not given out."),
    "SIGNED": lazy("The figures are signed already."),
    "STILL_OPEN": lazy("Once nobody answers any more, say what you do about it."),
    "MANY_ACTIONS": lazy("There are very many already: withdraw or change some instead."),
    "PROBLEMS": lazy("The questions have problems: mend them first."),
    "NO_FRAME": lazy("Nobody belongs to whom you chose: choose others first."),
    "TOO_LATE": lazy("The survey closes before it opens: give another day."),
    "SERIES_TAKEN": lazy("There is a survey with this name already."),
    "NOT_SHUFFLED": lazy(
        "Anonymous answers are not shuffled yet. That happens by itself within an hour of the"
        " close; then seal it."
    ),
    "NOT_FIELD": lazy("Reminders go out while a survey is open."),
    "NOT_CLOSED": lazy("Results appear once a survey is closed and its answers are shuffled."),
    "NOT_SEALED": lazy("Answers can be taken once a survey is closed and sealed."),
    "NO_SPSS": lazy(
        "SPSS files need the library pyreadstat, which is not installed: whoever runs the portal"
        " adds the extra “spss”."
    ),
    "BOOK_FULL": lazy("A code book has 60 codes at most."),
    "SEATS_TAKEN": lazy("Others sort this question already: two sort it, a third decides."),
    "BOTH_SORTED": lazy("Both have sorted one of these texts by now: that stands."),
    "UNKNOWN_TEXT": lazy("One of these texts or codes is not of this question any more."),
    "NOBODY_SILENT": lazy(
        "Nobody is to be reminded now: two days lie between, and three are most."
    ),
    "UNFINISHED": lazy("One wave of this survey is still being written: finish that one first."),
}
