"""The page that an act gets when its import has moved on."""

from werkzeug.exceptions import Conflict

from portal.i18n import gettext
from portal.roster.sentences import STATES


class ImportMovedError(Conflict):
    """The import's state does not allow the act any more."""

    def __init__(self, state: str) -> None:
        super().__init__()
        self.advice = gettext("The import is in this state now: %(state)s.", state=STATES[state])
