"""Who bought which home and paid how much when, and the management fees of each home.

Money is whole fen. Each row has a natural key, by which it is sent again without harm. Member and
household are copied onto a row once the buyer is verified in the home; until then it waits.
"""

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.columns import BIG, Identified, foreign_key, one_of
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import Unit

MOST_FEN = 10**12
"""No amount is larger: ten thousand million yuan."""


class ContractState(StrEnum):
    """Where a purchase contract stands."""

    DRAFT = "draft"
    SIGNED = "signed"
    HANDED_OVER = "handed_over"
    CANCELLED = "cancelled"


class FeeCategory(StrEnum):
    """What a fee is for."""

    MANAGEMENT = "management"
    PARKING = "parking"
    WATER = "water"
    HEATING = "heating"
    OTHER = "other"


class Contract(Identified, db.Model):
    """The purchase of a home. `number` is unique in its project.

    `phone_hash` is the lookup hash of the buyer's phone. `member_id` stays empty until the buyer
    is verified in the home.
    """

    __tablename__ = "contract"
    __table_args__ = (
        one_of("state", ContractState),
        sa.UniqueConstraint("project_id", "number"),
        sa.CheckConstraint("length(number) > 0", name="number_given"),
        sa.CheckConstraint(f"price BETWEEN 0 AND {MOST_FEN}", name="price_in_range"),
        sa.CheckConstraint(
            "state NOT IN ('signed', 'handed_over') OR signed_on IS NOT NULL", name="signed_dated"
        ),
        sa.CheckConstraint(
            "(state = 'handed_over') <= (handed_over_on IS NOT NULL)", name="handover_dated"
        ),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancelled_on IS NOT NULL)", name="cancellation_dated"
        ),
        sa.CheckConstraint("handed_over_on >= signed_on", name="handover_after_signing"),
        sa.CheckConstraint("cancelled_on >= signed_on", name="cancellation_after_signing"),
        sa.CheckConstraint("(member_id IS NULL) = (household_id IS NULL)", name="buyer_whole"),
        sa.CheckConstraint("replaced_by_number <> number", name="not_replaced_by_itself"),
        sa.CheckConstraint("corrections >= 0", name="corrections_counted"),
        sa.Index("ix_contract_project_id_signed_on", "project_id", "signed_on", "id"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    unit_id: Mapped[int] = foreign_key("unit.id")
    number: Mapped[str] = mapped_column(sa.String(60))
    member_id: Mapped[int | None] = foreign_key("member.id")
    household_id: Mapped[int | None] = foreign_key("household.id")
    phone_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    state: Mapped[str] = mapped_column(sa.String(20), default=ContractState.DRAFT)
    price: Mapped[int] = mapped_column(BIG)
    """Fen."""
    signed_on: Mapped[date | None]
    handed_over_on: Mapped[date | None]
    cancelled_on: Mapped[date | None]
    replaced_by_number: Mapped[str | None] = mapped_column(sa.String(60))
    """The new contract when the buyer exchanged the home for another; it may come later."""
    corrections: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often staff corrected it by hand; each time, what was told is told anew."""
    import_id: Mapped[int | None] = foreign_key("roster_import.id")

    unit: Mapped[Unit] = relationship(lazy="raise")
    member: Mapped[Member | None] = relationship(lazy="raise")


class Payment(Identified, db.Model):
    """A payment towards a contract, and the percent of the price that is reached with it.

    It may come before its contract; then `contract_id` is empty and the number leads to it.
    """

    __tablename__ = "contract_payment"
    __table_args__ = (
        sa.UniqueConstraint("project_id", "contract_number", "percent"),
        sa.CheckConstraint("percent BETWEEN 1 AND 100", name="percent_in_range"),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MOST_FEN}", name="amount_in_range"),
        sa.Index("ix_contract_payment_paid_on", "paid_on"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    contract_number: Mapped[str] = mapped_column(sa.String(60))
    contract_id: Mapped[int | None] = foreign_key("contract.id")
    percent: Mapped[int]
    """Of the price, what is paid so far: usually 10, 20, 30, 45 or 100."""
    amount: Mapped[int] = mapped_column(BIG)
    """Fen."""
    paid_on: Mapped[date]
    import_id: Mapped[int | None] = foreign_key("roster_import.id")

    contract: Mapped[Contract | None] = relationship(lazy="raise")


class Fee(Identified, db.Model):
    """What a home owes for a period, and when it was paid.

    `member_id` is the owner of the home on the day when the fee fell due.
    """

    __tablename__ = "home_fee"
    __table_args__ = (
        one_of("category", FeeCategory),
        sa.UniqueConstraint("unit_id", "category", "period"),
        sa.CheckConstraint(f"amount BETWEEN 1 AND {MOST_FEN}", name="amount_in_range"),
        sa.CheckConstraint("length(period) > 0", name="period_given"),
        sa.CheckConstraint("(member_id IS NULL) = (household_id IS NULL)", name="payer_whole"),
        sa.Index("ix_home_fee_project_id_due_on", "project_id", "due_on", "id"),
        sa.Index("ix_home_fee_member_id_due_on", "member_id", "due_on"),
        sa.Index("ix_home_fee_paid_on", "paid_on"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    unit_id: Mapped[int] = foreign_key("unit.id", index=False)
    category: Mapped[str] = mapped_column(sa.String(20), default=FeeCategory.MANAGEMENT)
    period: Mapped[str] = mapped_column(sa.String(20))
    """A month 2026-10, a quarter 2026-Q4, or a year 2026."""
    due_on: Mapped[date]
    amount: Mapped[int] = mapped_column(BIG)
    """Fen."""
    paid_on: Mapped[date | None]
    member_id: Mapped[int | None] = foreign_key("member.id", index=False)
    household_id: Mapped[int | None] = foreign_key("household.id")
    import_id: Mapped[int | None] = foreign_key("roster_import.id")

    unit: Mapped[Unit] = relationship(lazy="raise")
    member: Mapped[Member | None] = relationship(lazy="raise")
