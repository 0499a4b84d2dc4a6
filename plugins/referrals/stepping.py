"""What every step of a lead does: a guarded change, its rewards, and a word to the owner."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.referrals.earning import earn
from plugins.referrals.models import Campaign, Lead
from plugins.referrals.posting import owner_of
from plugins.referrals.rewarding import tell_rules
from plugins.referrals.shares.service import owners_of
from plugins.referrals.states import State
from portal.sdk import ProjectRef, db, notify


def guard(
    lead: Lead,
    sources: tuple[State, ...],
    values: Mapping[str, Any],
    *conditions: sa.ColumnElement[bool],
) -> bool:
    """Change a lead if it still stands at one of the sources; whether it did."""
    db.session.flush()
    done = db.session.execute(
        sa.update(Lead)
        .where(Lead.id == lead.id, Lead.state.in_(sources), *conditions)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(lead)
    return bool(getattr(done, "rowcount", 0))


def protected_until(rules: Campaign, came: datetime, at: datetime) -> datetime:
    """Return until when follow-up at `at` protects: the friend has to choose a home in time."""
    return min(
        at + timedelta(days=rules.protection_days), came + timedelta(days=rules.subscribe_days)
    )


def reward_stage(
    actor: Any, project: ProjectRef, lead: Lead, rules: Campaign, on: date, stage: str = ""
) -> None:
    """Let a stage earn what it earns: the one where the lead stands unless told."""
    stage = stage or lead.state
    owner = owner_of(lead.referrer_id)
    tell_rules(project=project, lead=lead, stage=stage, referrer=owner, on=on)
    earn(actor=actor, project=project, lead=lead, rules=rules, stage=stage, on=on)


def told(project: ProjectRef, lead: Lead, kind: str) -> None:
    """Tell the owners how a lead stands."""
    notify(
        members=[owner_of(each) for each in owners_of(lead)],
        kind=kind,
        cause=f"{kind}:{lead.public_id}:{lead.state}",
        project=project,
        values={"friend": lead.phone_masked},
        url=f"/p/{project.slug}/referrals/leads/{lead.public_id}",
    )
