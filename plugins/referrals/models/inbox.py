"""Stages that the sales system sent before the ones that come first."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from plugins.referrals.models.rewards import BIG
from portal.sdk import Identified, db, foreign_key


class EarlyStage(Identified, db.Model):
    """A stage that waits for the one before it; at most one of each a lead."""

    __tablename__ = "referrals_early_stage"
    __table_args__ = (
        sa.UniqueConstraint("lead_id", "stage", name="uq_referrals_early_stage_lead"),
        sa.CheckConstraint(
            "stage IN ('pre_registered', 'subscribed', 'signed', 'paid', 'closed')",
            name="stage_of_a_sale",
        ),
    )

    project_id: Mapped[int] = foreign_key("project.id")
    lead_id: Mapped[int] = foreign_key("referrals_lead.id", index=False)
    stage: Mapped[str] = mapped_column(sa.String(20))
    on_day: Mapped[date]
    buyer: Mapped[str] = mapped_column(sa.String(20), default="")
    building: Mapped[str] = mapped_column(sa.String(40), default="")
    paper: Mapped[str] = mapped_column(sa.String(200), default="")
    # Fen, and hundredths of a square metre.
    price: Mapped[int | None] = mapped_column(BIG)
    area: Mapped[int | None] = mapped_column(BIG)
    # Why it could not be written down when its turn came.
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    # An account by id: whose program or file it came from.
    by: Mapped[int | None] = mapped_column(BIG)
