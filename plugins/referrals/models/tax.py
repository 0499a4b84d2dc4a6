"""Tax on cash: rates by day, and what each payee of a payout gets on one line."""

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from plugins.referrals.models.rewards import BIG
from portal.sdk import Identified, db, foreign_key, one_of, unique_where


class TaxClass(StrEnum):
    """As what the tax office sees a reward."""

    NONE = "none"
    INCIDENTAL = "incidental"
    LABOUR = "labour"


class TaxRate(Identified, db.Model):
    """Which tax is withheld from cash from a day on."""

    __tablename__ = "referrals_tax_rate"
    __table_args__ = (
        one_of("tax_class", TaxClass),
        sa.UniqueConstraint("project_id", "starts_on", name="uq_referrals_tax_rate_day"),
        sa.CheckConstraint("rate BETWEEN 0 AND 10000", name="rate_bounds"),
        sa.CheckConstraint("tax_class <> 'none' OR rate = 0", name="none_of_nothing"),
        sa.CheckConstraint("free >= 0", name="free_not_negative"),
        sa.CheckConstraint("free_rate BETWEEN 0 AND 10000", name="free_rate_bounds"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    tax_class: Mapped[str] = mapped_column(sa.String(20))
    # In hundredths of a percent.
    rate: Mapped[int]
    starts_on: Mapped[date]
    # What a payment has free: so many fen, or this part of it where that is more.
    free: Mapped[int] = mapped_column(BIG, default=0, server_default="0")
    free_rate: Mapped[int] = mapped_column(default=0, server_default="0")
    # [what is above so many fen of the rest, rate], the lowest first.
    bands: Mapped[list[list[int]]] = mapped_column(sa.JSON, default=list, server_default="[]")


class PayeeLine(Identified, db.Model):
    """What one payee of a payout gets: all rewards of theirs in it as one sum; never changed."""

    __tablename__ = "referrals_payee_line"
    __table_args__ = (
        one_of("tax_class", TaxClass),
        unique_where(
            "uq_referrals_payee_line_owner", "batch_id", "referrer_id", where="lead_id IS NULL"
        ),
        unique_where("uq_referrals_payee_line_friend", "batch_id", "lead_id", where="lead_id > 0"),
        sa.CheckConstraint("net = gross - tax", name="net"),
        sa.CheckConstraint("gross >= 0 AND tax >= 0 AND net >= 0", name="nobody_pays_in"),
    )

    project_id: Mapped[int] = foreign_key("project.id")
    batch_id: Mapped[int] = foreign_key("referrals_batch.id", index=False)
    referrer_id: Mapped[int] = foreign_key("referrals_referrer.id")
    # The friend of this lead; none: the owner.
    lead_id: Mapped[int | None] = foreign_key("referrals_lead.id")
    # Fen.
    gross: Mapped[int] = mapped_column(BIG)
    tax: Mapped[int] = mapped_column(BIG)
    net: Mapped[int] = mapped_column(BIG)
    tax_class: Mapped[str] = mapped_column(sa.String(20))
    # The rate of the highest band that was reached.
    rate: Mapped[int]
    # What was taxed, after what is free; None on lines from before there was a free part.
    taxable: Mapped[int | None] = mapped_column(BIG)
