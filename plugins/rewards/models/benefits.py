"""How many of a benefit a tier gives, how many a member has had, and each single use."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from plugins.rewards.models.items import BIG
from plugins.rewards.states import Period
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of


class BenefitRule(Identified, db.Model):
    """How many of a benefit members of a tier have in a period; 0: none is given at the desk."""

    __tablename__ = "rewards_benefit_rule"
    __table_args__ = (
        one_of("period", Period),
        sa.CheckConstraint("most BETWEEN 0 AND 999", name="most_known"),
        sa.UniqueConstraint("project_id", "tier", "benefit"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    tier: Mapped[str] = mapped_column(sa.String(30))
    benefit: Mapped[str] = mapped_column(sa.String(40))
    most: Mapped[int]
    period: Mapped[str] = mapped_column(sa.String(20), default=Period.YEAR)
    # Raised by every change, so that two who write at once are told.
    version: Mapped[int] = mapped_column(default=1)


class BenefitCount(Identified, db.Model):
    """How many of a benefit a member has had in a period; a change of tier does not begin anew."""

    __tablename__ = "rewards_benefit_count"
    __table_args__ = (
        sa.CheckConstraint("used >= 0 AND used <= most", name="used_at_most"),
        sa.UniqueConstraint("member_id", "project_id", "benefit", "period"),
    )

    project_id: Mapped[int] = foreign_key("project.id")
    member_id: Mapped[int] = foreign_key("member.id", index=False)
    benefit: Mapped[str] = mapped_column(sa.String(40))
    # "2026H2"; "" is the whole time.
    period: Mapped[str] = mapped_column(sa.String(10))
    used: Mapped[int] = mapped_column(default=0)
    most: Mapped[int]


class BenefitUse(Identified, db.Model):
    """One use at the desk. `key`: of the form, so that pressing twice takes once."""

    __tablename__ = "rewards_benefit_use"
    __table_args__ = (
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by IS NULL) AND (undone_at IS NULL) = (reason = '')",
            name="undone_as_a_whole",
        ),
        sa.UniqueConstraint("project_id", "key"),
        sa.Index("ix_rewards_benefit_use_list", "project_id", "created_at", "id"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    member_id: Mapped[int] = foreign_key("member.id")
    count_id: Mapped[int] = foreign_key("rewards_benefit_count.id")
    tier: Mapped[str] = mapped_column(sa.String(30))
    benefit: Mapped[str] = mapped_column(sa.String(40))
    # What the benefit was called then.
    title: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    key: Mapped[str] = mapped_column(sa.String(64))
    by: Mapped[int] = mapped_column(BIG)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[int | None] = mapped_column(BIG)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
