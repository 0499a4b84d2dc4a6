"""Disputes: whose lead it is, once a lead, decided by somebody who is not in the sale."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from plugins.referrals.models.rewards import BIG
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of


class DisputeState(StrEnum):
    """Where a dispute stands; appealed at most once."""

    OPEN = "open"
    DECIDED = "decided"
    APPEALED = "appealed"
    FINAL = "final"


class Outcome(StrEnum):
    """Whose lead it is: as it was, another owner's, two owners' by shares, nobody's."""

    KEEP = "keep"
    MOVE = "move"
    SPLIT = "split"
    DENY = "deny"


class Dispute(Identified, db.Model):
    """A dispute about a lead. `share`: what the owner who objects gets of a split, in percent;
    `others`: [referrer, percent] of third and further owners; the other gets the rest."""

    __tablename__ = "referrals_dispute"
    __table_args__ = (
        one_of("state", DisputeState),
        one_of("outcome", Outcome),
        sa.UniqueConstraint("lead_id", name="uq_referrals_dispute_lead"),
        sa.CheckConstraint("decided_by <> opened_by", name="not_ones_own"),
        sa.CheckConstraint("final_by <> decided_by", name="appeal_to_another"),
        sa.CheckConstraint("(state = 'open') = (outcome IS NULL)", name="open_without_outcome"),
        sa.CheckConstraint(
            "(outcome = 'split') = (share IS NOT NULL) OR outcome IS NULL", name="shares_of_a_split"
        ),
        sa.CheckConstraint("share BETWEEN 1 AND 99", name="share_bounds"),
        sa.CheckConstraint("(state = 'final') = (final_at IS NOT NULL)", name="final_at_some_time"),
        sa.Index("ix_referrals_dispute_list", "project_id", "state", "created_at", "id"),
        sa.Index("ix_referrals_dispute_due", "state", "appeal_until"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    lead_id: Mapped[int] = foreign_key("referrals_lead.id", index=False)
    # The lead under way of the same friend with another owner.
    rival_id: Mapped[int | None] = foreign_key("referrals_lead.id")
    # Who gets it, or a share of it, where there is no rival.
    other_id: Mapped[int | None] = foreign_key("referrals_referrer.id")
    state: Mapped[str] = mapped_column(sa.String(10), default=DisputeState.OPEN)
    outcome: Mapped[str | None] = mapped_column(sa.String(10))
    share: Mapped[int | None]
    others: Mapped[list[list[int]]] = mapped_column(sa.JSON, default=list, server_default="[]")
    # Accounts by id: tables of plugins refer to none. `final_by` None: nobody appealed in time.
    opened_by: Mapped[int] = mapped_column(BIG)
    decided_by: Mapped[int | None] = mapped_column(BIG)
    appealed_by: Mapped[int | None] = mapped_column(BIG)
    final_by: Mapped[int | None] = mapped_column(BIG)
    appeal_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    final_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
