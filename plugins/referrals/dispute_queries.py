"""What is read of disputes. Every statement is bounded."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from plugins.referrals.models import Dispute, Lead, Note, Referrer, Step
from portal.sdk import Page, db, page_of


def of_lead(lead: Lead) -> Dispute | None:
    """Return the dispute that a lead is in, as the disputed one or as the other."""
    return db.session.scalar(
        sa.select(Dispute)
        .where(sa.or_(Dispute.lead_id == lead.id, Dispute.rival_id == lead.id))
        .order_by((Dispute.state == "final"), Dispute.created_at.desc())
        .limit(1)
    )


def disputes(project_id: int, state: str) -> Page[Any]:
    """Return a page of (dispute, lead, referrer), the newest first."""
    statement = (
        sa.select(Dispute, Lead, Referrer)
        .join(Lead, Lead.id == Dispute.lead_id)
        .join(Referrer, Referrer.id == Lead.referrer_id)
        .where(Dispute.project_id == project_id)
    )
    if state:
        statement = statement.where(Dispute.state == state)
    return page_of(statement, Dispute.created_at, Dispute.id, descending=True)


def dispute(project_id: int, public_id: str) -> Dispute | None:
    """Return a dispute of this project."""
    return db.session.scalar(
        sa.select(Dispute).where(Dispute.public_id == public_id, Dispute.project_id == project_id)
    )


def timeline(lead_ids: Sequence[int]) -> Sequence[tuple[Step, str | None]]:
    """Return the steps of the leads of a dispute with their words as one, the oldest first."""
    rows = db.session.execute(
        sa.select(Step, Note.text)
        .outerjoin(Note, Note.step_id == Step.id)
        .where(Step.lead_id.in_(lead_ids))
        .order_by(Step.created_at, Step.id)
        .limit(300)
    )
    return [(row[0], row[1]) for row in rows]
