"""The words of care: kinds, rhythms, outcomes, reasons, for owners and staff alike."""

from collections.abc import Mapping

from plugins.rewards.care.states import Act, Care, Closing, Outcome, Rhythm, TaskState
from portal.sdk import gettext, lazy, ngettext

KINDS: Mapping[str, tuple[object, str]] = {
    Care.CALL: (lazy("Call"), "phone"),
    Care.VISIT: (lazy("Home visit"), "home"),
    Care.GIFT: (lazy("Care gift"), "gift"),
    Care.DINNER: (lazy("Dinner together"), "coffee"),
    Care.OTHER: (lazy("Other care"), "heart-handshake"),
}
"""Kind -> its word and its icon."""

RHYTHMS: Mapping[str, object] = {
    Rhythm.DAYS: lazy("Every so many days"),
    Rhythm.MONTHS: lazy("Every so many months"),
    Rhythm.BIRTHDAY: lazy("In the month of birth"),
    Rhythm.JOINED: lazy("On the anniversary of joining the club"),
    Rhythm.HANDOVER: lazy("On the anniversary of the handover"),
}

OCCASIONS: Mapping[str, object] = {
    Rhythm.BIRTHDAY: lazy("Birthday"),
    Rhythm.JOINED: lazy("Club anniversary"),
    Rhythm.HANDOVER: lazy("Handover anniversary"),
}

STATES: Mapping[str, tuple[object, str]] = {
    TaskState.OPEN: (lazy("To do"), "blue"),
    TaskState.DONE: (lazy("Care done"), "green"),
    TaskState.SKIPPED: (lazy("Skipped"), ""),
    TaskState.CLOSED: (lazy("Not needed any more"), ""),
}
"""State of a task -> its word and its tone."""

OUTCOMES: Mapping[str, object] = {
    Outcome.REACHED: lazy("Reached, it went well"),
    Outcome.NOT_REACHED: lazy("Not reached"),
    Outcome.DECLINED: lazy("Did not want it"),
}

CLOSINGS: Mapping[str, object] = {
    Closing.MOVED_OUT: lazy("No home here any more"),
    Closing.TIER_CHANGED: lazy("Another tier now"),
    Closing.NO_LONGER_WANTED: lazy("The member does not want it"),
    Closing.RULE_ENDED: lazy("No longer promised"),
    Closing.MISSED: lazy("Missed: the next one has come"),
    Closing.ERASED: lazy("The member has left the club"),
}

ACTS: Mapping[str, object] = {
    Act.PLANNED: lazy("Planned"),
    Act.TAKEN: lazy("Taken on"),
    Act.ASSIGNED: lazy("Given to a colleague"),
    Act.GIVEN_BACK: lazy("Given back"),
    Act.POSTPONED: lazy("Postponed"),
    Act.DONE: lazy("Done"),
    Act.SKIPPED: lazy("Skipped"),
    Act.UNDONE: lazy("Opened again"),
    Act.CLOSED: lazy("Closed by the portal"),
    Act.ESCALATED: lazy("Raised to the managers"),
}

VIEWS: Mapping[str, object] = {
    "now": lazy("To do now"),
    "overdue": lazy("Overdue"),
    "coming": lazy("Coming"),
    "ended": lazy("Done and over"),
}

WHO: Mapping[str, object] = {
    "": lazy("Everybody's"),
    "mine": lazy("Mine"),
    "free": lazy("Not taken yet"),
}


def what(kind: str, rhythm: str, title: str) -> str:
    """Return what a task is, in a few words: "Birthday: care gift", "Other care: garden"."""
    word, occasion = str(KINDS[kind][0]), OCCASIONS.get(rhythm)
    if occasion:
        word = gettext("%(occasion)s: %(kind)s", occasion=str(occasion), kind=word)
    return f"{word} · {title}" if title else word


def how_often(rhythm: str, least: int | None, most: int | None) -> str:
    """Return how often something is promised: "every 3 days", "every 3 to 6 months"."""
    if least is None or most is None:
        return str(RHYTHMS[rhythm])
    if rhythm == Rhythm.DAYS:
        if least == most:
            return ngettext("every day", "every %(num)s days", most)
        return gettext("every %(least)s to %(most)s days", least=least, most=most)
    if least == most:
        return ngettext("every month", "every %(num)s months", most)
    return gettext("every %(least)s to %(most)s months", least=least, most=most)


_PROMISED: Mapping[str, object] = {
    Care.CALL: lazy("Your steward calls %(often)s"),
    Care.VISIT: lazy("Your steward visits you %(often)s"),
    Care.GIFT: lazy("A gift for you %(often)s"),
    Care.DINNER: lazy("Dinner together %(often)s"),
}
_YEARLY: Mapping[str, object] = {
    Rhythm.BIRTHDAY: lazy("in the month of your birthday"),
    Rhythm.JOINED: lazy("on the day you joined the club"),
    Rhythm.HANDOVER: lazy("on the day you got your home"),
}


def promised(kind: str, rhythm: str, title: str, least: int | None, most: int | None) -> str:
    """Return what an owner is promised, as a sentence: "Your steward calls every 3 days"."""
    often = str(_YEARLY[rhythm]) if rhythm in _YEARLY else how_often(rhythm, least, most)
    if kind not in _PROMISED:
        return f"{title or KINDS[kind][0]} · {often}"
    line = str(_PROMISED[kind]) % {"often": often}
    return f"{line} · {title}" if title else line
