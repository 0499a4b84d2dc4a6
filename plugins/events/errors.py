"""Why something cannot be done now: a code for programs, words.py has the sentences."""

from collections.abc import Mapping
from datetime import datetime


class EventError(Exception):
    """An act is refused and nothing of it stays. `state`: where the activity stands now; `said`:
    the sentence, where it has figures of its own; `opens_at`: when it opens for who asked;
    `errors`: a sentence for each answer that does not fit."""

    def __init__(
        self,
        code: str,
        *,
        state: str = "",
        available: int | None = None,
        said: str = "",
        opens_at: datetime | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.state = state
        self.available = available
        self.said = said
        self.opens_at = opens_at
        self.errors = errors or {}
