"""Drafts of the rules that were tried on the leads of a year."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from plugins.referrals.models.rewards import BIG
from portal.sdk import Identified, UtcDateTime, db, foreign_key


class Trial(Identified, db.Model):
    """A draft, who tried it on which day, and what it came to as far as a job has reckoned."""

    __tablename__ = "referrals_trial"
    __table_args__ = (
        sa.CheckConstraint("done >= 0 AND total >= 0", name="counts"),
        sa.Index("ix_referrals_trial_list", "project_id", "created_at", "id"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    # corrections.drafts.pack, and the newest version when it was written, 0 for none.
    draft: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)
    after: Mapped[int]
    # The business date that ends the year.
    today: Mapped[date]
    # Stages of leads, and how many of them are reckoned; None: not begun.
    total: Mapped[int | None]
    done: Mapped[int] = mapped_column(default=0)
    # trials.figures.Figures; while it is under way with what the next stages need.
    found: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)
    # An account by id: tables of plugins refer to none.
    made_by: Mapped[int] = mapped_column(BIG)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
