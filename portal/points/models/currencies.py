"""Currencies, the accounts of their holders, their balances, and what campaigns may give."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import (
    BIG,
    Identified,
    UtcDateTime,
    created_at,
    foreign_key,
    one_of,
    primary_key,
    texts,
)
from portal.extensions import db
from portal.points.kinds import (
    BEGINNING,
    NEVER,
    CurrencyKind,
    HolderKind,
    NegativePolicy,
    Rounding,
    SpendOrder,
    System,
)
from portal.points.models.base import same_id

ALONE = 500_000
"""Milli-points that one person may give to and take from a member in a day by hand, unless the
club says otherwise."""


class CurrencyRules:
    """What a club says about a currency; `portal.points.policy.Rules` tells of the expiry.

    `expiry_months` NULL: never. `negative_limit`: milli-points that may be owed, under LIMIT.
    `transfer_limit`: milli-points that a member may give away in a month. `alone_limit`: what
    one person adjusts by hand for one member in a day; beyond it a second person is needed.
    `cost_fen`: what 1,000 points cost the club.
    """

    name: Mapped[texts]
    spend_order: Mapped[str] = mapped_column(sa.String(20), default=SpendOrder.EXPIRY_FIRST)
    expiry_months: Mapped[int | None]
    expiry_rounding: Mapped[str] = mapped_column(sa.String(10), default=Rounding.DAY)
    expiry_day: Mapped[int | None]
    december_carry: Mapped[bool] = mapped_column(default=False)
    activity_extends: Mapped[bool] = mapped_column(default=False)
    decay_parts: Mapped[int] = mapped_column(default=1)
    reinstate_days: Mapped[int] = mapped_column(default=0)
    negative_policy: Mapped[str] = mapped_column(sa.String(10), default=NegativePolicy.REVERSAL)
    negative_limit: Mapped[int] = mapped_column(BIG, default=0)
    transfer_limit: Mapped[int] = mapped_column(BIG, default=10_000_000)
    alone_limit: Mapped[int] = mapped_column(BIG, default=ALONE)
    cost_fen: Mapped[int] = mapped_column(default=0)


RULE_FIELDS = tuple(CurrencyRules.__annotations__)
"""The names of what a version of a currency says."""


def _rule_checks() -> tuple[sa.CheckConstraint, ...]:
    return (
        one_of("spend_order", SpendOrder),
        one_of("expiry_rounding", Rounding),
        one_of("negative_policy", NegativePolicy),
        sa.CheckConstraint("expiry_months BETWEEN 1 AND 1200", name="expiry_months_in_range"),
        sa.CheckConstraint(
            "expiry_day IS NULL OR (expiry_months IS NOT NULL"
            " AND expiry_day BETWEEN 101 AND 1231 AND expiry_day % 100 BETWEEN 1 AND 31)",
            name="expiry_day_in_year",
        ),
        sa.CheckConstraint("decay_parts BETWEEN 1 AND 24", name="decay_parts_in_range"),
        sa.CheckConstraint("reinstate_days BETWEEN 0 AND 366", name="reinstate_days_in_range"),
        sa.CheckConstraint("negative_limit >= 0", name="negative_limit_positive"),
        sa.CheckConstraint("transfer_limit >= 0", name="transfer_limit_positive"),
        sa.CheckConstraint("alone_limit >= 0", name="alone_limit_positive"),
        sa.CheckConstraint("cost_fen >= 0", name="cost_positive"),
        sa.CheckConstraint("NOT activity_extends OR decay_parts = 1", name="extends_or_decays"),
    )


class Currency(CurrencyRules, Identified, db.Model):
    """A kind of points, and its rules from `since` up to the day before `until`."""

    __tablename__ = "points_currency"
    __table_args__ = (
        one_of("kind", CurrencyKind),
        *_rule_checks(),
        sa.CheckConstraint(
            "kind <> 'qualifying' OR (NOT activity_extends AND decay_parts = 1"
            " AND reinstate_days = 0)",
            name="qualifying_is_plain",
        ),
        sa.CheckConstraint("since < until", name="since_before_until"),
        sa.UniqueConstraint("id", "kind"),
    )

    key: Mapped[str] = mapped_column(sa.String(20), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    since: Mapped[date] = mapped_column(default=BEGINNING)
    until: Mapped[date] = mapped_column(default=NEVER)


class Policy(CurrencyRules, Identified, db.Model):
    """A version of a currency's rules that applies from a day on. Never changed.

    Of two for the same day the later one counts.
    """

    __tablename__ = "points_policy"
    __table_args__ = (
        *_rule_checks(),
        sa.Index("ix_points_policy_currency_id", "currency_id", "valid_from", "created_at"),
    )

    currency_id: Mapped[int] = foreign_key("points_currency.id", index=False)
    valid_from: Mapped[date]
    made_by_id: Mapped[int | None] = foreign_key("account.id")
    reason: Mapped[str] = mapped_column(sa.String(500), default="")


class PointsAccount(db.Model):
    """One holder's points of one currency, in the four parts; or one system account."""

    __tablename__ = "points_account"
    __table_args__ = (
        one_of("holder_kind", HolderKind),
        one_of("system", System),
        sa.ForeignKeyConstraint(
            ["currency_id", "currency_kind"],
            ["points_currency.id", "points_currency.kind"],
            ondelete="RESTRICT",
        ),
        sa.CheckConstraint(
            " AND ".join(
                f"(holder_kind = '{kind}') = ({column} IS NOT NULL)"
                for kind, column in (
                    ("member", "member_id"),
                    ("household", "household_id"),
                    ("unit", "unit_id"),
                    ("project", "project_id"),
                    ("system", "system"),
                )
            ),
            name="one_holder",
        ),
        sa.CheckConstraint(
            "currency_kind <> 'qualifying' OR system IS NULL "
            "OR system NOT IN ('spent', 'convert', 'transfer')",
            name="qualifying_never_spent",
        ),
        sa.UniqueConstraint("id", "currency_id"),
        *(
            sa.UniqueConstraint(column, "currency_id")
            for column in ("member_id", "household_id", "unit_id", "project_id", "system")
        ),
        sa.Index("ix_points_account_currency_id", "currency_id"),
    )

    id: Mapped[primary_key]
    holder_kind: Mapped[str] = mapped_column(sa.String(10))
    member_id: Mapped[int | None] = foreign_key("member.id", index=False)
    household_id: Mapped[int | None] = foreign_key("household.id", index=False)
    unit_id: Mapped[int | None] = foreign_key("unit.id", index=False)
    project_id: Mapped[int | None] = foreign_key("project.id", index=False)
    system: Mapped[str | None] = mapped_column(sa.String(20))
    currency_id: Mapped[int] = mapped_column(BIG)
    currency_kind: Mapped[str] = mapped_column(sa.String(20))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[created_at]


class Balance(db.Model):
    """The fast answer and the row that debits lock; changed by guarded updates alone.

    `due_on`: nothing of the account expires or matures before this day. It may be too early,
    never too late.
    """

    __tablename__ = "points_balance"
    __table_args__ = (
        *(
            sa.CheckConstraint(f"{part} >= 0", name=f"{part}_positive")
            for part in ("available", "pending", "held", "owed")
        ),
        sa.Index("ix_points_balance_due_on", "due_on"),
    )

    account_id: Mapped[int] = same_id("points_account.id")
    available: Mapped[int] = mapped_column(BIG, default=0)
    pending: Mapped[int] = mapped_column(BIG, default=0)
    held: Mapped[int] = mapped_column(BIG, default=0)
    owed: Mapped[int] = mapped_column(BIG, default=0)
    due_on: Mapped[date] = mapped_column(default=NEVER)


class Budget(db.Model):
    """The points that a campaign may give: `used` never passes `total`."""

    __tablename__ = "points_budget"
    __table_args__ = (sa.CheckConstraint("used BETWEEN 0 AND total", name="used_within_total"),)

    id: Mapped[primary_key]
    code: Mapped[str] = mapped_column(sa.String(60), unique=True)
    total: Mapped[int] = mapped_column(BIG)
    used: Mapped[int] = mapped_column(BIG, default=0)
