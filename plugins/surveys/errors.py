"""Why something cannot be done now: a code for programs, words.py has the sentences."""


class SurveyError(Exception):
    """An act is refused and nothing of it stays.

    `state`, `version`: where the wave stands now.
    """

    def __init__(self, code: str, *, state: str = "", version: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.state = state
        self.version = version
