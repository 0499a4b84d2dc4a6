"""The page for a step that a claim cannot take any more."""

from werkzeug.exceptions import Conflict

from portal.i18n import gettext
from portal.words import title_of


class IllegalStepError(Conflict):
    """A 409 whose page says where the claim stands now."""

    def __init__(self, state: str) -> None:
        super().__init__()
        self.advice = gettext(
            "This claim stands at “%(state)s” now. Load its page again to go on from there.",
            state=title_of("claim_state", state),
        )
