"""What tiers promise in care, the tasks that come of it, and the money for them."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from plugins.rewards.care.states import Act, Care, Outcome, Rhythm, TaskState
from plugins.rewards.models.items import BIG
from portal.sdk import Identified, UtcDateTime, db, foreign_key, now, one_of, unique_where

_RULE = "rewards_care_rule.id"
_OPEN = f"state = '{TaskState.OPEN}'"


class CareRule(Identified, db.Model):
    """A promise of a tier in a project; how often and for how much is in its terms."""

    __tablename__ = "rewards_care_rule"
    __table_args__ = (
        one_of("kind", Care),
        one_of("rhythm", Rhythm),
        unique_where(
            "uq_rewards_care_rule_promise", "project_id", "tier", "kind", "rhythm", "title",
            where="ended_at IS NULL",
        ),
    )  # fmt: skip

    project_id: Mapped[int] = foreign_key("project.id")
    tier: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[str] = mapped_column(sa.String(20))
    rhythm: Mapped[str] = mapped_column(sa.String(20))
    # What it is, where the kind does not say it: "Spring cleaning".
    title: Mapped[str] = mapped_column(sa.String(60), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CareTerms(db.Model):
    """What a rule says from a day on, for ever: `least` and `most` days or months between two
    times, fen for each, and who does it (nobody: whoever takes it)."""

    __tablename__ = "rewards_care_terms"
    __table_args__ = (
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
        sa.CheckConstraint("version >= 1", name="version_positive"),
        sa.CheckConstraint("(least IS NULL) = (most IS NULL)", name="both_or_neither"),
        sa.CheckConstraint("least >= 1 AND most >= least", name="least_before_most"),
    )

    rule_id: Mapped[int] = foreign_key(_RULE, primary_key=True, index=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    project_id: Mapped[int] = foreign_key("project.id")
    since: Mapped[date]
    least: Mapped[int | None]
    most: Mapped[int | None]
    amount: Mapped[int] = mapped_column(BIG, default=0)
    # Accounts, by their ids.
    performer: Mapped[int | None] = mapped_column(BIG)
    performer_name: Mapped[str] = mapped_column(sa.String(120), default="")
    by: Mapped[int | None] = mapped_column(BIG)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class CareTask(Identified, db.Model):
    """Something to do for a member. `turn`: the year, or which time it is: a promise makes one task
    a turn. What it says is the rule's word when it was made."""

    __tablename__ = "rewards_care_task"
    __table_args__ = (
        one_of("kind", Care),
        one_of("rhythm", Rhythm),
        one_of("state", TaskState),
        one_of("outcome", Outcome),
        sa.UniqueConstraint("rule_id", "member_id", "turn", name="uq_rewards_care_task_turn"),
        unique_where("uq_rewards_care_task_open", "rule_id", "member_id", where=_OPEN),
        sa.CheckConstraint("opens_on <= due_on AND promised_on <= due_on", name="days_in_order"),
        sa.CheckConstraint("moved BETWEEN 0 AND 3", name="moved_three_times"),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
        sa.CheckConstraint("spent >= 0 AND spent <= amount", name="never_over"),
        sa.CheckConstraint("held >= 0 AND held <= amount", name="holds_at_most_its_amount"),
        sa.CheckConstraint(f"held = 0 OR {_OPEN}", name="only_open_holds"),
        sa.CheckConstraint(f"spent = 0 OR state = '{TaskState.DONE}'", name="only_done_spends"),
        sa.CheckConstraint("(held = 0 AND spent = 0) OR month IS NOT NULL", name="money_has_month"),
        sa.CheckConstraint(f"({_OPEN}) = (ended_on IS NULL)", name="open_without_end"),
        sa.CheckConstraint(
            f"(state = '{TaskState.DONE}') = (outcome IS NOT NULL)", name="done_with_outcome"
        ),
        sa.Index("ix_rewards_care_task_due", "project_id", "state", "due_on", "id"),
        sa.Index("ix_rewards_care_task_ended", "project_id", "ended_on"),
        sa.Index("ix_rewards_care_task_member", "member_id", "project_id", "due_on", "id"),
    )

    rule_id: Mapped[int] = foreign_key(_RULE, index=False)
    version: Mapped[int]
    project_id: Mapped[int] = foreign_key("project.id", index=False)
    member_id: Mapped[int] = foreign_key("member.id", index=False)
    tier: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[str] = mapped_column(sa.String(20))
    rhythm: Mapped[str] = mapped_column(sa.String(20))
    title: Mapped[str] = mapped_column(sa.String(60), default="")
    turn: Mapped[int]
    # The home as it was called then.
    building: Mapped[str] = mapped_column(sa.String(60), default="")
    entrance: Mapped[str] = mapped_column(sa.String(20), default="")
    number: Mapped[str] = mapped_column(sa.String(20), default="")
    opens_on: Mapped[date]
    due_on: Mapped[date]
    # Before it was postponed.
    promised_on: Mapped[date]
    moved: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(sa.String(20), default=TaskState.OPEN)
    # Who does it: an account, by its id, and its name then.
    assigned_to: Mapped[int | None] = mapped_column(BIG)
    assigned: Mapped[str] = mapped_column(sa.String(120), default="")
    # Fen: what it may cost, what is committed of a month's budget ("2026-12"), what it cost.
    amount: Mapped[int] = mapped_column(BIG, default=0)
    held: Mapped[int] = mapped_column(BIG, default=0)
    month: Mapped[str | None] = mapped_column(sa.String(7))
    spent: Mapped[int] = mapped_column(BIG, default=0)
    outcome: Mapped[str | None] = mapped_column(sa.String(20))
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    # Why it was postponed, skipped or closed.
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    ended_on: Mapped[date | None]
    escalated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CareStep(Identified, db.Model):
    """A step in the life of a task, for ever; nobody took it when `by` is None, but the clock."""

    __tablename__ = "rewards_care_step"
    __table_args__ = (one_of("act", Act),)

    task_id: Mapped[int] = foreign_key("rewards_care_task.id")
    project_id: Mapped[int] = foreign_key("project.id")
    act: Mapped[str] = mapped_column(sa.String(20))
    by: Mapped[int | None] = mapped_column(BIG)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class CareBudget(db.Model):
    """The money of a month for a kind of care, in fen: never more is committed and spent than is
    planned."""

    __tablename__ = "rewards_care_budget"
    __table_args__ = (
        one_of("kind", Care),
        sa.CheckConstraint("length(month) = 7", name="month_known"),
        sa.CheckConstraint("committed >= 0 AND spent >= 0", name="not_negative"),
        sa.CheckConstraint("committed + spent <= planned", name="never_over"),
    )

    project_id: Mapped[int] = foreign_key("project.id", primary_key=True, index=False)
    month: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    planned: Mapped[int] = mapped_column(BIG)
    committed: Mapped[int] = mapped_column(BIG, default=0)
    spent: Mapped[int] = mapped_column(BIG, default=0)


class CareDecline(db.Model):
    """A kind of care that a member does not want in a project."""

    __tablename__ = "rewards_care_decline"
    __table_args__ = (one_of("kind", Care),)

    member_id: Mapped[int] = foreign_key("member.id", primary_key=True, index=False)
    project_id: Mapped[int] = foreign_key("project.id", primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
