"""Rewards: what a version of the rules promises, what was earned, from which purse it is paid."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of, unique_where

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Kind(StrEnum):
    """What a reward is; amounts are milli-points or fen."""

    POINTS = "points"
    CASH = "cash"


class Beneficiary(StrEnum):
    """Who gets it: never whoever referred the owner."""

    OWNER = "owner"
    FRIEND = "friend"


class Measure(StrEnum):
    """How a line says how much: so many points or yuan, a percentage of the contract price, an
    amount for each band of prices, months of the management fee."""

    FIXED = "fixed"
    PERCENT = "percent"
    BANDS = "bands"
    FEE_MONTHS = "fee_months"


class Due(StrEnum):
    """The stages that a reward may be for."""

    VISITED = "visited"
    SUBSCRIBED = "subscribed"
    SIGNED = "signed"
    PAID = "paid"
    CLOSED = "closed"


class RewardState(StrEnum):
    """Where a reward stands. A void one was never posted; a posted one is taken back by a row of
    its own with the negative amount."""

    EARNED = "earned"
    HELD = "held"
    APPROVED = "approved"
    POSTED = "posted"
    VOID = "void"


class BatchState(StrEnum):
    """Where a payout stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    PAID = "paid"
    DROPPED = "dropped"


class RewardLine(Identified, db.Model):
    """One promise of a version of the rules; never changed."""

    __tablename__ = "referrals_reward_line"
    __table_args__ = (
        one_of("stage", Due),
        one_of("kind", Kind),
        one_of("beneficiary", Beneficiary),
        one_of("measure", Measure),
        sa.UniqueConstraint("campaign_id", "place", name="uq_referrals_reward_line_place"),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint(
            "from_nth >= 1 AND (to_nth IS NULL OR to_nth >= from_nth)", name="ladder_order"
        ),
        # A friend is no member: there is no account for points.
        sa.CheckConstraint("beneficiary = 'owner' OR kind = 'cash'", name="friend_in_cash"),
        sa.CheckConstraint("kind = 'points' OR NOT at_once", name="cash_by_two"),
        sa.CheckConstraint("measure <> 'percent' OR amount <= 10000", name="whole_at_most"),
        sa.CheckConstraint("measure <> 'fee_months' OR kind = 'cash'", name="fees_in_cash"),
        sa.CheckConstraint("most > 0", name="most_positive"),
        sa.CheckConstraint(
            "from_on IS NULL OR until_on IS NULL OR until_on >= from_on", name="period_order"
        ),
    )

    project_id: Mapped[int] = foreign_key("project.id")
    campaign_id: Mapped[int] = foreign_key("referrals_campaign.id", index=False)
    place: Mapped[int]
    stage: Mapped[str] = mapped_column(sa.String(20))
    beneficiary: Mapped[str] = mapped_column(sa.String(10))
    kind: Mapped[str] = mapped_column(sa.String(10))
    # Milli-points or fen; hundredths of a percent; the highest of the bands; hundredths of a month.
    amount: Mapped[int] = mapped_column(BIG)
    measure: Mapped[str] = mapped_column(
        sa.String(10), default=Measure.FIXED, server_default="fixed"
    )
    # What a reckoned amount never passes, milli-points or fen.
    most: Mapped[int | None] = mapped_column(BIG)
    # [price from which on in fen, amount], the lowest first.
    bands: Mapped[list[list[int]]] = mapped_column(sa.JSON, default=list, server_default="[]")
    # The first and the last day on which the stage counts.
    from_on: Mapped[date | None]
    until_on: Mapped[date | None]
    # Which of the owner's referrals that reach the stage: a ladder.
    from_nth: Mapped[int] = mapped_column(default=1)
    to_nth: Mapped[int | None]
    # Keys of tiers and names of buildings; empty: all.
    tiers: Mapped[list[str]] = mapped_column(sa.JSON)
    buildings: Mapped[list[str]] = mapped_column(sa.JSON)
    # Points given without a person's approval.
    at_once: Mapped[bool] = mapped_column(default=False)


class Budget(Identified, db.Model):
    """What a project may give from a day on, until a later budget begins; never overdrawn."""

    __tablename__ = "referrals_budget"
    __table_args__ = (
        one_of("kind", Kind),
        sa.UniqueConstraint("project_id", "kind", "starts_on", name="uq_referrals_budget_day"),
        sa.CheckConstraint("used >= 0 AND used <= amount", name="held"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    kind: Mapped[str] = mapped_column(sa.String(10))
    starts_on: Mapped[date]
    amount: Mapped[int] = mapped_column(BIG)
    used: Mapped[int] = mapped_column(BIG, default=0)


class Quota(Identified, db.Model):
    """What an owner's leads have brought to one side within a calendar year."""

    __tablename__ = "referrals_quota"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("beneficiary", Beneficiary),
        sa.UniqueConstraint(
            "referrer_id", "beneficiary", "kind", "year", name="uq_referrals_quota_year"
        ),
        sa.CheckConstraint("used >= 0", name="used_not_negative"),
    )

    project_id: Mapped[int] = foreign_key("project.id")
    referrer_id: Mapped[int] = foreign_key("referrals_referrer.id", index=False)
    beneficiary: Mapped[str] = mapped_column(sa.String(10))
    kind: Mapped[str] = mapped_column(sa.String(10))
    year: Mapped[int]
    used: Mapped[int] = mapped_column(BIG, default=0)


class Batch(Identified, db.Model):
    """A payout of cash rewards: proposed by one person, approved by another, then paid."""

    __tablename__ = "referrals_batch"
    __table_args__ = (
        one_of("state", BatchState),
        sa.UniqueConstraint("project_id", "number", name="uq_referrals_batch_number"),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> made_by", name="two_persons"),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'paid') OR approved_by IS NOT NULL", name="approved_by_one"
        ),
        sa.CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="paid_on_a_day"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(10), default=BatchState.PROPOSED)
    # Fen, and how many rewards; fixed when proposed.
    total: Mapped[int] = mapped_column(BIG)
    rows: Mapped[int]
    # Accounts by id: tables of plugins refer to none.
    made_by: Mapped[int] = mapped_column(BIG)
    approved_by: Mapped[int | None] = mapped_column(BIG)
    paid_by: Mapped[int | None] = mapped_column(BIG)
    paid_on: Mapped[date | None]
    proof: Mapped[str] = mapped_column(sa.String(120), default="")


class Reward(Identified, db.Model):
    """A reward for a lead's stage, or what takes a posted one back."""

    __tablename__ = "referrals_reward"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("beneficiary", Beneficiary),
        one_of("state", RewardState),
        unique_where(
            "uq_referrals_reward_once",
            "lead_id",
            "line_id",
            "referrer_id",
            "reckoning",
            where="reverses_id IS NULL",
        ),
        unique_where(
            "uq_referrals_reward_reverses", "reverses_id", where="reverses_id IS NOT NULL"
        ),
        sa.CheckConstraint("(reverses_id IS NULL) = (amount > 0)", name="sign"),
        sa.CheckConstraint(
            "approved_by IS NULL OR made_by IS NULL OR approved_by <> made_by", name="two_persons"
        ),
        sa.CheckConstraint(
            "state <> 'posted' OR kind = 'cash' OR posting_id IS NOT NULL", name="in_the_ledger"
        ),
        sa.CheckConstraint(
            "state <> 'posted' OR kind = 'points' OR batch_id IS NOT NULL", name="in_a_payout"
        ),
        sa.Index("ix_referrals_reward_list", "project_id", "state", "created_at", "id"),
        sa.Index("ix_referrals_reward_all", "project_id", "created_at", "id"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    lead_id: Mapped[int] = foreign_key("referrals_lead.id")
    line_id: Mapped[int] = foreign_key("referrals_reward_line.id")
    referrer_id: Mapped[int] = foreign_key("referrals_referrer.id")
    reverses_id: Mapped[int | None] = foreign_key("referrals_reward.id", index=False)
    beneficiary: Mapped[str] = mapped_column(sa.String(10))
    kind: Mapped[str] = mapped_column(sa.String(10))
    amount: Mapped[int] = mapped_column(BIG)
    state: Mapped[str] = mapped_column(sa.String(10))
    # Why it is held.
    reason: Mapped[str] = mapped_column(sa.String(40), default="")
    earned_on: Mapped[date]
    nth: Mapped[int]
    # Which reckoning of its lead it comes from.
    reckoning: Mapped[int] = mapped_column(default=1, server_default="1")
    # What it has been counted in, as long as it counts.
    budget_id: Mapped[int | None] = foreign_key("referrals_budget.id")
    quota_id: Mapped[int | None] = foreign_key("referrals_quota.id")
    made_by: Mapped[int | None] = mapped_column(BIG)
    approved_by: Mapped[int | None] = mapped_column(BIG)
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The posting in the points ledger, by id.
    posting_id: Mapped[int | None] = mapped_column(BIG)
    batch_id: Mapped[int | None] = foreign_key("referrals_batch.id")
    line: Mapped[RewardLine] = relationship(lazy="raise")
