"""What can be wrong with a change to homes: a code for programs, words are the views'."""


class HomeError(Exception):
    """A change to a home is not possible; `code` says why.

    owner_exists, already_there, not_current, reason_not_for_role, future, too_old, before_start,
    own_phone, already_invited, too_many_invitations, not_entitled, gone, used, expired,
    wrong_phone, choice_needed, slug_taken, bad_slug.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
