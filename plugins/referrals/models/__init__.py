"""Rules in versions, referrers with their codes, leads, their history, and known customers."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from plugins.referrals.models.corrections import Correction
from plugins.referrals.models.disputes import Dispute, DisputeState, Outcome
from plugins.referrals.models.inbox import EarlyStage
from plugins.referrals.models.rewards import (
    BIG,
    Batch,
    Beneficiary,
    Budget,
    Measure,
    Quota,
    Reward,
    RewardLine,
)
from plugins.referrals.models.shares import Partner
from plugins.referrals.models.tax import PayeeLine, TaxClass, TaxRate
from plugins.referrals.models.trials import Trial
from plugins.referrals.states import ACTIVE_SQL, Buyer, Seen, State, Way
from portal.sdk import (
    Encrypted,
    Identified,
    UtcDateTime,
    db,
    foreign_key,
    now,
    one_of,
    unique_where,
)

PROTECTION_DAYS = (7, 10, 15, 30, 60, 90)


class Campaign(Identified, db.Model):
    """One version of a project's rules; never changed, a newer one takes over on its day."""

    __tablename__ = "referrals_campaign"
    __table_args__ = (
        sa.UniqueConstraint("project_id", "version", name="uq_referrals_campaign_version"),
        sa.CheckConstraint("protection_days IN (7, 10, 15, 30, 60, 90)", name="protection_known"),
        sa.CheckConstraint("visit_days BETWEEN 1 AND 365", name="visit_days_bounds"),
        sa.CheckConstraint("subscribe_days BETWEEN 1 AND 730", name="subscribe_days_bounds"),
        sa.CheckConstraint("known_days BETWEEN 0 AND 730", name="known_days_bounds"),
        sa.CheckConstraint("notice_minutes BETWEEN 0 AND 1440", name="notice_bounds"),
        sa.CheckConstraint("answer_minutes BETWEEN 5 AND 10080", name="answer_bounds"),
        sa.CheckConstraint("consent_hours BETWEEN 1 AND 720", name="consent_bounds"),
        sa.CheckConstraint("most_a_day BETWEEN 1 AND 500", name="most_a_day_bounds"),
        sa.CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="ends_after_start"),
        sa.CheckConstraint("month_fee > 0", name="month_fee_positive"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    version: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    title: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    promise: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    # Days unless the name says otherwise.
    protection_days: Mapped[int] = mapped_column(default=30)
    visit_days: Mapped[int] = mapped_column(default=15)
    subscribe_days: Mapped[int] = mapped_column(default=60)
    known_days: Mapped[int] = mapped_column(default=90)
    notice_minutes: Mapped[int] = mapped_column(default=30)
    answer_minutes: Mapped[int] = mapped_column(default=120)
    consent_hours: Mapped[int] = mapped_column(default=72)
    most_a_day: Mapped[int] = mapped_column(default=20)
    # What one owner's leads may bring to each side in a calendar year; none: no limit.
    cap_points: Mapped[int | None] = mapped_column(BIG)
    cap_cash: Mapped[int | None] = mapped_column(BIG)
    # The management fee, fen a square metre and month: what fee months are reckoned by.
    month_fee: Mapped[int | None] = mapped_column(BIG)
    # Percents of the owners who had invited one friend by the time of the yes, the one who is
    # agreed to first; none: that one has it all.
    shares: Mapped[list[int]] = mapped_column(sa.JSON, default=list, server_default="[]")
    # Who may sign in the friend's place: members of Buyer.
    kin: Mapped[list[str]] = mapped_column(sa.JSON)
    # An account by id: tables of plugins refer to none.
    made_by: Mapped[int | None] = mapped_column(BIG)


class Referrer(Identified, db.Model):
    """A member of a project with a code to pass on."""

    __tablename__ = "referrals_referrer"
    __table_args__ = (
        sa.UniqueConstraint("project_id", "member_id", name="uq_referrals_referrer_member"),
        sa.CheckConstraint("burst >= 0", name="burst_not_negative"),
        unique_where(
            "uq_referrals_referrer_alias", "project_id", "alias", where="alias IS NOT NULL"
        ),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    member_id: Mapped[int] = foreign_key("member.id")
    # What neighbours read on the board; none: the owner is not on it.
    alias: Mapped[str | None] = mapped_column(sa.String(12))
    code: Mapped[str] = mapped_column(sa.String(8), unique=True)
    # Reports within the minute that began at burst_at; too many raise a flag for the staff.
    burst_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    burst: Mapped[int] = mapped_column(default=0)
    flagged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Lead(Identified, db.Model):
    """A friend on the way to a home. Without consent: a keyed hash and a masked number, no more."""

    __tablename__ = "referrals_lead"
    __table_args__ = (
        one_of("state", State),
        one_of("way", Way),
        sa.CheckConstraint(
            "consented_at IS NOT NULL OR (phone IS NULL AND name = '')", name="consent_first"
        ),
        sa.CheckConstraint(
            "consented_at IS NOT NULL OR state = 'invited' "
            "OR (phone_hash IS NULL AND phone_masked = '')",
            name="erased_without_consent",
        ),
        sa.CheckConstraint(
            "withdrawn_at IS NULL OR (phone IS NULL AND phone_hash IS NULL AND phone_masked = '' "
            "AND name = '' AND state = 'cancelled')",
            name="erased_when_withdrawn",
        ),
        sa.CheckConstraint(
            "state IN ('invited', 'refused', 'lapsed') "
            "OR (reported_at IS NOT NULL AND campaign_id IS NOT NULL)",
            name="rules_when_reported",
        ),
        sa.CheckConstraint("(merged_into_id IS NOT NULL) = (state = 'merged')", name="merged"),
        sa.CheckConstraint("price > 0", name="price_positive"),
        sa.CheckConstraint("area > 0", name="area_positive"),
        unique_where("uq_referrals_lead_active", "project_id", "phone_hash", where=ACTIVE_SQL),
        unique_where(
            "uq_referrals_lead_invited", "referrer_id", "phone_hash", where="state = 'invited'"
        ),
        sa.Index("ix_referrals_lead_list", "project_id", "state", "created_at", "id"),
        sa.Index("ix_referrals_lead_mine", "referrer_id", "created_at", "id"),
        sa.Index("ix_referrals_lead_phone", "project_id", "phone_hash"),
        sa.Index("ix_referrals_lead_due", "state", "ends_at"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    referrer_id: Mapped[int] = foreign_key("referrals_referrer.id", index=False)
    campaign_id: Mapped[int | None] = foreign_key("referrals_campaign.id")
    way: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[str] = mapped_column(sa.String(20), default=State.INVITED)
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    phone_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    phone_masked: Mapped[str] = mapped_column(sa.String(24), default="")
    phone: Mapped[str | None] = mapped_column(Encrypted)
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    # What the friend shows at the sales office.
    pass_code: Mapped[str] = mapped_column(sa.String(8), unique=True)
    consented_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # SHA-256 of the words agreed to: the proof of consent.
    consent_digest: Mapped[str] = mapped_column(sa.String(64), default="")
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the lead lapses by itself: invitation, visit or protection, whichever counts now.
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Until when the staff owe an answer, and since when the manager does.
    answer_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The business date of the latest stage: never decreases.
    stage_on: Mapped[date | None]
    buyer: Mapped[str | None] = mapped_column(sa.String(20))
    # Where the friend chose a home.
    building: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")
    # The price of the contract in fen and the home's floor area in hundredths of a square metre.
    price: Mapped[int | None] = mapped_column(BIG)
    area: Mapped[int | None] = mapped_column(BIG)
    # Since when it is disputed: its clock stands still, its rewards are frozen.
    disputed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Another owner's lead of the same friend, which counts in its place.
    merged_into_id: Mapped[int | None] = foreign_key("referrals_lead.id")
    # How often its rewards were reckoned: anew after a decision that moves them.
    reckoning: Mapped[int] = mapped_column(default=1, server_default="1")
    referrer: Mapped[Referrer] = relationship(lazy="raise", foreign_keys=[referrer_id])
    campaign: Mapped[Campaign | None] = relationship(lazy="raise")


class Step(Identified, db.Model):
    """A step in a lead's life: append-only, ids and codes; free words lie beside it in Note."""

    __tablename__ = "referrals_step"
    __table_args__ = (
        one_of("state", State),
        unique_where("uq_referrals_step_stage", "lead_id", "step", where="stage"),
        sa.UniqueConstraint("project_id", "key", name="uq_referrals_step_key"),
        sa.Index("ix_referrals_step_lead", "lead_id", "created_at", "id"),
        sa.Index(
            "ix_referrals_step_day",
            "project_id",
            "on_day",
            "created_at",
            "id",
            sqlite_where=sa.text("stage"),
            postgresql_where=sa.text("stage"),
        ),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    lead_id: Mapped[int] = foreign_key("referrals_lead.id", index=False)
    step: Mapped[str] = mapped_column(sa.String(20))
    # Whether it is a stage of the lead, each of which comes once.
    stage: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(sa.String(20))
    on_day: Mapped[date]
    by: Mapped[int | None] = mapped_column(BIG)
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    rules_version: Mapped[int | None]
    facts: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)
    # The sender's own key of a row or a call, which counts once.
    key: Mapped[str | None] = mapped_column(sa.String(120))


class Note(Identified, db.Model):
    """What somebody wrote to a step; an erasure blanks it."""

    __tablename__ = "referrals_note"

    project_id: Mapped[int] = foreign_key("project.id")
    lead_id: Mapped[int] = foreign_key("referrals_lead.id")
    step_id: Mapped[int] = foreign_key("referrals_step.id", unique=True, index=False)
    text: Mapped[str] = mapped_column(sa.String(400))


class KnownCustomer(Identified, db.Model):
    """A number that the project knew on a day, as a keyed hash only."""

    __tablename__ = "referrals_known"
    __table_args__ = (
        one_of("seen", Seen),
        sa.UniqueConstraint("project_id", "phone_hash", "seen", name="uq_referrals_known_number"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    phone_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    seen: Mapped[str] = mapped_column(sa.String(20))
    seen_on: Mapped[date]


class PurgePermit(db.Model):
    """Stands while a purge deletes a project's history, which nobody else may."""

    __tablename__ = "referrals_purge_permit"

    project_id: Mapped[int] = mapped_column(
        BIG, sa.ForeignKey("project.id", ondelete="RESTRICT"), primary_key=True,
        autoincrement=False,
    )  # fmt: skip


__all__ = [
    "PROTECTION_DAYS", "Batch", "Beneficiary", "Budget", "Buyer", "Campaign", "Correction",
    "Dispute", "DisputeState", "EarlyStage", "KnownCustomer", "Lead", "Measure", "Note", "Outcome",
    "Partner", "PayeeLine", "PurgePermit", "Quota", "Referrer", "Reward", "RewardLine", "Step",
    "TaxClass", "TaxRate", "Trial",
]  # fmt: skip
