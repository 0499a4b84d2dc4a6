"""Corrections: rules with a past date, proposed by one person and confirmed by another."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from plugins.referrals.models.rewards import BIG
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of


class CorrectionState(StrEnum):
    """Where a correction stands."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DROPPED = "dropped"


class Correction(Identified, db.Model):
    """A version of the rules that is to count from a day that has passed."""

    __tablename__ = "referrals_correction"
    __table_args__ = (
        one_of("state", CorrectionState),
        sa.CheckConstraint(
            "state <> 'confirmed' OR (decided_by IS NOT NULL AND decided_by <> made_by)",
            name="two_persons",
        ),
        sa.CheckConstraint(
            "(state = 'confirmed') = (campaign_id IS NOT NULL)", name="version_when_confirmed"
        ),
        sa.Index("ix_referrals_correction_list", "project_id", "state", "created_at", "id"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    state: Mapped[str] = mapped_column(sa.String(10), default=CorrectionState.PROPOSED)
    # The newest version when it was proposed, 0 for none.
    after: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    draft: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)
    words: Mapped[str] = mapped_column(sa.String(400))
    # How many leads it changes, and the sums of their rewards by kind before and after.
    effect: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)
    # Accounts by id: tables of plugins refer to none.
    made_by: Mapped[int] = mapped_column(BIG)
    decided_by: Mapped[int | None] = mapped_column(BIG)
    campaign_id: Mapped[int | None] = foreign_key("referrals_campaign.id")
