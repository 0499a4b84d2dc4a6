"""The words for requests, their states and reasons, and the sentences for what went wrong."""

from portal.i18n import gettext, lazy
from portal.words import TITLES

TITLES["privacy_kind"] = KIND_TITLES = {
    "export": lazy("Copy of the data"),
    "erasure": lazy("Erasure"),
}
TITLES["privacy_state"] = STATE_TITLES = {
    "building": lazy("Being prepared"),
    "ready": lazy("Ready"),
    "expired": lazy("No longer kept"),
    "awaiting": lazy("Awaits a second person"),
    "waiting": lazy("Waiting period"),
    "held": lazy("Held up"),
    "done": lazy("Erased"),
    "cancelled": lazy("Cancelled"),
}
TITLES["privacy_reason"] = REASON_TITLES = {
    "asked": lazy("The member asked on their own page"),
    "built": lazy("The file was made"),
    "too_old": lazy("The week was over"),
    "letter": lazy("The member asked in writing"),
    "at_desk": lazy("The member asked at the desk, identity checked"),
    "death": lazy("The member has died, the family asked"),
    "confirmed": lazy("A second person confirmed"),
    "changed_mind": lazy("The member wants to stay"),
    "not_entitled": lazy("Whoever asked was not entitled to"),
    "in_the_way": lazy("Something stood in the way"),
    "time_over": lazy("The waiting period was over"),
    "member_erased": lazy("The member was erased"),
}


def sentence(code: str) -> str:
    """Return why a request was refused."""
    return {
        "already_open": gettext("There is a request in progress already."),
        "too_many": gettext("You have asked three times today. Please ask again tomorrow."),
        "own_act": gettext("A second person must do this."),
        "not_active": gettext("This member has left the club."),
    }[code]
