"""Statements of a month, their lines, and what a partner gets for a piece."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from plugins.rewards.models.items import BIG, OWN_ITEM, Item
from plugins.rewards.partners.models import OWN_PARTNER, Partner
from plugins.rewards.settlement.states import Party, Stage
from portal.sdk import Identified, db, foreign_key, one_of

_SETTLED = "state IN ('approved', 'paid')"


class Rate(db.Model):
    """What a partner gets for a piece of an item from a month on, in fen."""

    __tablename__ = "rewards_rate"
    __table_args__ = (
        sa.CheckConstraint("length(month) = 7", name="month_known"),
        sa.CheckConstraint("fen BETWEEN 0 AND 100000000", name="fen_known"),
    )

    item_id: Mapped[int] = foreign_key(OWN_ITEM, primary_key=True, index=False)
    month: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    project_id: Mapped[int] = foreign_key("project.id")
    fen: Mapped[int] = mapped_column(BIG)


class Statement(Identified, db.Model):
    """What one party had of a month: drawn up by one person, approved by another, then paid.

    Its figures never change; it is approved only where the ledger has the same points.
    """

    __tablename__ = "rewards_statement"
    __table_args__ = (
        one_of("party", Party),
        one_of("state", Stage),
        sa.UniqueConstraint("project_id", "number", name="uq_rewards_statement_number"),
        sa.CheckConstraint("length(month) = 7", name="month_known"),
        sa.CheckConstraint("(party = 'partner') = (partner_id IS NOT NULL)", name="partner_named"),
        sa.CheckConstraint("approved_by IS NULL OR approved_by <> made_by", name="two_persons"),
        sa.CheckConstraint(f"({_SETTLED}) = (approved_by IS NOT NULL)", name="approved_by_one"),
        sa.CheckConstraint(f"NOT {_SETTLED} OR ledger = points", name="ties_to_the_ledger"),
        sa.CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="paid_on_a_day"),
        sa.Index("ix_rewards_statement_list", "project_id", "month", "id"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    number: Mapped[int]
    month: Mapped[str] = mapped_column(sa.String(7))
    party: Mapped[str] = mapped_column(sa.String(20))
    partner_id: Mapped[int | None] = foreign_key(OWN_PARTNER)
    state: Mapped[str] = mapped_column(sa.String(20), default=Stage.DRAFT)
    # Milli-points and fen of all lines, how many these are, and how many of them have no rate.
    points: Mapped[int] = mapped_column(BIG)
    amount: Mapped[int] = mapped_column(BIG)
    rows: Mapped[int]
    unrated: Mapped[int]
    # Milli-points that the ledger has for the same lines, as last asked.
    ledger: Mapped[int] = mapped_column(BIG)
    # Accounts by id: tables of plugins refer to none.
    made_by: Mapped[int] = mapped_column(BIG)
    approved_by: Mapped[int | None] = mapped_column(BIG)
    paid_by: Mapped[int | None] = mapped_column(BIG)
    paid_on: Mapped[date | None]
    proof: Mapped[str] = mapped_column(sa.String(120), default="")
    partner: Mapped[Partner | None] = relationship(lazy="raise")


class StatementLine(Identified, db.Model):
    """A handing out or a return (a step of an order), or a use of a voucher; each is in one
    statement only. Returns count negatively."""

    __tablename__ = "rewards_statement_line"
    __table_args__ = (
        sa.UniqueConstraint("step_id", name="uq_rewards_statement_line_step"),
        sa.UniqueConstraint("use_id", name="uq_rewards_statement_line_use"),
        sa.CheckConstraint("(step_id IS NULL) <> (use_id IS NULL)", name="of_one_thing"),
    )

    statement_id: Mapped[int] = foreign_key("rewards_statement.id")
    project_id: Mapped[int] = foreign_key("project.id")
    step_id: Mapped[int | None] = foreign_key("rewards_step.id", index=False)
    use_id: Mapped[int | None] = foreign_key("rewards_voucher_use.id", index=False)
    item_id: Mapped[int] = foreign_key(OWN_ITEM)
    # When it was handed out, returned or used.
    on: Mapped[date]
    pieces: Mapped[int]
    points: Mapped[int] = mapped_column(BIG)
    amount: Mapped[int] = mapped_column(BIG)
    # Fen a piece, as it was when this was drawn up; None: nobody had said.
    rate: Mapped[int | None] = mapped_column(BIG)
    item: Mapped[Item] = relationship(lazy="raise")
