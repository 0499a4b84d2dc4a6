"""The sentences for what can be wrong with a posting."""

from portal.i18n import Text, lazy
from portal.points.errors import PointsError

SENTENCES: dict[str, Text] = {
    "amount_invalid": lazy("Enter points above 0, such as 100 or 0.5."),
    "not_enough": lazy("There are not that many points available."),
    "key_used": lazy("This was sent before with other details. Open the page anew."),
    "account_closed": lazy("This account of points is closed."),
    "never_spent": lazy("Qualifying points count for the tier and cannot be spent."),
    "sealed_month": lazy("This month is closed; correct it with a posting of today."),
    "not_reversible": lazy("This line cannot be taken back; correct it with a new one."),
    "reversed_already": lazy("This line is taken back already."),
    "hold_ended": lazy("These points are not held any more."),
    "budget_spent": lazy("The points of this campaign are all given."),
    "over_limit": lazy("That is more than may be given away in a month."),
    "other_household": lazy("Points can be given within your household only."),
    "same_member": lazy("Choose somebody else of your household."),
    "reason_needed": lazy("Say why: the owner reads it beside the line."),
    "own_proposal": lazy("This is your own proposal: a colleague has to decide on it."),
    "own_points": lazy("Nobody adjusts points of their own: ask a colleague."),
    "expired_before": lazy("These points would have expired already: choose a later last day."),
    "member_gone": lazy(
        "This member has left the club; nothing can be booked. Refuse the proposal."
    ),
    "award_changed": lazy(
        "The rules give another number of points for this by now. Refuse it; it can be recorded "
        "anew."
    ),
    "month_invalid": lazy("Choose a month."),
    "month_not_over": lazy("This month can be sealed from the second day of the next one."),
    "month_skipped": lazy("Seal the month before this one first."),
    "retroactive": lazy("Choose today or a later day: what is booked stays as it is."),
    "qualifying_is_plain": lazy(
        "Qualifying points can neither decay nor be extended or given a second life."
    ),
    "extends_or_decays": lazy("Choose one: points last longer by activity, or they decay."),
    "bonus_of_itself": lazy("Only points to spend can let bonus points go first."),
    "proposed_already": lazy("Taking this line back waits for a second person already."),
    "decided_already": lazy("A colleague has decided on this already."),
}


def sentence(error: PointsError) -> str:
    """Say in the reader's language what is wrong; a plugin's own words when it objects."""
    if error.details:
        return " ".join(error.details)
    return str(SENTENCES.get(error.code, error.code))
