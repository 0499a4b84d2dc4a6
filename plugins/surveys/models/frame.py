"""The frame of a wave: who is asked, and whether the answer is there; and quotas."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from plugins.surveys.states import Stage
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of, unique_where

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Participation(Identified, db.Model):
    """One person or household that is asked: `building`, `tier`, `stage` as at the freeze.

    `unit_key`: "h:<household>" or "m:<member>". Of an anonymous wave it names no ballot, and no
    column holds when the answer came. The frame is drawn while the wave is in review, never later.
    """

    __tablename__ = "surveys_participation"
    __table_args__ = (
        one_of("stage", Stage),
        sa.ForeignKeyConstraint(
            ["wave_id", "named"],
            ["surveys_wave.id", "surveys_wave.named"],
            name="fk_surveys_participation_wave",
            ondelete="RESTRICT",
        ),
        sa.CheckConstraint("named OR (ballot_id IS NULL AND answered_by IS NULL)", name="unlinked"),
        sa.CheckConstraint("answered OR NOT rewarded", name="rewarded_when_answered"),
        sa.CheckConstraint(
            "answered OR (ballot_id IS NULL AND answered_by IS NULL)", name="ballot_when_answered"
        ),
        sa.CheckConstraint("NOT named OR NOT answered OR ballot_id IS NOT NULL", name="linked"),
        sa.CheckConstraint("household_id IS NOT NULL OR member_id IS NOT NULL", name="somebody"),
        sa.CheckConstraint("reminded >= 0", name="reminded"),
        sa.UniqueConstraint("wave_id", "unit_key", name="uq_surveys_participation_unit"),
        sa.UniqueConstraint("id", "named", name="uq_surveys_participation_named"),
        unique_where("uq_surveys_participation_ballot", "ballot_id", where="ballot_id IS NOT NULL"),
        sa.Index("ix_surveys_participation_rate", "wave_id", "answered", "stage", "building"),
        sa.Index("ix_surveys_participation_household", "household_id", "wave_id"),
        sa.Index("ix_surveys_participation_member", "member_id", "wave_id"),
    )

    wave_id: Mapped[int] = mapped_column(BIG)
    named: Mapped[bool]
    project_id: Mapped[int] = foreign_key("project.id")
    unit_key: Mapped[str] = mapped_column(sa.String(24))
    household_id: Mapped[int | None] = foreign_key("household.id", index=False)
    member_id: Mapped[int | None] = foreign_key("member.id", index=False)
    building: Mapped[str] = mapped_column(sa.String(40), default="")
    tier: Mapped[str] = mapped_column(sa.String(40), default="")
    stage: Mapped[str] = mapped_column(sa.String(10))
    answered: Mapped[bool] = mapped_column(default=False)
    rewarded: Mapped[bool] = mapped_column(default=False)
    invited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reminded: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ballot_id: Mapped[int | None] = foreign_key("surveys_ballot.id", index=False)
    # Of a household, or of an identified or confidential wave: the member who sent it.
    answered_by: Mapped[int | None] = foreign_key("member.id")


class Quota(Identified, db.Model):
    """How many of a stratum are taken at most: `field` is building, tier or stage."""

    __tablename__ = "surveys_quota"
    __table_args__ = (
        sa.CheckConstraint("field IN ('building', 'tier', 'stage')", name="field"),
        sa.CheckConstraint("taken >= 0 AND taken <= most", name="exact"),
        sa.UniqueConstraint("wave_id", "field", "value", name="uq_surveys_quota_value"),
    )

    wave_id: Mapped[int] = foreign_key("surveys_wave.id", index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    field: Mapped[str] = mapped_column(sa.String(10))
    value: Mapped[str] = mapped_column(sa.String(40))
    most: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
