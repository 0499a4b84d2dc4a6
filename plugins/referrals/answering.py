"""What verifiers do at the desk, on the page and by a program alike."""

from datetime import datetime
from typing import Any

from plugins.referrals import checks, stages
from plugins.referrals.errors import ReferralError
from plugins.referrals.importing import take_up
from plugins.referrals.models import Campaign, Lead
from plugins.referrals.states import State
from portal.sdk import ProjectRef

CHOICES = ("accept", "reject", "escalate")


def note_visit(*, actor: Any, project: ProjectRef, lead: Lead, at: datetime) -> None:
    """Write down that the friend has come. Raises ReferralError."""
    act = stages.visit if lead.state == State.ACCEPTED else stages.note_arrival
    act(actor=actor, project=project, lead=lead, rules=_rules(lead), at=at)
    take_up(actor=actor, project=project, lead=lead, at=at)


def answer(
    *,
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    choice: str,
    words: str,
    reason: str,
    at: datetime,
    may_override: bool,
) -> None:
    """Accept a lead, refuse it, or hand it to the manager. Raises ReferralError: NO_REASON also for
    no choice."""
    rules = _rules(lead)
    told: dict[str, Any] = {
        "actor": actor, "project": project, "lead": lead, "words": words, "at": at,
    }  # fmt: skip
    if choice == "accept":
        found = checks_of(project, lead, at)
        stages.accept(**told, rules=rules, checks=found, may_override=may_override)
    elif choice == "reject":
        stages.reject(**told, reason=reason)
    elif choice == "escalate" and words:
        stages.escalate(**told)
    else:
        raise ReferralError("NO_REASON", state=lead.state)
    take_up(actor=actor, project=project, lead=lead, at=at)


def checks_of(project: ProjectRef, lead: Lead, at: datetime) -> list[checks.Check]:
    """Return every check of a lead, none for one without consent."""
    if lead.campaign is None or lead.phone is None:
        return []
    return checks.run_checks(
        project=project, lead=lead, referrer=lead.referrer, rules=lead.campaign, at=at
    )


def _rules(lead: Lead) -> Campaign:
    if lead.campaign is None or lead.phone is None:
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    return lead.campaign
