"""The words of states, levels, steps, clocks and refusals, for pages and for messages alike."""

from collections.abc import Mapping

from plugins.complaints.days import NAMES
from plugins.complaints.states import ActKind, AppealState, Level, PromiseState, Ring, Stage, State
from portal.sdk import lazy

STATES: Mapping[str, tuple[object, str, str]] = {
    State.QUEUED: (lazy("Handed in, nobody in charge yet"), "gold", "hourglass"),
    State.OPEN: (lazy("Waiting for an answer"), "blue", "clock"),
    State.ACKED: (lazy("Taken up"), "blue", "clock"),
    State.IN_PROGRESS: (lazy("Being worked on"), "blue", "tools"),
    State.WAITING_OWNER: (lazy("Question to the owner"), "gold", "hourglass"),
    State.PROPOSED: (lazy("Owner to decide"), "gold", "hourglass"),
    State.CLOSED_SATISFIED: (lazy("Closed, owner satisfied"), "green", "check"),
    State.CLOSED_UNSATISFIED: (lazy("Closed, owner not satisfied"), "", "x"),
    State.CLOSED_LAPSED: (lazy("Lapsed without a decision"), "", "clock"),
    State.MERGED: (lazy("Joined with another"), "", "arrows-join"),
    State.WITHDRAWN: (lazy("Taken back by the owner"), "", "x"),
    State.REJECTED: (lazy("Not accepted"), "rose", "x"),
}
"""State -> its word, its tone, its icon."""

LEVELS: Mapping[int, object] = {
    Level.PROJECT: lazy("the project"),
    Level.CITY: lazy("the city company"),
    Level.GROUP: lazy("the group centre"),
    Level.LEADER: lazy("the group's leaders"),
}

CHAINS: Mapping[str, object] = {
    "group": lazy("Project, then group centre"),
    "city": lazy("Project, city company, group centre"),
    "leader": lazy("Project, city company, group centre, leaders"),
}

STEPS: Mapping[str, object] = {
    "submit": lazy("Complaint handed in"),
    "acknowledge": lazy("First answer, case taken up"),
    "start": lazy("Work begun"),
    "reply": lazy("Progress told"),
    "ask": lazy("Question to the owner, clock paused"),
    "answer": lazy("The clock runs on"),
    "propose": lazy("Solution proposed"),
    "accept": lazy("Accepted by the owner"),
    "settle": lazy("Closed by the owner, not satisfied"),
    "refuse": lazy("Refused by the owner, one level up"),
    "lapse": lazy("Lapsed without a decision"),
    "reopen": lazy("Opened again by the owner"),
    "withdraw": lazy("Taken back by the owner"),
    "overrule": lazy("Closed by the group centre, owner not satisfied"),
    "take_over": lazy("Taken over by the group centre"),
    "breach": lazy("A deadline was missed"),
    "assign": lazy("Somebody took charge"),
    "unseal": lazy("The group looked up who complained"),
    "transfer": lazy("Handed to a colleague"),
    "move": lazy("Moved to another category"),
    "promise": lazy("Promise with a day"),
    "keep": lazy("Promise kept"),
    "break": lazy("Promise broken"),
    "merge": lazy("Joined with another complaint"),
    "unmerge": lazy("Taken apart from another complaint"),
    "gather": lazy("Another complaint joined this one"),
    "scatter": lazy("A joined complaint was taken apart"),
    "classify": lazy("Defect named"),
    "extend": lazy("Deadline extended by the group centre"),
}

CLOCKS: Mapping[str, object] = {
    "first_reply": lazy("First answer"),
    "update": lazy("Next report of progress"),
    "resolution": lazy("Solution"),
}

RINGS: Mapping[str, tuple[object, object, str]] = {
    Ring.ALIAS: (
        lazy("Neighbours read it, not who you are"),
        lazy("They see “Owner who complained”, neither name nor home"),
        "users",
    ),
    Ring.HOME: (
        lazy("Neighbours and staff see your home"),
        lazy("Building and number, never your name"),
        "home-2",
    ),
    Ring.PRIVATE: (
        lazy("For the staff alone"),
        lazy("Not in the forum; clocks and levels stay the same"),
        "lock",
    ),
}

DAYS: Mapping[str, object] = {
    "work": lazy("Working day"),
    "weekend": lazy("Weekend, not counted"),
    "holiday": lazy("Public holiday, not counted"),
    "makeup": lazy("Make-up workday, counted"),
    "own_holiday": lazy("Day off here, not counted"),
    "own_workday": lazy("Workday here, counted"),
    "after_hours": lazy("After closing time, not counted"),
    "paused": lazy("Waiting for the owner, not counted"),
}
HOLIDAYS = NAMES

ANSWERS: Mapping[str, tuple[object, str]] = {
    "reply": (lazy("Tell how far it is"), "message-2"),
    "ask": (lazy("Ask the owner, pause the clock"), "hourglass"),
    "propose": (lazy("Propose a solution"), "checks"),
}

DEFECTS: Mapping[str, object] = {
    "waterproofing": lazy("Waterproofing"),
    "structure": lazy("Structure and cracks"),
    "facade": lazy("Facade"),
    "openings": lazy("Doors and windows"),
    "finish": lazy("Finish"),
    "plumbing": lazy("Water supply and drains"),
    "electrics": lazy("Electrical installation"),
    "lift": lazy("Lift"),
    "air": lazy("Ventilation and heating"),
    "grounds": lazy("Grounds and roads"),
    "design": lazy("Design"),
    "none": lazy("No defect of the building"),
}
"""What engineering calls the cause: code -> word."""

REFUSALS: Mapping[str, object] = {
    "STALE": lazy("Somebody was faster: the case has changed. Look at it again, then decide."),
    "ILLEGAL_STEP": lazy("This is not possible any more: the case stands elsewhere now."),
    "CLOSED": lazy("The case is over. Open it again, or hand in a new complaint."),
    "LEVEL": lazy("The case is a higher level's now: only that level may do this."),
    "NO_MORE_PAUSES": lazy("The clock may not be paused again: the pauses are used up."),
    "NOT_REFUSED": lazy("The owner has not refused a solution of the group yet."),
    "OWN_CASE": lazy("Who handles a case does not close it."),
    "NOT_YOURS": lazy("Only the household that complained decides."),
    "TOO_LATE": lazy("The days in which it may be opened again are over."),
    "HIDDEN": lazy("This was hidden and cannot be changed."),
    "LOCKED": lazy("A moderator has closed the thread for neighbours. Its clocks run on."),
    "MUTED": lazy("A moderator has muted you for a while. Your own complaints go on."),
    "SUSPENDED": lazy(
        "You may not write in the forum now. A complaint for the staff alone is open."
    ),
    "OWN_WORDS": lazy("These are your own words: change them, or take the complaint back."),
    "DECIDED": lazy("Somebody has decided on this already."),
    "RAISED": lazy("This is the group's to decide now."),
    "OFFICIAL": lazy("Official answers are not moderated here."),
    "NO_MERGE": lazy(
        "Only two complaints that are public and run can be joined, neither joined yet."
    ),
    "NOT_JOINED": lazy("This complaint is not joined into another."),
    "DAY": lazy("A promise has a day from today to two years from now."),
    "TOO_MANY": lazy(
        "That is much at once: please go on later. A complaint for the staff alone is always open."
    ),
    "NO_CLOCK": lazy("No deadline for the solution runs here, or it was missed already."),
    "PHOTO": lazy("This photo is not there any more: somebody has changed it."),
    "NOBODY": lazy("Choose two different people, and somebody who has running cases."),
    "AWAY": lazy("Choose days in their order that are not over yet."),
    "STAGE": lazy("This burst has stood down already."),
    "NO_APPEAL": lazy("An appeal is possible once, within 30 days."),
}

REASONS: Mapping[str, object] = {
    "personal": lazy("Personal data of somebody"),
    "abuse": lazy("Insults or threats"),
    "advert": lazy("Advertising"),
    "off_topic": lazy("Nothing to do with the complaint"),
    "false": lazy("Plainly untrue"),
    "unlawful": lazy("Against the law"),
}
"""Why something is reported, hidden or punished: code -> words."""

CAUSES: Mapping[str, object] = {
    **REASONS,
    "word": lazy("A word that moderators look at first"),
    "stale": lazy("Nobody had looked in time"),
    "appeal": lazy("The appeal was right"),
    "lifted": lazy("Ended early"),
    "duplicate": lazy("The same trouble"),
    "apart": lazy("Not the same trouble after all"),
    "stays": lazy("Looked at again: it is the same trouble"),
    "heated": lazy("The thread went off course"),
    "calm": lazy("The thread may go on"),
}
"""Reasons that only the portal or a moderator gives, too."""

ACTS: Mapping[str, tuple[object, str, str]] = {
    ActKind.HOLD: (lazy("Held back until a moderator has looked"), "gold", "hourglass"),
    ActKind.RELEASE: (lazy("Released"), "green", "eye"),
    ActKind.HIDE: (lazy("Hidden"), "rose", "eye-off"),
    ActKind.SHOW: (lazy("Shown again"), "green", "eye"),
    ActKind.MASK: (lazy("Personal numbers masked"), "gold", "shield-lock"),
    ActKind.REDACT: (lazy("Part of a photo covered"), "gold", "photo"),
    ActKind.LOCK: (lazy("Thread closed for neighbours"), "gold", "lock"),
    ActKind.UNLOCK: (lazy("Thread open for neighbours again"), "green", "messages"),
    ActKind.MERGE: (lazy("Joined with another"), "blue", "arrows-join"),
    ActKind.UNMERGE: (lazy("Taken apart again"), "blue", "arrows-join"),
    ActKind.LIFT: (lazy("Sanction ended early"), "green", "check"),
    ActKind.WARN: (lazy("Member warned"), "gold", "alert-triangle"),
    ActKind.MUTE: (lazy("Member muted"), "rose", "message-2"),
    ActKind.SUSPEND: (lazy("Member suspended from the forum"), "rose", "x"),
}
"""Act -> its word, its tone, its icon."""

PROMISES: Mapping[str, tuple[object, str]] = {
    PromiseState.OPEN: (lazy("promised"), "gold"),
    PromiseState.KEPT: (lazy("kept"), "green"),
    PromiseState.BROKEN: (lazy("broken"), "rose"),
}

STAGES: Mapping[str, tuple[object, str, str]] = {
    Stage.WATCH: (lazy("Watched"), "gold", "eye"),
    Stage.ALERT: (lazy("Alert"), "rose", "alert-triangle"),
    Stage.PLAN: (lazy("Plan under way"), "blue", "checks"),
    Stage.STOOD_DOWN: (lazy("Stood down"), "green", "check"),
}
"""Stage of a burst -> its word, its tone, its icon."""

APPEALS: Mapping[str, object] = {
    AppealState.NONE: lazy("No appeal"),
    AppealState.OPEN: lazy("Appeal under way"),
    AppealState.UPHELD: lazy("Upheld by the group"),
    AppealState.OVERTURNED: lazy("Undone by the group"),
}

CHANNELS: Mapping[str, object] = {
    "forum": lazy("On the forum"),
    "hotline": lazy("By telephone"),
    "desk": lazy("At the desk"),
}
"""How a complaint came in."""

FIGURES_BY: Mapping[str, object] = {
    "category": lazy("Category"),
    "building": lazy("Building"),
    "contractor": lazy("Contractor"),
    "defect": lazy("Defect"),
}
UNTOLD: Mapping[str, object] = {
    "category": "",
    "building": lazy("Not told to the staff"),
    "contractor": lazy("None named"),
    "defect": lazy("Not named yet"),
}
TALLIES: Mapping[str, object] = {
    "handed_in": lazy("Complaints handed in"),
    "running": lazy("Not over yet"),
    "satisfied": lazy("Satisfied"),
    "unsatisfied": lazy("Not satisfied"),
    "lapsed": lazy("Lapsed"),
    "withdrawn": lazy("Taken back"),
    "joined": lazy("Joined into another"),
    "late": lazy("A deadline missed"),
    "again": lazy("Refused once at least"),
    "rating": lazy("Mean rating"),
}
"""Figure -> the head of its column: each way in which a case ends is counted apart."""
