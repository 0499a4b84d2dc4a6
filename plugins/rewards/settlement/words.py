"""The words of settlement."""

from collections.abc import Mapping

from plugins.rewards.settlement.states import Party, Stage
from portal.sdk import lazy

PARTIES: Mapping[str, object] = {
    Party.PARTNER: lazy("Partner"),
    Party.PROPERTY: lazy("Property company"),
    Party.CLUB: lazy("The club itself"),
}
"""Party -> its word; a partner has a name."""

STAGES: Mapping[str, tuple[object, str]] = {
    Stage.DRAFT: (lazy("Statement drawn up"), "gold"),
    Stage.APPROVED: (lazy("Statement approved"), "blue"),
    Stage.PAID: (lazy("Statement paid"), "green"),
}
"""State -> its word and its colour."""

NEXT: Mapping[str, object] = {
    Stage.DRAFT: lazy("Somebody else than who drew it up looks it through and approves it."),
    Stage.APPROVED: lazy("Pay it, then note here when and how."),
    Stage.PAID: lazy("It is settled and never changes again."),
}
"""State -> what comes next, and who does it."""
