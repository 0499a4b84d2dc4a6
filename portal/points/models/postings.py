"""The ledger: transactions and entries are the truth, append-only; notes are their words.

Points move from an entry's debit side to its credit side. Amounts are milli-points.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import (
    BIG,
    Identified,
    UtcDateTime,
    foreign_key,
    one_of,
    primary_key,
    unique_where,
)
from portal.extensions import db
from portal.points.kinds import (
    Kind,
    Part,
)
from portal.points.models.base import index_where, same_id


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
    opened lot's. `root_id`: the lot that the opened one
    goes on from with other days.
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
        sa.CheckConstraint("root_id IS NULL OR lot_id IS NULL", name="root_of_an_opened_lot"),
        index_where("ix_points_entry_root_id", "root_id", where="root_id IS NOT NULL"),
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
    root_id: Mapped[int | None] = foreign_key("points_entry.id", index=False)


class Note(db.Model):
    """The free text of a transaction, which an erasure may blank; its digest stays in the row.

    The salt goes with the text, so that nobody can guess what a digest was made from.
    """

    __tablename__ = "points_note"

    transaction_id: Mapped[int] = same_id("points_transaction.id")
    text: Mapped[str] = mapped_column(sa.String(500))
    salt: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
