"""What can be wrong with a posting: a code for programs, the words are in `sentences`."""


class PointsError(Exception):
    """A posting is refused and nothing of it stays; `code` says why.

    `details`: what plugins object, for `refused`; `state`: where a hold stands, for `hold_ended`.
    """

    def __init__(self, code: str, *details: str, state: str = "") -> None:
        super().__init__(code, *details)
        self.code = code
        self.details = details
        self.state = state
