"""The ledger: transactions and entries are the truth, append-only; lots and balances follow.

Points move from an entry's debit side to its credit side. Amounts are milli-points.
"""

import re
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Account
from portal.columns import (
    BIG,
    Identified,
    UtcDateTime,
    created_at,
    foreign_key,
    one_of,
    primary_key,
    texts,
    unique_where,
)
from portal.extensions import db
from portal.members.models import Member
from portal.points.kinds import (
    NEVER,
    CurrencyKind,
    HolderKind,
    HoldState,
    Kind,
    NegativePolicy,
    Part,
    ProposalState,
    Rounding,
    SpendOrder,
    System,
)


def index_where(name: str, *columns: str, where: str) -> sa.Index:
    """Return an index over the rows that fulfil `where` only, on both databases.

    SQLite uses it only for queries that say the same in the same words: `pending` is `pending = 1`
    there.
    """
    words = re.sub(r"NOT pending\b", "pending = 0", where)
    words = re.sub(r"\bpending$", "pending = 1", words)
    return sa.Index(name, *columns, sqlite_where=sa.text(words), postgresql_where=sa.text(where))


def _same_id(target: str) -> Any:
    return mapped_column(
        BIG, sa.ForeignKey(target, ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )


class Currency(Identified, db.Model):
    """A kind of points and its rules of spending and expiry.

    `expiry_months` NULL: never. `negative_limit`: milli-points that may be owed, under LIMIT.
    `transfer_limit`: milli-points that a member may give away in a month.
    """

    __tablename__ = "points_currency"
    __table_args__ = (
        one_of("kind", CurrencyKind),
        one_of("spend_order", SpendOrder),
        one_of("expiry_rounding", Rounding),
        one_of("negative_policy", NegativePolicy),
        sa.CheckConstraint("expiry_months > 0", name="expiry_months_positive"),
        sa.CheckConstraint("negative_limit >= 0", name="negative_limit_positive"),
        sa.CheckConstraint("transfer_limit >= 0", name="transfer_limit_positive"),
        sa.UniqueConstraint("id", "kind"),
    )

    key: Mapped[str] = mapped_column(sa.String(20), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    name: Mapped[texts]
    spend_order: Mapped[str] = mapped_column(sa.String(20), default=SpendOrder.EXPIRY_FIRST)
    expiry_months: Mapped[int | None]
    expiry_rounding: Mapped[str] = mapped_column(sa.String(10), default=Rounding.DAY)
    negative_policy: Mapped[str] = mapped_column(sa.String(10), default=NegativePolicy.REVERSAL)
    negative_limit: Mapped[int] = mapped_column(BIG, default=0)
    transfer_limit: Mapped[int] = mapped_column(BIG, default=10_000_000)


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

    account_id: Mapped[int] = _same_id("points_account.id")
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


class Transaction(Identified, db.Model):
    """One posting to one holder's account: what, why, when and by whom. Never changed.

    `key` is for ever: the same key and body is the same transaction. `business_date` is the day of
    the event, whose rules decided; `booked_on` the club's day on which the points moved; an import
    books in the past, `created_at` tells when.
    """

    __tablename__ = "points_transaction"
    __table_args__ = (
        one_of("kind", Kind),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("length(key) > 0", name="key_given"),
        sa.CheckConstraint("(kind = 'reverse') = (reverses_id IS NOT NULL)", name="reverse_of"),
        sa.CheckConstraint(
            "(kind IN ('capture', 'void', 'time_out')) = (ends_hold_id IS NOT NULL)",
            name="ends_a_hold",
        ),
        sa.Index("ix_points_transaction_account_id_booked_at", "account_id", "booked_at", "id"),
        sa.Index("ix_points_transaction_created_at", "created_at"),
        unique_where(
            "uq_points_transaction_ends_hold_id", "ends_hold_id", where="ends_hold_id IS NOT NULL"
        ),
        *(
            index_where(f"ix_points_transaction_{column}", column, where=f"{column} IS NOT NULL")
            for column in ("project_id", "reverses_id", "budget_id", "actor_id")
        ),
    )

    kind: Mapped[str] = mapped_column(sa.String(20))
    account_id: Mapped[int] = foreign_key("points_account.id", index=False)
    amount: Mapped[int] = mapped_column(BIG)
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)
    body_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    business_date: Mapped[date]
    booked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    booked_on: Mapped[date]
    project_id: Mapped[int | None] = foreign_key("project.id", index=False)
    rule: Mapped[str | None] = mapped_column(sa.String(60))
    rule_version: Mapped[int | None]
    source: Mapped[str] = mapped_column(sa.String(60))
    source_key: Mapped[str] = mapped_column(sa.String(80), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    reverses_id: Mapped[int | None] = foreign_key("points_transaction.id", index=False)
    ends_hold_id: Mapped[int | None] = foreign_key("points_transaction.id", index=False)
    budget_id: Mapped[int | None] = foreign_key("points_budget.id", index=False)
    actor_id: Mapped[int | None] = foreign_key("account.id", index=False)
    note_digest: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))


class Entry(db.Model):
    """Points that move between two parts or accounts of one currency. Never changed.

    An entry into AVAILABLE or PENDING without `lot_id` opens a lot, whose id is its own; any other
    that touches a holder's points names the lot, with its days. OWED is no lot's. `bonus` is the
    opened lot's.
    """

    __tablename__ = "points_entry"
    __table_args__ = (
        one_of("debit_part", Part),
        one_of("credit_part", Part),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint(
            "debit_account_id <> credit_account_id OR debit_part <> credit_part", name="two_sides"
        ),
        sa.CheckConstraint("effective_on <= expires_on", name="days_in_order"),
        sa.CheckConstraint(
            "debit_part NOT IN ('available', 'pending', 'held') OR lot_id IS NOT NULL",
            name="takes_from_a_lot",
        ),
        *(
            sa.ForeignKeyConstraint(
                [f"{side}_account_id", "currency_id"],
                ["points_account.id", "points_account.currency_id"],
                name=f"fk_points_entry_{side}_account",
                ondelete="RESTRICT",
            )
            for side in ("debit", "credit")
        ),
    )

    id: Mapped[primary_key]
    transaction_id: Mapped[int] = foreign_key("points_transaction.id")
    currency_id: Mapped[int] = mapped_column(BIG)
    debit_account_id: Mapped[int] = mapped_column(BIG)
    debit_part: Mapped[str] = mapped_column(sa.String(10))
    credit_account_id: Mapped[int] = mapped_column(BIG)
    credit_part: Mapped[str] = mapped_column(sa.String(10))
    amount: Mapped[int] = mapped_column(BIG)
    lot_id: Mapped[int | None] = foreign_key("points_entry.id")
    effective_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    bonus: Mapped[bool] = mapped_column(default=False)


class Note(db.Model):
    """The free text of a transaction, which an erasure may blank; its digest stays in the row.

    The salt goes with the text, so that nobody can guess what a digest was made from.
    """

    __tablename__ = "points_note"

    transaction_id: Mapped[int] = _same_id("points_transaction.id")
    text: Mapped[str] = mapped_column(sa.String(500))
    salt: Mapped[bytes] = mapped_column(sa.LargeBinary(16))


class Lot(db.Model):
    """Which points, and until when. Its id is that of the entry that opened it.

    `remaining - held` is free. A pending lot's points wait; its days may not be known yet.
    `expires_on` is the last day of use. `spend_order` comes first under policies other than
    "soonest expiry first", where it is NULL.
    """

    __tablename__ = "points_lot"
    __table_args__ = (
        sa.CheckConstraint("original > 0", name="original_positive"),
        sa.CheckConstraint("held >= 0", name="held_positive"),
        sa.CheckConstraint("held <= remaining", name="held_is_there"),
        sa.CheckConstraint("remaining <= original", name="remaining_was_there"),
        sa.CheckConstraint("pending OR effective_on IS NOT NULL", name="effective_known"),
        sa.CheckConstraint("NOT pending OR held = 0", name="pending_not_held"),
        sa.CheckConstraint("effective_on <= expires_on", name="days_in_order"),
        sa.Index("ix_points_lot_account_id", "account_id"),
        index_where(
            "ix_points_lot_free",
            "account_id",
            "expires_on",
            "id",
            where="remaining > held AND NOT pending",
        ),
        index_where(
            "ix_points_lot_ordered",
            "account_id",
            "spend_order",
            "expires_on",
            "id",
            where="remaining > held AND NOT pending AND spend_order IS NOT NULL",
        ),
        index_where("ix_points_lot_pending", "account_id", "effective_on", where="pending"),
    )

    id: Mapped[int] = _same_id("points_entry.id")
    account_id: Mapped[int] = foreign_key("points_account.id", index=False)
    original: Mapped[int] = mapped_column(BIG)
    remaining: Mapped[int] = mapped_column(BIG)
    held: Mapped[int] = mapped_column(BIG, default=0)
    pending: Mapped[bool] = mapped_column(default=False)
    bonus: Mapped[bool] = mapped_column(default=False)
    effective_on: Mapped[date | None]
    expires_on: Mapped[date] = mapped_column(default=NEVER)
    spend_order: Mapped[int | None]


class Hold(db.Model):
    """Points set aside until they are captured or given back. Its id is its transaction's."""

    __tablename__ = "points_hold"
    __table_args__ = (
        one_of("state", HoldState),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("captured BETWEEN 0 AND amount", name="captured_was_held"),
        sa.CheckConstraint("state = 'captured' OR captured = 0", name="captured_when_captured"),
        sa.CheckConstraint("(state = 'held') = (ended_at IS NULL)", name="ended_has_moment"),
        index_where("ix_points_hold_open", "account_id", "ends_at", where="state = 'held'"),
        index_where("ix_points_hold_ends_at", "ends_at", where="state = 'held'"),
    )

    id: Mapped[int] = _same_id("points_transaction.id")
    account_id: Mapped[int] = foreign_key("points_account.id", index=False)
    amount: Mapped[int] = mapped_column(BIG)
    captured: Mapped[int] = mapped_column(BIG, default=0)
    state: Mapped[str] = mapped_column(sa.String(10), default=HoldState.HELD)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Reversed(db.Model):
    """How much of a transaction is reversed: never more than it moved."""

    __tablename__ = "points_reversed"
    __table_args__ = (
        sa.CheckConstraint("reversed BETWEEN 1 AND amount", name="reversed_within_amount"),
    )

    transaction_id: Mapped[int] = _same_id("points_transaction.id")
    amount: Mapped[int] = mapped_column(BIG)
    reversed: Mapped[int] = mapped_column(BIG)


class SealedMonth(db.Model):
    """A month, as "2026-11", into which nothing is booked any more."""

    __tablename__ = "points_sealed_month"
    __table_args__ = (sa.CheckConstraint("length(month) = 7", name="month_form"),)

    month: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    actor_id: Mapped[int | None] = foreign_key("account.id")


class Statement(db.Model):
    """A sealed month of an account in milli-points: opening + gained - used - expired = closing."""

    __tablename__ = "points_statement"
    __table_args__ = (
        sa.CheckConstraint("opening + gained - used - expired = closing", name="ties"),
        sa.PrimaryKeyConstraint("account_id", "month"),
    )

    account_id: Mapped[int] = foreign_key("points_account.id", index=False)
    month: Mapped[str] = mapped_column(
        sa.ForeignKey("points_sealed_month.month", ondelete="RESTRICT"), index=True
    )
    opening: Mapped[int] = mapped_column(BIG)
    gained: Mapped[int] = mapped_column(BIG)
    used: Mapped[int] = mapped_column(BIG)
    expired: Mapped[int] = mapped_column(BIG)
    closing: Mapped[int] = mapped_column(BIG)


class Seal(db.Model):
    """One link of the hash chain, over a batch of transactions; the digest holds the one before."""

    __tablename__ = "points_seal"
    __table_args__ = (sa.CheckConstraint("transactions > 0", name="not_empty"),)

    position: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    previous: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    transactions: Mapped[int]
    created_at: Mapped[created_at]


class SealedTransaction(db.Model):
    """Which link of the chain a transaction belongs to."""

    __tablename__ = "points_sealed_transaction"

    transaction_id: Mapped[int] = _same_id("points_transaction.id")
    position: Mapped[int] = mapped_column(
        sa.ForeignKey("points_seal.position", ondelete="RESTRICT"), index=True
    )


class Proposal(Identified, db.Model):
    """An adjustment by hand that a second person decides on; nothing is posted until then."""

    __tablename__ = "points_proposal"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('award', 'deduct')", name="kind_known"),
        one_of("state", ProposalState),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("decided_by_id <> made_by_id", name="second_person"),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_by_id IS NULL)", name="decided_by_somebody"
        ),
        sa.CheckConstraint("(state = 'approved') = (posting_id IS NOT NULL)", name="posted"),
        index_where(
            "ix_points_proposal_open", "project_id", "created_at", where="state = 'proposed'"
        ),
    )

    member_id: Mapped[int] = foreign_key("member.id")
    project_id: Mapped[int] = foreign_key("project.id")
    kind: Mapped[str] = mapped_column(sa.String(10))
    amount: Mapped[int] = mapped_column(BIG)
    reason: Mapped[str] = mapped_column(sa.String(500))
    state: Mapped[str] = mapped_column(sa.String(10), default=ProposalState.PROPOSED)
    made_by_id: Mapped[int] = foreign_key("account.id")
    decided_by_id: Mapped[int | None] = foreign_key("account.id")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    posting_id: Mapped[int | None] = foreign_key("points_transaction.id")

    made_by: Mapped[Account] = relationship(foreign_keys=[made_by_id], lazy="raise")
    member: Mapped[Member] = relationship(lazy="raise")
