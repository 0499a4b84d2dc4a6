"""Why something cannot be done now: a code for programs, words.py has the sentences."""


class EventError(Exception):
    """An act is refused and nothing of it stays. `state`: where the activity stands now."""

    def __init__(self, code: str, *, state: str = "", available: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.state = state
        self.available = available
