"""The sentences for what can be wrong with a claim."""

from portal.claims.errors import ClaimError
from portal.i18n import Text, lazy

SENTENCES: dict[str, Text] = {
    "already_claimed": lazy("You have claimed this home already; the claim is open."),
    "already_yours": lazy("This home is among your verified homes already."),
    "too_many": lazy("Ten of your claims are open. Wait for an answer or withdraw one first."),
    "proof_needed": lazy("Add at least one photo of the deed, contract or handover record."),
    "too_many_photos": lazy("Add at most four photos at a time, and twelve in all."),
    "unknown_unit": lazy(
        "This home is not in the register. Tick that it is to be added, or ask for more."
    ),
    "owner_exists": lazy("The home got an owner in the meantime. Choose what happens with them."),
    "resolution_needed": lazy(
        "The home has an owner from another household. Choose what happens with them."
    ),
    "reason_needed": lazy("Choose a reason; for “Other”, write what the owner should know."),
    "since_before_sale": lazy(
        "The new owner cannot have begun before the sale. Leave the day empty or correct it."
    ),
    "already_there": lazy("This member lives in the home already."),
    "own_claim": lazy("This claim is your own: a colleague has to decide on it."),
}


def sentence(error: ClaimError) -> str:
    """Say in the reader's language what is wrong and what to do."""
    return str(SENTENCES[error.code])
