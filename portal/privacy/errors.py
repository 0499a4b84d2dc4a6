"""What can be wrong with a request: a code for programs, words are the views'."""


class PrivacyError(Exception):
    """A request cannot be made; `code` says why: already_open, too_many, own_act, not_active."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RequestStateError(Exception):
    """A request cannot go where it was sent; `state` is where it stands now."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class ErasureHeldError(Exception):
    """Something stands in the way of an erasure; `obstacles` are the sentences."""

    def __init__(self, obstacles: list[str]) -> None:
        super().__init__("; ".join(obstacles))
        self.obstacles = obstacles
