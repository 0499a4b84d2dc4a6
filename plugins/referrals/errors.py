"""Why something cannot be done now: a code for programs, words.py has the sentences."""


class ReferralError(Exception):
    """An act is refused and nothing of it stays. `state`: where the lead stands now."""

    def __init__(self, code: str, *, state: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.state = state
