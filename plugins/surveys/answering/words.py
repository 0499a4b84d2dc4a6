"""What owners read of a wave that takes no answer, and who can see an answer."""

from collections.abc import Mapping

from plugins.surveys.states import Mode
from portal.sdk import lazy

STATUS: Mapping[str, int] = {
    "ANSWERED": 409,
    "PAUSED": 409,
    "NOT_OPEN": 409,
    "QUOTA_FULL": 409,
    "OVER": 410,
}
"""Refusal -> the status of what was sent in spite of it."""

REFUSED: Mapping[str, tuple[object, object, str, str]] = {
    "ANSWERED": (
        lazy("Thank you, your answer has arrived"),
        lazy("Each person or household answers once."),
        "circle-check",
        "green",
    ),
    "PAUSED": (
        lazy("The survey is paused"),
        lazy("Please come back later. What you have begun is kept."),
        "clock",
        "gold",
    ),
    "NOT_OPEN": (
        lazy("The survey is not open yet"),
        lazy("You find it here when it opens."),
        "clock",
        "gold",
    ),
    "OVER": (
        lazy("The survey is closed"),
        lazy("No more answers are taken. What you had begun stays with you alone."),
        "lock",
        "gold",
    ),
    "QUOTA_FULL": (
        lazy("We have enough answers from your group"),
        lazy("Thank you for wanting to answer. Nothing of yours was sent."),
        "users",
        "gold",
    ),
}
"""Refusal -> its title, what it means, icon and tone."""

LISTED: Mapping[str, tuple[object, str]] = {
    "": (lazy("Waits for your answer"), "brand"),
    "ANSWERED": (lazy("Answered"), "green"),
    "PAUSED": (lazy("Paused"), "gold"),
    "NOT_OPEN": (lazy("Not open yet"), ""),
    "OVER": (lazy("Closed"), ""),
}
"""Refusal, or none -> what the list says, and its tone."""

NOTICES: Mapping[str, tuple[object, object]] = {
    Mode.IDENTIFIED: (
        lazy("Your answer carries your name"),
        lazy("The staff of your project can see who answered what, and may call you about it."),
    ),
    Mode.CONFIDENTIAL: (
        lazy("Your answer is confidential"),
        lazy(
            "The independent auditor can see who answered what. The company sees figures of groups"
            " only."
        ),
    ),
    Mode.ANONYMOUS: (
        lazy("This survey is anonymous"),
        lazy(
            "Answers are kept apart from who you are, and shuffled with at least nine others, at"
            " the latest after the close. From then on nobody can tell from the data or the logs"
            " whose an answer is. Not promised: if few answer, few are mixed; what you write in"
            " your own words may give you away; and until the shuffling you trust those who run"
            " the servers. Points come after it, to a household on its first member's account."
        ),
    ),
}
"""Mode -> what it means for the owner, in plain words."""
