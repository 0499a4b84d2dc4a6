"""What staff set of an activity beside its dates: whom it is for."""

from datetime import datetime
from typing import Any

from plugins.events.eligibility import Rules
from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from plugins.events.seats import lock_quotas
from plugins.events.service import guard, log_step
from plugins.events.states import EDITABLE


def set_conditions(*, actor: Any, occurrence: Occurrence, rules: Rules, at: datetime) -> None:
    """Change whom an activity is for; who is registered stays so. Raises EventError."""
    if occurrence.state not in EDITABLE:
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    lock_quotas(occurrence.id)
    guard(occurrence, (occurrence.state,), {"sequence": Occurrence.sequence + 1})
    occurrence.rules = rules.as_json()
    log_step(actor, occurrence, "conditions", "")
