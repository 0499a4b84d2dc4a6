"""What can stand in the way of an act on an import."""


class RosterError(Exception):
    """The act cannot be done now; the text is a code of portal.roster.sentences.ACT_SENTENCES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RosterStateError(RosterError):
    """The import's state does not allow the act; `state` is where it stands."""

    def __init__(self, state: str) -> None:
        super().__init__("wrong_state")
        self.state = state
