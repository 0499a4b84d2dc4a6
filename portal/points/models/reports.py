"""What finance and auditors read: how months moved points, and how the ledger was proved."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import BIG, Identified, UtcDateTime, foreign_key, primary_key
from portal.extensions import db

MOVES = ("issued", "spent", "expired", "forfeited", "adjusted", "moved")
"""What can happen to points, each signed by what it does to those outstanding."""


class Move(db.Model):
    """What a closed month did to points of one cohort that end in one month, in milli-points.

    `project_id`: where they were given. `cohort`: the month in which that was; empty for what is
    owed, which is no lot's. `ends`: the month of their last day, "9999-12" for ever. Their sum over
    all months up to one is what was outstanding at its end.
    """

    __tablename__ = "points_move"
    __table_args__ = (
        sa.CheckConstraint("length(month) = 7", name="month_form"),
        sa.CheckConstraint("length(cohort) IN (0, 7)", name="cohort_form"),
        sa.CheckConstraint("length(ends) = 7", name="ends_form"),
        sa.Index("ix_points_move_month", "month", "currency_id", "project_id"),
    )

    id: Mapped[primary_key]
    month: Mapped[str] = mapped_column(sa.String(7))
    currency_id: Mapped[int] = foreign_key("points_currency.id", index=False)
    project_id: Mapped[int | None] = foreign_key("project.id", index=False)
    cohort: Mapped[str] = mapped_column(sa.String(7))
    ends: Mapped[str] = mapped_column(sa.String(7))
    issued: Mapped[int] = mapped_column(BIG)
    spent: Mapped[int] = mapped_column(BIG)
    expired: Mapped[int] = mapped_column(BIG)
    forfeited: Mapped[int] = mapped_column(BIG)
    adjusted: Mapped[int] = mapped_column(BIG)
    moved: Mapped[int] = mapped_column(BIG)


class Proof(Identified, db.Model):
    """One run of `verify`: when, how long, how many rules, and how many faults it found.

    `error`: why it could not finish; then it has proved nothing.
    """

    __tablename__ = "points_proof"
    __table_args__ = (
        sa.CheckConstraint("rules >= 0", name="rules_positive"),
        sa.CheckConstraint("faults >= 0", name="faults_positive"),
        sa.CheckConstraint("started_at <= ended_at", name="moments_in_order"),
        sa.Index("ix_points_proof_started_at", "started_at"),
    )

    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rules: Mapped[int]
    faults: Mapped[int]
    error: Mapped[str] = mapped_column(sa.String(200), default="")


class ProofFault(db.Model):
    """A rule that did not hold at an account (none: at no single one), with its figures."""

    __tablename__ = "points_proof_fault"

    id: Mapped[primary_key]
    proof_id: Mapped[int] = foreign_key("points_proof.id")
    rule: Mapped[str] = mapped_column(sa.String(60))
    account_id: Mapped[int | None] = mapped_column(BIG)
    figures: Mapped[str] = mapped_column(sa.String(500))
