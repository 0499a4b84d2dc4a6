"""What can be wrong with tiers: a code for programs, the words are in `sentences`."""


class TierError(Exception):
    """Something is refused and nothing is written; `code` says why.

    `values` fill the sentence; `state`: where the thing stands that is not where it was expected.
    """

    def __init__(self, code: str, *, state: str = "", **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.state = state
        self.values = values
