"""Every step of a lead is written down, and stays."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from plugins.referrals.models import Lead, Note, Step
from plugins.referrals.states import STAGES
from portal.sdk import ProjectRef, business_date, db, emit, now, record


def log(
    *,
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    step: str,
    state: str = "",
    on: date | None = None,
    at: datetime | None = None,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
    words: str = "",
    version: int | None = None,
    key: str | None = None,
) -> Step:
    """Add a step to a lead's history. `actor` None: the friend or the clock; `words`: free text,
    kept beside it; `key`: the sender's own, which counts once."""
    made = Step(
        project_id=project.id,
        lead_id=lead.id,
        step=step,
        stage=step in STAGES,
        state=state or lead.state,
        on_day=on or business_date(project.time_zone),
        by=actor.id if actor else None,
        reason=reason,
        rules_version=version,
        facts=dict(facts or {}),
        key=key,
        created_at=at or now(),
    )
    db.session.add(made)
    if words:
        db.session.flush()
        db.session.add(
            Note(project_id=project.id, lead_id=lead.id, step_id=made.id, text=words[:400])
        )
    record(
        actor=actor,
        action=f"referrals.{step}",
        subject=("referrals_lead", lead.public_id),
        project_id=project.id,
        facts={"state": made.state, **(facts or {})},
        reason=reason or None,
    )
    return made


def tell(kind: str, lead: Lead, **data: Any) -> None:
    """Tell others of a lead, by ids and codes."""
    emit(
        kind=kind,
        project_id=lead.project_id,
        subject=("referrals_lead", lead.public_id),
        data={"state": lead.state, **data},
    )
