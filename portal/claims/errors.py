"""What can be wrong with a claim: a code for programs, words are the views'."""


class ClaimError(Exception):
    """A claim cannot be made or decided; `code` says why.

    already_claimed, already_yours, too_many, proof_needed, unknown_unit, owner_exists,
    resolution_needed, reason_needed, too_many_photos, already_there, since_before_sale,
    own_claim.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class IllegalTransitionError(Exception):
    """A claim cannot go where it was sent; `state` is where it stands now."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state
