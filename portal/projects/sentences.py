"""The sentences for what can be wrong with a change to homes."""

from portal.i18n import Text, lazy
from portal.projects.errors import HomeError

SENTENCES: dict[str, Text] = {
    "owner_exists": lazy("This home has an owner already. End that ownership first."),
    "already_there": lazy("This person lives in the home already."),
    "not_current": lazy("This has ended in the meantime."),
    "reason_not_for_role": lazy("This reason does not fit the person's role."),
    "future": lazy("The date lies in the future. Choose today or an earlier day."),
    "too_old": lazy("The date lies before 1980. Please check the year."),
    "before_start": lazy("The date lies before somebody moved in. Choose a later day."),
    "not_entitled": lazy("Only an owner or co-owner of the home can do this."),
    "own_phone": lazy("This is your own number. Enter the number of the person you invite."),
    "already_invited": lazy(
        "This number has an open invitation already. Withdraw it to send a new one."
    ),
    "too_many_invitations": lazy("This home has ten open invitations. Withdraw one first."),
    "gone": lazy("This invitation is no longer there. Ask the owner for a new one."),
    "used": lazy("This invitation was used already. Each link works once."),
    "expired": lazy("This invitation has expired. Ask the owner for a new one."),
    "wrong_phone": lazy("This invitation is for another mobile number."),
    "choice_needed": lazy("Choose which household you want to belong to."),
    "slug_taken": lazy("Another project has this address already."),
    "bad_slug": lazy("Use 3 to 40 small letters, digits and dashes, beginning with a letter."),
}


def sentence(error: HomeError) -> str:
    """Say in the reader's language what is wrong and what to do."""
    return str(SENTENCES[error.code])
