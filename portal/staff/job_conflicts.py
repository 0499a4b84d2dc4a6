"""The page that an act gets when its job has moved on."""

from werkzeug.exceptions import Conflict

from portal.i18n import Text, gettext


class JobMovedError(Conflict):
    """The job's state does not allow the act any more."""

    def __init__(self, state: Text) -> None:
        super().__init__()
        self.advice = gettext("The job is in this state now: %(state)s.", state=state)
