"""Why something cannot be done now: a code for programs, words.py has the sentences."""


class RewardError(Exception):
    """An act is refused and nothing of it stays. `state`: where the order stands now; `said`: the
    sentence, where it has figures of its own; `price`: milli-points that the item costs now."""

    def __init__(self, code: str, *, state: str = "", said: str = "", price: int | None = None):
        super().__init__(code)
        self.code = code
        self.state = state
        self.said = said
        self.price = price
