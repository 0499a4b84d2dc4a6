"""Why something cannot be done now: a code for programs, words.py has the sentences."""


class EventError(Exception):
    """An act is refused and nothing of it stays. `state`: where the activity stands now; `said`:
    the sentence, where it has figures of its own."""

    def __init__(
        self, code: str, *, state: str = "", available: int | None = None, said: str = ""
    ) -> None:
        super().__init__(code)
        self.code = code
        self.state = state
        self.available = available
        self.said = said
