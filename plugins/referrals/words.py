"""The words of states, refusals and choices: one text for member and staff."""

from collections.abc import Mapping

from plugins.referrals.states import Buyer, FollowUp, Seen, State
from portal.sdk import lazy

STATES: Mapping[str, tuple[object, str]] = {
    State.INVITED: (lazy("Invited"), "blue"),
    State.CONSENTED: (lazy("Agreed"), "blue"),
    State.REPORTED: (lazy("Reported"), "gold"),
    State.ACCEPTED: (lazy("Recognised"), "brand"),
    State.VISITED: (lazy("Visited"), "brand"),
    State.PRE_REGISTERED: (lazy("Pre-registered"), "brand"),
    State.SUBSCRIBED: (lazy("Subscribed"), "brand"),
    State.SIGNED: (lazy("Contract signed"), "green"),
    State.PAID: (lazy("Paid up"), "green"),
    State.CLOSED: (lazy("Completed"), "green"),
    State.REFUSED: (lazy("Declined by the friend"), ""),
    State.REJECTED: (lazy("Not recognised"), "rose"),
    State.LAPSED: (lazy("Run out"), ""),
    State.LOST: (lazy("Did not buy"), ""),
    State.CANCELLED: (lazy("Referral ended"), ""),
    State.MERGED: (lazy("Counted with another owner's"), ""),
}
"""State -> its word and its tone."""

LADDER: tuple[tuple[str, object], ...] = (
    (State.REPORTED, lazy("Reported")),
    (State.VISITED, lazy("Visited")),
    (State.SUBSCRIBED, lazy("Subscribed")),
    (State.SIGNED, lazy("Contract")),
    (State.PAID, lazy("Payment")),
)
"""What an owner sees of the way."""

NEXT: Mapping[str, object] = {
    State.INVITED: lazy("Your friend opens the link and agrees."),
    State.REPORTED: lazy("Your friend comes to the sales office and shows the code."),
    State.ACCEPTED: lazy("Your friend comes to the sales office and shows the code."),
    State.VISITED: lazy("Your friend chooses a home."),
    State.PRE_REGISTERED: lazy("Your friend chooses a home."),
    State.SUBSCRIBED: lazy("Your friend signs the contract."),
    State.SIGNED: lazy("The payments for the home arrive."),
    State.PAID: lazy("The sales office completes the sale."),
}

REFUSALS: Mapping[str, object] = {
    "AdvocateNotFound": lazy("This code is not in force."),
    "CampaignLimitReached": lazy("The rewards of this campaign are used up."),
    "ProfileLimitReached": lazy("You have reported as many friends today as the rules allow."),
    "TooManyReports": lazy("Too many reports within a minute. Please wait a moment."),
    "ALIAS_TAKEN": lazy("A neighbour has this alias. Choose another."),
    "AlreadyReferred": lazy("You have invited this friend already."),
    "ReferralExpired": lazy("This invitation has lapsed."),
    "LeadKnownToProject": lazy("The sales office knows this customer already."),
    "LeadProtectedByOther": lazy("This number cannot be referred at present."),
    "HouseholdOfReferrer": lazy("You cannot refer yourself or somebody of your household."),
    "StaffExcluded": lazy("Staff and agents cannot be referred."),
    "NoticeTooShort": lazy("The friend was reported too shortly before the visit."),
    "ConsentMissing": lazy("The friend has not agreed."),
    "ConsentRefused": lazy("The friend has declined."),
    "IdentityMismatchAtContract": lazy(
        "Whoever signs is neither the friend nor one of the listed relatives."
    ),
    "CountryNotAllowed": lazy("Numbers of this country cannot be referred here."),
    "NOT_OPEN": lazy("Referrals are not open here at present."),
    "OTHER_NUMBER": lazy("This invitation was made for another number."),
    "taken_back": lazy("You took the invitation back."),
    "withdrawn": lazy("The friend withdrew the consent; the data are erased."),
    "lost": lazy("The friend did not buy."),
    "cancelled": lazy("The purchase was cancelled."),
    "denied": lazy("A dispute was decided: it counts for nobody."),
    "merged": lazy("The friend is counted with another owner's referral."),
    "moved": lazy("Reckoned anew after a dispute."),
    "DISPUTED": lazy("A dispute about this lead has not ended yet."),
    "PAYOUT_DISPUTED": lazy("A lead of this payout is disputed: drop it and propose the rest."),
    "PAYOUT_WITHDRAWN": lazy(
        "A friend of this payout withdrew the consent: drop it and propose the rest."
    ),
    "NOT_DISPUTABLE": lazy("There is nothing to dispute about this lead as it stands."),
    "ALREADY_DISPUTED": lazy("This lead was disputed before: a decision is for good."),
    "IN_THE_SALE": lazy("Somebody who has had nothing to do with this sale has to decide."),
    "NO_OTHER": lazy("Give the code of another owner, one that is in force."),
    "BAD_SHARE": lazy("The shares are whole numbers and make 100."),
    "TOO_LATE": lazy("The time to appeal is over."),
    "NOT_NOW": lazy("The dispute has moved on meanwhile: look at it again."),
    "RATE_THERE": lazy("A rate for this day is there already."),
    "shared": lazy("Your friend agreed to another owner's invitation: you share the rewards."),
    "repriced": lazy("Reckoned anew for another price or area."),
    "corrected": lazy("Reckoned anew after a correction of the rules."),
    "CORRECTED": lazy("This correction was decided meanwhile."),
    "NOT_PAST": lazy("Rules that begin later need no correction: save them as a version."),
    "TOO_MANY_LEADS": lazy("This changes more than 500 leads: choose a later day."),
    "swapped": lazy("Reckoned anew for another home."),
    "NOTHING_NEW": lazy("The lead has this home already."),
    "CHECK_FAILED": lazy("A check has failed: only a manager can make an exception."),
    "NO_REASON": lazy("Give a reason."),
    "FUTURE": lazy("The day lies in the future."),
    "DATE_BEFORE": lazy("The day lies before the stage that was reached last."),
    "ILLEGAL_STEP": lazy("The stage does not follow the one where the lead stands."),
    "UNKNOWN_CODE": lazy("No lead under way has this code."),
    "UNREADABLE": lazy("The stage, the day or who signs cannot be read."),
    "TOO_MANY_ROWS": lazy("500 lines at once at most."),
    "SAME_PERSON": lazy("Somebody else has to approve what you brought about."),
    "NOT_EARNED": lazy("This reward is not waiting for an approval any more."),
    "NOT_HELD": lazy("This reward is not held any more."),
    "NOTHING_DUE": lazy("Nothing is due: approve rewards in cash first."),
    "REFUSED": lazy("The points could not be posted: look at the member's account."),
    "TOO_LITTLE": lazy("More than that is used already."),
    "PAST": lazy("Rules begin now or later: what is reported keeps the rules of its day."),
    "CHANGED": lazy("Somebody wrote a newer version meanwhile. Look at it, then save again."),
}

MEASURES: Mapping[str, object] = {
    "fixed": lazy("A fixed amount"),
    "percent": lazy("Percent of the contract price"),
    "bands": lazy("By bands of the contract price"),
    "fee_months": lazy("Months of the management fee"),
}

SIDES: Mapping[str, object] = {"owner": lazy("Owner"), "friend": lazy("Friend")}

REWARD_STATES: Mapping[str, tuple[object, str]] = {
    "earned": (lazy("Waits for approval"), "gold"),
    "held": (lazy("On hold"), "rose"),
    "approved": (lazy("Approved"), "blue"),
    "posted": (lazy("Paid out"), "green"),
    "void": (lazy("Taken off"), ""),
}
"""State of a reward -> its word and its tone."""

TAX_CLASSES: Mapping[str, object] = {
    "none": lazy("No tax"),
    "incidental": lazy("Incidental income"),
    "labour": lazy("Pay for services"),
}

BATCH_STATES: Mapping[str, tuple[object, str]] = {
    "proposed": (lazy("Proposed"), "gold"),
    "approved": (lazy("Approved"), "blue"),
    "paid": (lazy("Paid out"), "green"),
    "dropped": (lazy("Dropped"), ""),
}

STATUS: Mapping[str, int] = {
    "CountryNotAllowed": 422,
    "HouseholdOfReferrer": 422,
    "StaffExcluded": 422,
    "OTHER_NUMBER": 422,
    "NO_REASON": 422,
    "NO_OTHER": 422,
    "BAD_SHARE": 422,
    "IN_THE_SALE": 403,
    "FUTURE": 422,
    "DATE_BEFORE": 422,
    "IdentityMismatchAtContract": 422,
    "PAST": 422,
    "NOT_PAST": 422,
    "TOO_MANY_LEADS": 422,
    "TOO_LITTLE": 422,
    "TooManyReports": 429,
    "ProfileLimitReached": 429,
}
"""Code -> status of the answer; the others are 409."""

STEPS: Mapping[str, object] = {
    "invited": lazy("Invited by the owner"),
    "consented": lazy("The friend agreed"),
    "reported": lazy("Reported"),
    "arrived": lazy("Came to the sales office"),
    "accepted": lazy("Accepted as the owner's referral"),
    "visited": lazy("Visited"),
    "follow_up": lazy("Followed up"),
    "escalated": lazy("Handed to the manager"),
    "rejected": lazy("Not recognised"),
    "pre_registered": lazy("Pre-registered"),
    "subscribed": lazy("Subscribed"),
    "signed": lazy("Contract signed"),
    "paid": lazy("Paid up"),
    "closed": lazy("Completed"),
    "refused": lazy("Declined by the friend"),
    "lapsed": lazy("Run out"),
    "lost": lazy("Did not buy"),
    "cancelled": lazy("Purchase cancelled"),
    "withdrawn": lazy("Consent withdrawn, data erased"),
    "merged": lazy("Counted with another owner's referral"),
    "swapped": lazy("Another home chosen"),
    "priced": lazy("Price and area entered"),
    "corrected": lazy("Given corrected rules"),
    "disputed": lazy("Dispute opened"),
    "evidence": lazy("Something was added to the dispute"),
    "decided": lazy("Dispute decided"),
    "appealed": lazy("Decision appealed"),
    "final": lazy("Dispute decided for good"),
}

OUTCOMES: Mapping[str, object] = {
    "keep": lazy("It stays with the owner who has it"),
    "move": lazy("It counts for the other owner"),
    "split": lazy("Several owners share the rewards"),
    "deny": lazy("It counts for nobody"),
}

DISPUTE_STATES: Mapping[str, tuple[object, str]] = {
    "open": (lazy("Open dispute"), "gold"),
    "decided": (lazy("Decided, may be appealed"), "blue"),
    "appealed": (lazy("Appealed"), "gold"),
    "final": (lazy("Decided for good"), "green"),
}

BUYERS: Mapping[str, object] = {
    Buyer.FRIEND: lazy("The friend"),
    Buyer.SPOUSE: lazy("Husband or wife"),
    Buyer.PARENT: lazy("Father or mother"),
    Buyer.CHILD: lazy("Son or daughter"),
    Buyer.SIBLING: lazy("Brother or sister"),
    Buyer.OTHER: lazy("Somebody else"),
}

SEEN: Mapping[str, object] = {
    Seen.VISIT: lazy("Visit of the sales office"),
    Seen.CALL: lazy("Call to the sales office"),
    Seen.AGENT: lazy("Agent"),
    Seen.STAFF: lazy("Staff or relative of staff"),
}

FOLLOW_UPS: Mapping[str, object] = {
    FollowUp.VISIT: lazy("Came again"),
    FollowUp.VIEWING: lazy("Saw a home"),
    FollowUp.MEETING: lazy("Met the adviser"),
}
